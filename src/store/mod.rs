//! All SQL. One file an aggregate.
//!
//! - A look-up returns `Option`: not finding something is not a failure of the store.
//! - Whatever writes takes the moment as a parameter.
//! - A [`Transaction`] holds the one writer connection; hold none across a call to the engine.
//!
//! Must not know HTTP or Docker; imports only `domain`.

pub mod attempts;
pub mod labs;
pub mod login_sessions;
pub mod measurements;
pub mod previews;
pub mod progress;
pub mod sandboxes;
pub mod settings;
pub mod submissions;
pub mod users;

mod row;

use std::{path::Path, time::Duration};

use sqlx::{
    Connection, SqliteConnection,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
    },
};

/// The first SQLite whose WAL code has no known way to corrupt a database.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);
/// How long a statement waits for a lock before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller waits for the one writer.
const WRITER_TIMEOUT: Duration = Duration::from_secs(15);
const READERS: u32 = 4;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full: writes are refused, reads go on.
    #[error("the database's disk is full")]
    DiskFull,
    /// The database was written by a newer program.
    #[error("the database is newer than this program (or its migrations were changed): {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
    /// SQLite is too old to be trusted with the data.
    #[error("SQLite {0} is older than 3.51.3")]
    OldSqlite(String),
    /// A row holds what no version of this program writes.
    #[error("the database holds an unexpected value in {0}")]
    Corrupt(String),
    /// Anything else.
    #[error("database: {0}")]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // SQLITE_FULL is 13; extended codes keep the primary code in the low byte.
        let full = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .and_then(|code| code.parse::<i64>().ok())
            .is_some_and(|code| code & 0xff == 13);
        if full {
            Self::DiskFull
        } else {
            Self::Database(error)
        }
    }
}

/// Whether the error says that a uniqueness rule was broken.
fn is_unique_violation(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// The database: one writer, several readers.
#[derive(Debug, Clone)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// Changes that become visible and durable together, on [`Transaction::commit`]; dropped otherwise.
#[derive(Debug)]
pub struct Transaction<'a>(sqlx::Transaction<'a, sqlx::Sqlite>);

impl Transaction<'_> {
    /// Makes the changes durable; when this returns they survive a power cut.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }

    fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}

impl Store {
    /// Opens the database, makes it when it is missing, and applies migrations.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: what was acknowledged to a learner survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .optimize_on_close(true, None);
        let mut first = SqliteConnection::connect_with(&options).await?;
        check_version(&mut first).await?;
        MIGRATIONS.run(&mut first).await?;
        first.close().await?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(WRITER_TIMEOUT)
            .connect_with(options.clone())
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(WRITER_TIMEOUT)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self { writer, readers })
    }

    /// Starts a transaction on the writer (`BEGIN IMMEDIATE`, so that it can't fail half-way for
    /// want of the lock).
    pub async fn begin(&self) -> Result<Transaction<'static>, StoreError> {
        Ok(Transaction(
            self.writer.begin_with("BEGIN IMMEDIATE").await?,
        ))
    }

    /// Closes all connections after the work under way.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Writes a consistent copy of a database to a new file, also while a server (of any version)
    /// uses it. Changes nothing in the original.
    pub async fn backup(from: &Path, to: &Path) -> Result<(), StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(from)
            .busy_timeout(BUSY_TIMEOUT);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::query("VACUUM INTO ?")
            .bind(to.to_string_lossy())
            .execute(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }

    /// Whether every page and index of the database is sound.
    pub async fn is_sound(file: &Path) -> Result<bool, StoreError> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let verdict: String = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok(verdict == "ok")
    }
}

async fn check_version(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await?;
    let mut parts = version.split('.').map(|p| p.parse().unwrap_or(0));
    let found = (
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
    );
    if found < OLDEST_SQLITE {
        Err(StoreError::OldSqlite(version))
    } else {
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::Store;

    /// A store in a folder that goes away with the returned guard.
    pub(crate) async fn store() -> (Store, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("slipway.db")).await.unwrap();
        (store, dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_of_a_newer_program_is_refused() {
        let (store, dir) = testing::store().await;
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (999999, 'from the future', 1, x'00', 0)",
        )
        .execute(&store.writer)
        .await
        .unwrap();
        store.close().await;
        let again = Store::open(&dir.path().join("slipway.db")).await;
        assert!(matches!(again, Err(StoreError::Schema(_))));
    }

    #[tokio::test]
    async fn a_transaction_that_is_dropped_leaves_nothing() {
        let (store, _dir) = testing::store().await;
        let mut tx = store.begin().await.unwrap();
        tx.set_setting("a", "1").await.unwrap();
        drop(tx);
        assert_eq!(store.setting("a").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_backup_is_a_whole_database() {
        let (store, dir) = testing::store().await;
        let mut tx = store.begin().await.unwrap();
        tx.set_setting("a", "1").await.unwrap();
        tx.commit().await.unwrap();
        let copy = dir.path().join("copy.db");
        Store::backup(&dir.path().join("slipway.db"), &copy)
            .await
            .unwrap();
        assert!(Store::is_sound(&copy).await.unwrap());
        let restored = Store::open(&copy).await.unwrap();
        assert_eq!(restored.setting("a").await.unwrap().as_deref(), Some("1"));
    }
}
