//! Random words, so that an answer can't have been prepared.

use std::sync::{Arc, Mutex, PoisonError};

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::domain::check::NONCE;

/// Letters that are hard to mistake for one another, and mean nothing in paths, JSON or patterns.
const LETTERS: &[u8; 32] = b"abcdefghijkmnopqrstuvwxyz2345678";
const LENGTH: usize = 16;

/// Where random words come from: the operating system, or a test's seed.
#[derive(Debug, Clone)]
pub struct Nonces(Arc<Mutex<StdRng>>);

impl Nonces {
    /// Words nobody can guess.
    pub fn from_os() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_os_rng())))
    }

    /// The same words each time, for tests.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// A word of 16 lower-case letters and digits (80 bits).
    pub fn next(&self) -> String {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (0..LENGTH)
            .map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]))
            .collect()
    }
}

/// `text` with the word in its place.
pub(super) fn fill(text: &str, nonce: &str) -> String {
    text.replace(NONCE, nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_new_plain_and_long() {
        let nonces = Nonces::from_os();
        let words: std::collections::BTreeSet<String> = (0..100).map(|_| nonces.next()).collect();
        assert_eq!(words.len(), 100);
        for word in words {
            assert_eq!(word.len(), LENGTH);
            assert!(
                word.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            );
            assert_eq!(regex::escape(&word), word);
        }
    }

    #[test]
    fn every_place_gets_the_same_word() {
        assert_eq!(
            fill("/echo/{{nonce}}?q={{nonce}}", "abc"),
            "/echo/abc?q=abc"
        );
        assert_eq!(fill("nothing here", "abc"), "nothing here");
    }
}
