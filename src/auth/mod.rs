//! Passwords, tokens and limits on guessing. Knows neither HTTP nor SQL.

pub mod password;
pub mod throttle;
pub mod token;
