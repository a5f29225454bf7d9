//! Who is signed in where.

use super::{Store, StoreError, Transaction, row};
use crate::domain::{
    clock::Timestamp,
    ids::UserId,
    user::{Role, Username},
};

/// A cookie that someone signed in with.
#[derive(Debug, Clone)]
pub struct LoginSession {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub username: Username,
    /// Their role now, not at sign-in: a lost role is lost at once.
    pub role: Role,
    /// What forms and API calls must carry.
    pub csrf_token: String,
    /// When it was last used.
    pub seen_at: Timestamp,
}

impl Store {
    /// The login session of this cookie's hash, unless it is over.
    pub async fn login_session(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<LoginSession>, StoreError> {
        let row = sqlx::query(
            "SELECT s.user_id, u.username, u.role, s.csrf_token, s.seen_at
             FROM login_sessions s JOIN users u ON u.id = s.user_id
             WHERE s.token_hash = ? AND s.expires_at > ?",
        )
        .bind(token_hash)
        .bind(now.as_millis())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| {
            Ok(LoginSession {
                user_id: row::parsed(&row, "user_id")?,
                username: row::parsed(&row, "username")?,
                role: row::parsed(&row, "role")?,
                csrf_token: sqlx::Row::try_get(&row, "csrf_token")?,
                seen_at: row::time(&row, "seen_at")?,
            })
        })
        .transpose()
    }
}

impl Transaction<'_> {
    /// Signs in.
    pub async fn insert_login_session(
        &mut self,
        token_hash: &str,
        user: UserId,
        csrf_token: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO login_sessions
             (token_hash, user_id, csrf_token, created_at, seen_at, expires_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(token_hash)
        .bind(user.to_string())
        .bind(csrf_token)
        .bind(now.as_millis())
        .bind(now.as_millis())
        .bind(expires_at.as_millis())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Notes that it was used and moves its end.
    pub async fn touch_login_session(
        &mut self,
        token_hash: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE login_sessions SET seen_at = ?, expires_at = ? WHERE token_hash = ?")
            .bind(now.as_millis())
            .bind(expires_at.as_millis())
            .bind(token_hash)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Signs out here.
    pub async fn delete_login_session(&mut self, token_hash: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM login_sessions WHERE token_hash = ?")
            .bind(token_hash)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Signs out everywhere, as after a change of password.
    pub async fn delete_login_sessions_of(&mut self, user: UserId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM login_sessions WHERE user_id = ?")
            .bind(user.to_string())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Removes the ones that are over; returns how many.
    pub async fn delete_expired_login_sessions(
        &mut self,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM login_sessions WHERE expires_at <= ?")
            .bind(now.as_millis())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{testing::store, users::tests::a_user};

    #[tokio::test]
    async fn a_login_session_ends_by_time_sign_out_or_everywhere() {
        let (store, _dir) = store().await;
        let user = a_user(&store, "ada", Role::Student).await;
        let at = Timestamp::from_millis;
        let mut tx = store.begin().await.unwrap();
        for token in ["a", "b", "c"] {
            tx.insert_login_session(token, user.id, "csrf", at(0), at(100))
                .await
                .unwrap();
        }
        tx.touch_login_session("c", at(50), at(200)).await.unwrap();
        tx.delete_login_session("b").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            store
                .login_session("a", at(99))
                .await
                .unwrap()
                .unwrap()
                .csrf_token,
            "csrf"
        );
        assert!(store.login_session("a", at(100)).await.unwrap().is_none());
        assert!(store.login_session("b", at(1)).await.unwrap().is_none());
        assert_eq!(
            store
                .login_session("c", at(150))
                .await
                .unwrap()
                .unwrap()
                .seen_at,
            at(50)
        );
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.delete_expired_login_sessions(at(150)).await.unwrap(), 1);
        tx.delete_login_sessions_of(user.id).await.unwrap();
        tx.commit().await.unwrap();
        assert!(store.login_session("c", at(150)).await.unwrap().is_none());
    }
}
