//! Passwords: argon2id with the parameters of the OWASP password storage cheat sheet (19 MiB, two
//! passes, one lane).

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use subtle::ConstantTimeEq;
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

/// What a hash is computed in: 19 MiB. Kept for the next hash, since each would otherwise be
/// allocated by another thread, and allocators keep such memory for each thread.
type Memory = Vec<Block>;

/// Computes hashes, a few at a time.
#[derive(Clone)]
pub struct Hasher {
    permits: Arc<Semaphore>,
    /// At most as many as there are permits.
    spare: Arc<Mutex<Vec<Memory>>>,
    params: Params,
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            spare: Arc::default(),
            params: Params::DEFAULT,
        }
    }
}

impl Hasher {
    /// The hash to store, as a PHC string.
    pub async fn hash(&self, password: Password) -> Result<String, HashingFailed> {
        let params = self.params.clone();
        self.run(move |memory| Ok(fresh(&password, params, memory)?.to_string()))
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
        let params = self.params.clone();
        self.run(move |memory| {
            if let Some(hash) = hash {
                fits(
                    &password,
                    &PasswordHash::new(&hash).map_err(failed)?,
                    memory,
                )
            } else {
                let _ = fresh(&password, params, memory);
                Ok(false)
            }
        })
        .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, HashingFailed> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|e| HashingFailed(e.to_string()))?;
        let spare = Arc::clone(&self.spare);
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            // Every change is one statement: a panic elsewhere left it whole.
            let known = spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut memory = known.unwrap_or_default();
            let done = work(&mut memory);
            spare
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(memory);
            done
        })
        .await
        .map_err(|e| HashingFailed(e.to_string()))
    }
}

fn failed(error: impl fmt::Display) -> HashingFailed {
    HashingFailed(error.to_string())
}

/// The hash of a new password, with a salt of its own.
fn fresh(
    password: &Password,
    params: Params,
    memory: &mut Memory,
) -> Result<PasswordHash, HashingFailed> {
    let salt = Salt::generate();
    let shown = ParamsString::try_from(&params).map_err(failed)?;
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(password, &salt, params, &mut output, memory)?;
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: shown,
        salt: Some(salt),
        hash: Some(Output::new(&output).map_err(failed)?),
    })
}

/// Whether a password has this hash, which is one of ours.
fn fits(
    password: &Password,
    hash: &PasswordHash,
    memory: &mut Memory,
) -> Result<bool, HashingFailed> {
    let is_ours = hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into());
    let (true, Some(salt), Some(expected)) = (is_ours, &hash.salt, &hash.hash) else {
        return Err(failed("a stored hash is not argon2id of version 19"));
    };
    let params = Params::try_from(hash).map_err(failed)?;
    let mut output = vec![0; expected.as_bytes().len()];
    compute(password, salt, params, &mut output, memory)?;
    Ok(output.ct_eq(expected.as_bytes()).into())
}

fn compute(
    password: &Password,
    salt: &Salt,
    params: Params,
    output: &mut [u8],
    memory: &mut Memory,
) -> Result<(), HashingFailed> {
    let needed = params.block_count();
    if memory.len() < needed {
        memory.resize(needed, Block::new());
    }
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.0.as_bytes(), salt.as_ref(), output, memory)
        .map_err(failed)
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

    #[tokio::test]
    async fn hashes_are_those_of_the_argon2_crate() {
        use argon2::{PasswordHasher, PasswordVerifier};
        let hasher = Hasher::default();
        let theirs = Argon2::default().hash_password(b"correct horse").unwrap();
        let password = || Password::typed("correct horse".into());
        assert!(
            hasher
                .verify(password(), Some(theirs.to_string()))
                .await
                .unwrap()
        );
        let ours = hasher.hash(password()).await.unwrap();
        assert!(
            Argon2::default()
                .verify_password(b"correct horse", ours.as_str())
                .is_ok()
        );
        assert!(
            hasher
                .verify(password(), Some("$argon2i$v=19$m=8,t=1,p=1".into()))
                .await
                .is_err()
        );
    }

    #[tokio::test]
    async fn many_hashes_share_little_memory() {
        let hasher = Hasher::default();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let hasher = hasher.clone();
            tasks.spawn(async move {
                hasher
                    .hash(Password::typed("correct horse".into()))
                    .await
                    .unwrap()
            });
        }
        let hashes: std::collections::HashSet<_> = tasks.join_all().await.into_iter().collect();
        assert_eq!(hashes.len(), 8, "each has a salt of its own");
        let kept = hasher.spare.lock().unwrap().len();
        assert!((1..=AT_ONCE).contains(&kept), "{kept}");
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
