//! Passwords: argon2id with the parameters of the OWASP password storage cheat sheet (19 MiB, two
//! passes, one lane).

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::PasswordHash,
};
use tokio::sync::Semaphore;

/// Shortest password in characters (NIST SP 800-63B asks for 8 at least).
pub const MIN_LENGTH: usize = 10;
/// Longest password in bytes; more only costs time.
pub const MAX_LENGTH: usize = 256;
/// Hashes computed at once: bounds memory and leaves a core to everybody else.
const AT_ONCE: usize = 2;

/// A password as somebody typed it. Never printed.
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The password can't be used for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitPassword {
    /// Fewer than [`MIN_LENGTH`] characters.
    #[error("a password needs at least {MIN_LENGTH} characters")]
    TooShort,
    /// More than [`MAX_LENGTH`] bytes.
    #[error("a password can have at most {MAX_LENGTH} bytes")]
    TooLong,
}

/// Hashing failed; our fault.
#[derive(Debug, thiserror::Error)]
#[error("password hashing failed: {0}")]
pub struct HashingFailed(String);

impl Password {
    /// As typed at sign-in: any text.
    pub const fn typed(text: String) -> Self {
        Self(text)
    }

    /// A new password, if it is fit.
    pub fn new(text: String) -> Result<Self, UnfitPassword> {
        if text.chars().count() < MIN_LENGTH {
            Err(UnfitPassword::TooShort)
        } else if text.len() > MAX_LENGTH {
            Err(UnfitPassword::TooLong)
        } else {
            Ok(Self(text))
        }
    }
}

/// Computes hashes, a few at a time.
#[derive(Debug, Clone)]
pub struct Hasher {
    permits: Arc<Semaphore>,
    params: Params,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            params: Params::DEFAULT,
        }
    }
}

impl Hasher {
    fn argon2(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }

    /// The hash to store, as a PHC string.
    pub async fn hash(&self, password: Password) -> Result<String, HashingFailed> {
        let argon2 = self.argon2();
        self.run(move || {
            argon2
                .hash_password(password.0.as_bytes())
                .map(|hash| hash.to_string())
                .map_err(|e| HashingFailed(e.to_string()))
        })
        .await?
    }

    /// Whether the password is the one. Without a hash (no such account) it takes as long, so that
    /// the time does not tell which names exist.
    pub async fn verify(
        &self,
        password: Password,
        hash: Option<String>,
    ) -> Result<bool, HashingFailed> {
        if password.0.len() > MAX_LENGTH {
            return Ok(false);
        }
        let argon2 = self.argon2();
        self.run(move || {
            if let Some(hash) = hash {
                PasswordHash::new(&hash)
                    .map(|hash| argon2.verify_password(password.0.as_bytes(), &hash).is_ok())
                    .map_err(|e| HashingFailed(e.to_string()))
            } else {
                let _ = argon2.hash_password(password.0.as_bytes());
                Ok(false)
            }
        })
        .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingFailed> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|e| HashingFailed(e.to_string()))?;
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(|e| HashingFailed(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits_its_hash() {
        let hasher = Hasher::default();
        let hash = hasher
            .hash(Password::new("correct horse".into()).unwrap())
            .await
            .unwrap();
        assert!(hash.starts_with("$argon2id$"));
        let check = async |text: &str, hash: Option<&String>| {
            hasher
                .verify(Password::typed(text.into()), hash.cloned())
                .await
                .unwrap()
        };
        assert!(check("correct horse", Some(&hash)).await);
        assert!(!check("correct horsf", Some(&hash)).await);
        assert!(!check("correct horse", None).await);
        assert!(!check(&"x".repeat(MAX_LENGTH + 1), Some(&hash)).await);
    }

    #[test]
    fn unfit_passwords_are_refused_and_none_is_printed() {
        assert_eq!(
            Password::new("short".into()).unwrap_err(),
            UnfitPassword::TooShort
        );
        assert_eq!(
            Password::new("x".repeat(257)).unwrap_err(),
            UnfitPassword::TooLong
        );
        assert!(Password::new("密码密码密码密码密码".into()).is_ok());
        assert!(!format!("{:?}", Password::typed("secret".into())).contains("secret"));
    }
}
