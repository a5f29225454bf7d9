//! Limits on guessing: so many tries from one address, and so many for one name.

use std::{net::IpAddr, num::NonZeroU32};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Tries a minute from one address; a class may sit behind one.
const PER_ADDRESS: u32 = 60;
/// Tries a minute for one name.
const PER_NAME: u32 = 10;
/// New accounts an hour from one address; a class may sit behind one.
const REGISTRATIONS: u32 = 120;

/// Counts tries to sign in or register.
#[derive(Debug)]
pub struct Throttle {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    names: DefaultKeyedRateLimiter<String>,
    registrations: DefaultKeyedRateLimiter<IpAddr>,
}

const fn at_least_one(n: u32) -> NonZeroU32 {
    match NonZeroU32::new(n) {
        Some(n) => n,
        None => NonZeroU32::MIN,
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            addresses: RateLimiter::keyed(Quota::per_minute(at_least_one(PER_ADDRESS))),
            names: RateLimiter::keyed(Quota::per_minute(at_least_one(PER_NAME))),
            registrations: RateLimiter::keyed(Quota::per_hour(at_least_one(REGISTRATIONS))),
        }
    }
}

impl Throttle {
    /// Whether another try to sign in is allowed; counts it.
    pub fn sign_in(&self, address: IpAddr, name_key: &str) -> bool {
        self.addresses.check_key(&address).is_ok()
            && self.names.check_key(&name_key.to_owned()).is_ok()
    }

    /// Whether another account may be made; counts it.
    pub fn register(&self, address: IpAddr) -> bool {
        self.registrations.check_key(&address).is_ok()
    }

    /// Forgets keys that are back at their full allowance; call it now and then.
    pub fn tidy(&self) {
        self.addresses.retain_recent();
        self.names.retain_recent();
        self.registrations.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_one_name_is_stopped_while_others_may_sign_in() {
        let throttle = Throttle::default();
        let address = IpAddr::from([127, 0, 0, 1]);
        let allowed = (0..PER_NAME + 5)
            .filter(|_| throttle.sign_in(address, "ada"))
            .count();
        assert_eq!(allowed, PER_NAME as usize);
        assert!(throttle.sign_in(address, "bob"));
    }

    #[test]
    fn guessing_many_names_from_one_address_is_stopped() {
        let throttle = Throttle::default();
        let address = IpAddr::from([127, 0, 0, 1]);
        let tries = PER_ADDRESS + 5;
        let allowed = (0..tries)
            .filter(|n| throttle.sign_in(address, &n.to_string()))
            .count();
        assert_eq!(allowed, PER_ADDRESS as usize);
        assert!(throttle.sign_in(IpAddr::from([127, 0, 0, 2]), "x"));
    }
}
