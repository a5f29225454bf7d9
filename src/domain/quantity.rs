//! Amounts as people write them in lab files: `512MiB`, `25m`.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

/// An amount of memory or disk in bytes; written `64KiB`, `512MiB`, `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ByteSize(u64);

/// A span of whole seconds; written `90s`, `25m`, `2h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(u32);

/// An amount of memory or disk as it was measured, in bytes; shown as `87 MiB`, `1.4 GiB`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// The text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuantity {
    /// Not a size.
    #[error("`{0}` is not a size: write a whole number and KiB, MiB or GiB, as in `512MiB`")]
    Size(String),
    /// Not a duration.
    #[error("`{0}` is not a duration: write a whole number and s, m or h, as in `25m`")]
    Duration(String),
}

impl ByteSize {
    /// So many mebibytes.
    pub const fn mib(n: u32) -> Self {
        Self((n as u64) << 20)
    }

    /// In bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl Span {
    /// So many seconds.
    pub const fn seconds(n: u32) -> Self {
        Self(n)
    }

    /// So many minutes.
    pub const fn minutes(n: u32) -> Self {
        Self(n * 60)
    }

    /// As the standard library's duration.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }

    /// Whole minutes, rounded up.
    pub const fn as_minutes(self) -> u32 {
        self.0.div_ceil(60)
    }

    /// In milliseconds.
    pub const fn as_millis(self) -> i64 {
        self.0 as i64 * 1000
    }
}

fn number_and_unit(s: &str) -> Option<(u64, &str)> {
    let at = s.find(|c: char| !c.is_ascii_digit())?;
    Some((s[..at].parse().ok()?, s[at..].trim()))
}

impl FromStr for ByteSize {
    type Err = InvalidQuantity;
    fn from_str(s: &str) -> Result<Self, InvalidQuantity> {
        let bytes = number_and_unit(s).and_then(|(n, unit)| match unit {
            "KiB" => n.checked_mul(1 << 10),
            "MiB" => n.checked_mul(1 << 20),
            "GiB" => n.checked_mul(1 << 30),
            _ => None,
        });
        // Above 1 TiB it is a slip, and later arithmetic stays far from overflow.
        match bytes {
            Some(bytes) if (1..=1 << 40).contains(&bytes) => Ok(Self(bytes)),
            _ => Err(InvalidQuantity::Size(s.to_owned())),
        }
    }
}

impl FromStr for Span {
    type Err = InvalidQuantity;
    fn from_str(s: &str) -> Result<Self, InvalidQuantity> {
        let seconds = number_and_unit(s).and_then(|(n, unit)| match unit {
            "s" => Some(n),
            "m" => n.checked_mul(60),
            "h" => n.checked_mul(3600),
            _ => None,
        });
        match seconds.and_then(|n| u32::try_from(n).ok()) {
            Some(seconds) if (1..=7 * 24 * 3600).contains(&seconds) => Ok(Self(seconds)),
            _ => Err(InvalidQuantity::Duration(s.to_owned())),
        }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n.is_multiple_of(1 << 30) => write!(f, "{}GiB", n >> 30),
            n if n.is_multiple_of(1 << 20) => write!(f, "{}MiB", n >> 20),
            n => write!(f, "{}KiB", n >> 10),
        }
    }
}

impl fmt::Display for Bytes {
    /// Whole mebibytes, from 1 GiB on tenths of a gibibyte; both rounded to the nearest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = self.0.saturating_add(1 << 19) >> 20;
        if mebibytes < 1 << 10 {
            return write!(f, "{mebibytes} MiB");
        }
        let tenths = (u128::from(self.0) * 10 + (1 << 29)) >> 30;
        write!(f, "{}.{} GiB", tenths / 10, tenths % 10)
    }
}

impl std::iter::Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        Self(sizes.map(|size| size.0).fold(0, u64::saturating_add))
    }
}

impl From<ByteSize> for Bytes {
    fn from(size: ByteSize) -> Self {
        Self(size.bytes())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n.is_multiple_of(3600) => write!(f, "{}h", n / 3600),
            n if n.is_multiple_of(60) => write!(f, "{}m", n / 60),
            n => write!(f, "{n}s"),
        }
    }
}

macro_rules! as_string {
    ($name:ident, $pattern:literal) => {
        impl TryFrom<String> for $name {
            type Error = InvalidQuantity;
            fn try_from(s: String) -> Result<Self, InvalidQuantity> {
                s.parse()
            }
        }
        impl From<$name> for String {
            fn from(q: $name) -> Self {
                q.to_string()
            }
        }
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "pattern": $pattern})
            }
        }
    };
}
as_string!(ByteSize, "^[0-9]+ ?(KiB|MiB|GiB)$");
as_string!(Span, "^[0-9]+ ?(s|m|h)$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_read_back_as_written() {
        for s in ["64KiB", "512MiB", "2GiB", "1536MiB"] {
            assert_eq!(s.parse::<ByteSize>().unwrap().to_string(), s);
        }
        for s in ["90s", "25m", "2h"] {
            assert_eq!(s.parse::<Span>().unwrap().to_string(), s);
        }
    }

    #[test]
    fn measured_amounts_are_shown_in_the_unit_that_reads_best() {
        const MIB: u64 = 1 << 20;
        for (bytes, shown) in [
            (0, "0 MiB"),
            (MIB / 2 - 1, "0 MiB"),
            (MIB / 2, "1 MiB"),
            (87 * MIB + 1, "87 MiB"),
            (1023 * MIB, "1023 MiB"),
            (1024 * MIB - 1, "1.0 GiB"),
            (1024 * MIB, "1.0 GiB"),
            (1024 * MIB * 14 / 10, "1.4 GiB"),
            (1024 * MIB * 199 / 100, "2.0 GiB"),
            (u64::MAX, "17179869184.0 GiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), shown, "{bytes}");
        }
        let sum: Bytes = [Bytes(1), Bytes(2)].into_iter().sum();
        assert_eq!(sum, Bytes(3));
    }

    #[test]
    fn nonsense_amounts_are_refused_with_an_example() {
        for s in [
            "",
            "512",
            "MiB",
            "-1MiB",
            "1.5GiB",
            "0MiB",
            "99999999GiB",
            "512MB",
        ] {
            assert!(
                s.parse::<ByteSize>()
                    .unwrap_err()
                    .to_string()
                    .contains("512MiB"),
                "{s}"
            );
        }
        for s in ["", "25", "m", "0m", "9999999h", "1d"] {
            assert!(
                s.parse::<Span>().unwrap_err().to_string().contains("25m"),
                "{s}"
            );
        }
    }
}
