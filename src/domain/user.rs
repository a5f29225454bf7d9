//! People and what they may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{clock::Timestamp, ids::UserId};

/// What a person is on this server. Later roles include the rights of earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Learns: reads, works in labs, submits.
    Student,
    /// Also sees learners' results.
    Instructor,
    /// Also administers the server.
    Admin,
}

impl Role {
    /// The name in the database and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Instructor => "instructor",
            Self::Admin => "admin",
        }
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown role: use student, instructor or admin")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(s: &str) -> Result<Self, UnknownRole> {
        match s {
            "student" => Ok(Self::Student),
            "instructor" => Ok(Self::Instructor),
            "admin" => Ok(Self::Admin),
            _ => Err(UnknownRole),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name a person signs in with: 3 to 32 letters (any script), digits, `.`, `_` or `-`.
/// Compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Username(String);

/// The text can't be a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user name has 3 to 32 letters, digits, dots, hyphens or underscores")]
pub struct InvalidUsername;

impl Username {
    /// The text as the person wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which two names count as the same.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for Username {
    type Err = InvalidUsername;
    fn from_str(s: &str) -> Result<Self, InvalidUsername> {
        let s = s.trim();
        let length = s.chars().count();
        let fits = s
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if (3..=32).contains(&length) && fits {
            Ok(Self(s.to_owned()))
        } else {
            Err(InvalidUsername)
        }
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A person with an account.
#[derive(Debug, Clone)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// The name they sign in with.
    pub username: Username,
    /// What they may do.
    pub role: Role,
    /// When the account was made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_may_be_chinese_but_not_markup() {
        assert!("张小明".parse::<Username>().is_ok());
        assert!(" ada.lovelace ".parse::<Username>().is_ok());
        for bad in [
            "",
            "ab",
            "a b c",
            "<b>x</b>",
            "a/../b",
            "x\u{202e}yz",
            &"x".repeat(33),
        ] {
            assert!(bad.parse::<Username>().is_err(), "{bad}");
        }
    }
}
