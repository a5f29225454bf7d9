//! Who may look at which port of a sandbox.

use sqlx::Row;

use super::{Store, StoreError, Transaction, row};
use crate::domain::{
    clock::Timestamp,
    ids::{AttemptId, LabVersionId, SandboxId},
    preview::PreviewPlace,
    sandbox::SandboxState,
    text::Locale,
};

/// Previews that one login session has open at once; the oldest gives way.
const MOST: u32 = 64;

/// A preview to be.
#[derive(Debug, Clone)]
pub struct NewPreview<'a> {
    /// The hash of the link's token.
    pub token_hash: &'a str,
    /// The login session it belongs to.
    pub login_hash: &'a str,
    /// Where it leads.
    pub place: &'a PreviewPlace,
    /// The origin that may show it in a frame.
    pub page: &'a str,
    /// The language of our own words in it.
    pub locale: Locale,
    /// When the link was made.
    pub created_at: Timestamp,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

/// A preview that was opened, and its sandbox as it is now.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The hash of the cookie.
    pub token_hash: String,
    /// The login session it belongs to.
    pub login_hash: String,
    /// The origin that may show it in a frame.
    pub page: String,
    /// The language of our own words in it.
    pub locale: Locale,
    /// Whether the browser keeps its cookies for a page of another site.
    pub partitioned: bool,
    /// When the link was made.
    pub created_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// The attempt that the sandbox serves.
    pub attempt_id: AttemptId,
    /// The lab's version in the sandbox.
    pub lab_version_id: LabVersionId,
    /// Where the sandbox is in its life.
    pub state: SandboxState,
    /// How often the sandbox was made.
    pub generation: u32,
}

impl Store {
    /// The opened preview of this cookie's hash at this place, unless it or its login session is
    /// over.
    pub async fn preview(
        &self,
        token_hash: &str,
        place: &PreviewPlace,
        now: Timestamp,
    ) -> Result<Option<Preview>, StoreError> {
        let row = sqlx::query(
            "SELECT p.token_hash, p.login_hash, p.page, p.locale, p.partitioned, p.created_at,
                    p.expires_at, s.attempt_id, s.lab_version_id, s.state, s.generation
             FROM previews p
             JOIN login_sessions l ON l.token_hash = p.login_hash
             JOIN sandboxes s ON s.id = p.sandbox_id AND s.user_id = l.user_id
             WHERE p.token_hash = ? AND p.label = ? AND p.sandbox_id = ? AND p.opened
               AND p.expires_at > ? AND l.expires_at > ?",
        )
        .bind(token_hash)
        .bind(place.to_string())
        .bind(place.sandbox.to_string())
        .bind(now.as_millis())
        .bind(now.as_millis())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| {
            Ok(Preview {
                token_hash: row.try_get("token_hash")?,
                login_hash: row.try_get("login_hash")?,
                page: row.try_get("page")?,
                locale: row::parsed(&row, "locale")?,
                partitioned: row.try_get("partitioned")?,
                created_at: row::time(&row, "created_at")?,
                expires_at: row::time(&row, "expires_at")?,
                attempt_id: row::parsed(&row, "attempt_id")?,
                lab_version_id: row::parsed(&row, "lab_version_id")?,
                state: row::parsed(&row, "state")?,
                generation: row::count(&row, "generation")?,
            })
        })
        .transpose()
    }
}

