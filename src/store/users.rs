//! Accounts and one-time links.

use sqlx::{Row, sqlite::SqliteRow};

use super::{Store, StoreError, Transaction, is_unique_violation, row};
use crate::domain::{
    clock::Timestamp,
    ids::UserId,
    user::{Role, User, Username},
};

/// A user name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsernameTaken;

fn user(row: &SqliteRow) -> Result<User, StoreError> {
    Ok(User {
        id: row::parsed(row, "id")?,
        username: row::parsed(row, "username")?,
        role: row::parsed(row, "role")?,
        created_at: row::time(row, "created_at")?,
    })
}

impl Store {
    /// The account of this id.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row = sqlx::query("SELECT * FROM users WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(user).transpose()
    }

    /// The account of this name, with its password hash.
    pub async fn user_by_name(
        &self,
        name: &Username,
    ) -> Result<Option<(User, String)>, StoreError> {
        let row = sqlx::query("SELECT * FROM users WHERE username_key = ?")
            .bind(name.key())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref()
            .map(|r| Ok((user(r)?, r.try_get("password_hash")?)))
            .transpose()
    }

    /// All accounts, oldest first.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        sqlx::query("SELECT * FROM users ORDER BY id")
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(user)
            .collect()
    }

    /// Whether an administrator exists.
    pub async fn has_admin(&self) -> Result<bool, StoreError> {
        Ok(
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin')")
                .fetch_one(&self.readers)
                .await?,
        )
    }

    /// Whether this one-time link was made and not used.
    pub async fn one_time_token_is_open(&self, token_hash: &str) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM one_time_tokens WHERE token_hash = ? AND used_at IS NULL)",
        )
        .bind(token_hash)
        .fetch_one(&self.readers)
        .await?)
    }
}

impl Transaction<'_> {
    /// Makes an account.
    pub async fn insert_user(
        &mut self,
        user: &User,
        password_hash: &str,
    ) -> Result<Result<(), UsernameTaken>, StoreError> {
        let User {
            id,
            username,
            role,
            created_at,
        } = user;
        let done = sqlx::query(
            "INSERT INTO users (id, username, username_key, password_hash, role, created_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(id.to_string())
        .bind(username.as_str())
        .bind(username.key())
        .bind(password_hash)
        .bind(role.as_str())
        .bind(created_at.as_millis())
        .execute(self.connection())
        .await;
        match done {
            Ok(_) => Ok(Ok(())),
            Err(e) if is_unique_violation(&e) => Ok(Err(UsernameTaken)),
            Err(e) => Err(e.into()),
        }
    }

    /// Changes a role; `false` when there is no such account.
    pub async fn set_role(&mut self, id: UserId, role: Role) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE users SET role = ? WHERE id = ?")
            .bind(role.as_str())
            .bind(id.to_string())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// How many administrators there are.
    pub async fn count_admins(&mut self) -> Result<u32, StoreError> {
        Ok(
            sqlx::query_scalar("SELECT count(*) FROM users WHERE role = 'admin'")
                .fetch_one(self.connection())
                .await?,
        )
    }

    /// Changes a password.
    pub async fn set_password(&mut self, id: UserId, hash: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE users SET password_hash = ? WHERE id = ?")
            .bind(hash)
            .bind(id.to_string())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Makes the link for the first administrator; earlier unused ones stop working.
    pub async fn replace_first_admin_token(
        &mut self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM one_time_tokens WHERE purpose = 'first_admin' AND used_at IS NULL",
        )
        .execute(self.connection())
        .await?;
        sqlx::query(
            "INSERT INTO one_time_tokens (token_hash, purpose, created_at)
             VALUES (?, 'first_admin', ?)",
        )
        .bind(token_hash)
        .bind(now.as_millis())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Uses a one-time link up; `false` when it was never made or is used.
    pub async fn use_token(&mut self, hash: &str, now: Timestamp) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE one_time_tokens SET used_at = ? WHERE token_hash = ? AND used_at IS NULL",
        )
        .bind(now.as_millis())
        .bind(hash)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::store::testing::store;

    pub(crate) async fn a_user(store: &Store, name: &str, role: Role) -> User {
        let user = User {
            id: UserId::generate(),
            username: name.parse().unwrap(),
            role,
            created_at: Timestamp::from_millis(1),
        };
        let mut tx = store.begin().await.unwrap();
        tx.insert_user(&user, "hash").await.unwrap().unwrap();
        tx.commit().await.unwrap();
        user
    }

    #[tokio::test]
    async fn two_spellings_of_a_name_are_one_person() {
        let (store, _dir) = store().await;
        a_user(&store, "Ada", Role::Student).await;
        let found = store
            .user_by_name(&"aDA".parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.0.username.as_str(), "Ada");
        assert_eq!(found.1, "hash");
        let twin = User {
            id: UserId::generate(),
            username: "ADA".parse().unwrap(),
            ..found.0
        };
        let mut tx = store.begin().await.unwrap();
        assert_eq!(
            tx.insert_user(&twin, "h").await.unwrap(),
            Err(UsernameTaken)
        );
    }

    #[tokio::test]
    async fn a_one_time_link_works_once() {
        let (store, _dir) = store().await;
        let now = Timestamp::from_millis(5);
        let mut tx = store.begin().await.unwrap();
        tx.replace_first_admin_token("old", now).await.unwrap();
        tx.replace_first_admin_token("new", now).await.unwrap();
        tx.commit().await.unwrap();
        assert!(store.one_time_token_is_open("new").await.unwrap());
        let mut tx = store.begin().await.unwrap();
        assert!(!tx.use_token("old", now).await.unwrap());
        assert!(tx.use_token("new", now).await.unwrap());
        assert!(!tx.use_token("new", now).await.unwrap());
        tx.commit().await.unwrap();
        assert!(!store.one_time_token_is_open("new").await.unwrap());
    }

    #[tokio::test]
    async fn roles_and_passwords_change() {
        let (store, _dir) = store().await;
        let user = a_user(&store, "ada", Role::Student).await;
        assert!(!store.has_admin().await.unwrap());
        let mut tx = store.begin().await.unwrap();
        assert!(tx.set_role(user.id, Role::Admin).await.unwrap());
        tx.set_password(user.id, "other").await.unwrap();
        assert_eq!(tx.count_admins().await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert!(store.has_admin().await.unwrap());
        assert_eq!(
            store.user(user.id).await.unwrap().unwrap().role,
            Role::Admin
        );
        assert_eq!(store.users().await.unwrap().len(), 1);
        assert_eq!(
            store.user_by_name(&user.username).await.unwrap().unwrap().1,
            "other"
        );
    }
}
