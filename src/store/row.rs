//! Reading columns into domain types.

use std::str::FromStr;

use sqlx::{Row, sqlite::SqliteRow};

use super::StoreError;
use crate::domain::clock::Timestamp;

/// A text column, parsed.
pub(super) fn parsed<T: FromStr>(row: &SqliteRow, column: &str) -> Result<T, StoreError> {
    let text: &str = row.try_get(column)?;
    text.parse()
        .map_err(|_| StoreError::Corrupt(column.to_owned()))
}

/// A text column that may be NULL, parsed.
pub(super) fn parsed_opt<T: FromStr>(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<T>, StoreError> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(|t| {
        t.parse()
            .map_err(|_| StoreError::Corrupt(column.to_owned()))
    })
    .transpose()
}

/// A text column that holds JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(
    row: &SqliteRow,
    column: &str,
) -> Result<T, StoreError> {
    let text: &str = row.try_get(column)?;
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt(column.to_owned()))
}

/// A column of milliseconds.
pub(super) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_millis(row.try_get(column)?))
}

/// A column of milliseconds that may be NULL.
pub(super) fn time_opt(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(row
        .try_get::<Option<i64>, _>(column)?
        .map(Timestamp::from_millis))
}

/// A column of non-negative numbers.
pub(super) fn count(row: &SqliteRow, column: &str) -> Result<u32, StoreError> {
    u32::try_from(row.try_get::<i64, _>(column)?)
        .map_err(|_| StoreError::Corrupt(column.to_owned()))
}

/// A column of a non-negative amount.
pub(super) fn amount(row: &SqliteRow, column: &str) -> Result<u64, StoreError> {
    u64::try_from(row.try_get::<i64, _>(column)?)
        .map_err(|_| StoreError::Corrupt(column.to_owned()))
}