impl Transaction<'_> {
    /// Makes a link to a preview; the login session's oldest previews beyond [`MOST`] end.
    pub async fn insert_preview(&mut self, preview: &NewPreview<'_>) -> Result<(), StoreError> {
        let NewPreview {
            token_hash,
            login_hash,
            place,
            page,
            locale,
            created_at,
            expires_at,
        } = preview;
        let sandbox: &SandboxId = &place.sandbox;
        sqlx::query(
            "INSERT INTO previews
             (token_hash, login_hash, sandbox_id, label, page, locale, created_at, expires_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(token_hash)
        .bind(login_hash)
        .bind(sandbox.to_string())
        .bind(place.to_string())
        .bind(page)
        .bind(locale.code())
        .bind(created_at.as_millis())
        .bind(expires_at.as_millis())
        .execute(self.connection())
        .await?;
        sqlx::query(
            "DELETE FROM previews WHERE token_hash IN
             (SELECT token_hash FROM previews WHERE login_hash = ?
              ORDER BY created_at DESC, rowid DESC LIMIT -1 OFFSET ?)",
        )
        .bind(login_hash)
        .bind(MOST)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Uses a link, once: from now on the cookie's hash names the preview. False when there is no
    /// such link, or not for this place or this page (where that is known).
    pub async fn open_preview(
        &mut self,
        link_hash: &str,
        (place, page): (&PreviewPlace, Option<&str>),
        cookie_hash: &str,
        partitioned: bool,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE previews SET token_hash = ?, opened = 1, partitioned = ?, expires_at = ?
             WHERE token_hash = ? AND label = ? AND NOT opened AND expires_at > ?
               AND page = coalesce(?, page)",
        )
        .bind(cookie_hash)
        .bind(partitioned)
        .bind(expires_at.as_millis())
        .bind(link_hash)
        .bind(place.to_string())
        .bind(now.as_millis())
        .bind(page)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Moves the end of a preview that is used.
    pub async fn touch_preview(
        &mut self,
        token_hash: &str,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE previews SET expires_at = ? WHERE token_hash = ?")
            .bind(expires_at.as_millis())
            .bind(token_hash)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Removes the ones that are over.
    pub async fn delete_expired_previews(&mut self, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM previews WHERE expires_at <= ?")
            .bind(now.as_millis())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{attempts::tests::an_attempt, sandboxes::tests::a_sandbox, testing::store};

    const fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    /// A store in which `ada` is signed in with `login`, until 1000, and has a sandbox.
    async fn signed_in() -> (Store, tempfile::TempDir, SandboxId) {
        let (store, dir) = store().await;
        let attempt = an_attempt(&store, "ada").await;
        let sandbox = a_sandbox(&store, &attempt).await;
        let mut tx = store.begin().await.unwrap();
        tx.insert_login_session("login", attempt.user_id, "csrf", at(0), at(1000))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        (store, dir, sandbox)
    }

    fn place(sandbox: SandboxId, port: u16) -> PreviewPlace {
        format!("{port}--{sandbox}").parse().unwrap()
    }

    async fn link(store: &Store, token: &str, place: &PreviewPlace) {
        let mut tx = store.begin().await.unwrap();
        tx.insert_preview(&NewPreview {
            token_hash: token,
            login_hash: "login",
            place,
            page: "http://page",
            locale: Locale::En,
            created_at: at(1),
            expires_at: at(100),
        })
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn open(
        store: &Store,
        token: &str,
        place: &PreviewPlace,
        cookie: &str,
        now: i64,
    ) -> bool {
        let mut tx = store.begin().await.unwrap();
        let page = Some("http://page");
        let opened = tx
            .open_preview(token, (place, page), cookie, true, at(now), at(500))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        opened
    }

    #[tokio::test]
    async fn a_link_opens_its_own_place_once_and_in_time() {
        let (store, _dir, sandbox) = signed_in().await;
        let (here, there) = (place(sandbox, 80), place(sandbox, 81));
        link(&store, "link", &here).await;
        assert!(store.preview("link", &here, at(2)).await.unwrap().is_none());
        assert!(!open(&store, "link", &there, "cookie", 2).await);
        assert!(!open(&store, "other", &here, "cookie", 2).await);
        assert!(
            !open(&store, "link", &here, "cookie", 100).await,
            "too late"
        );
        let mut tx = store.begin().await.unwrap();
        let elsewhere = (&here, Some("http://elsewhere"));
        let opened = tx.open_preview("link", elsewhere, "c", true, at(2), at(500));
        assert!(!opened.await.unwrap(), "from another page");
        tx.commit().await.unwrap();
        assert!(open(&store, "link", &here, "cookie", 99).await);
        assert!(!open(&store, "link", &here, "again", 99).await, "twice");
        assert!(!open(&store, "cookie", &here, "again", 99).await);
        let preview = store
            .preview("cookie", &here, at(99))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (preview.page.as_str(), preview.partitioned),
            ("http://page", true)
        );
        assert_eq!(preview.state, SandboxState::Requested);
        for (token, place, now) in [
            ("cookie", &there, 99),
            ("link", &here, 99),
            ("cookie", &here, 500),
            ("cookie", &self::place(SandboxId::generate(), 80), 99),
        ] {
            let found = store.preview(token, place, at(now)).await.unwrap();
            assert!(found.is_none(), "{token} {place} {now}");
        }
        let mut tx = store.begin().await.unwrap();
        tx.touch_preview("cookie", at(700)).await.unwrap();
        tx.delete_expired_previews(at(600)).await.unwrap();
        tx.commit().await.unwrap();
        assert!(
            store
                .preview("cookie", &here, at(600))
                .await
                .unwrap()
                .is_some()
        );
    }

    #[tokio::test]
    async fn a_preview_ends_with_the_login_session_it_belongs_to() {
        let (store, _dir, sandbox) = signed_in().await;
        let here = place(sandbox, 80);
        link(&store, "link", &here).await;
        link(&store, "later", &here).await;
        assert!(open(&store, "link", &here, "cookie", 2).await);
        let mut tx = store.begin().await.unwrap();
        tx.touch_preview("cookie", at(5000)).await.unwrap();
        tx.commit().await.unwrap();
        assert!(
            store
                .preview("cookie", &here, at(999))
                .await
                .unwrap()
                .is_some()
        );
        assert!(
            store
                .preview("cookie", &here, at(1000))
                .await
                .unwrap()
                .is_none()
        );
        let mut tx = store.begin().await.unwrap();
        tx.delete_login_session("login").await.unwrap();
        tx.commit().await.unwrap();
        assert!(
            store
                .preview("cookie", &here, at(3))
                .await
                .unwrap()
                .is_none()
        );
        assert!(!open(&store, "later", &here, "cookie", 3).await);
    }

    #[tokio::test]
    async fn a_login_session_has_so_many_previews_and_the_oldest_gives_way() {
        let (store, _dir, sandbox) = signed_in().await;
        let here = place(sandbox, 80);
        for n in 0..=MOST {
            link(&store, &format!("link{n}"), &here).await;
        }
        assert!(!open(&store, "link0", &here, "first", 2).await);
        assert!(open(&store, "link1", &here, "second", 2).await);
    }
}
