//! Accounts: register, sign in and out, roles, passwords, the first administrator.

use std::{net::IpAddr, time::Duration};

use super::{App, Refusal, ServiceError};
use crate::{
    auth::{
        password::{Password, UnfitPassword},
        token,
    },
    domain::{
        ids::UserId,
        user::{Role, User, Username},
    },
    store::login_sessions::LoginSession,
};

/// How old the note of the last use may grow before it is written again: one write a minute, not
/// one a request.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// A fresh login: what the cookie holds.
#[derive(Debug)]
pub struct SignedIn {
    /// The cookie's value; kept nowhere but there.
    pub token: String,
    /// Who signed in.
    pub user: User,
}

fn new_password(text: String) -> Result<Password, Refusal> {
    Password::new(text).map_err(|e| match e {
        UnfitPassword::TooShort => Refusal::PasswordTooShort,
        UnfitPassword::TooLong => Refusal::PasswordTooLong,
    })
}

impl App {
    /// Makes a student's account and signs in.
    pub async fn register(
        &self,
        name: &str,
        password: String,
        address: IpAddr,
    ) -> Result<SignedIn, ServiceError> {
        if !self.throttle.register(address) {
            return Err(Refusal::TooManyTries.into());
        }
        self.create_user(name, password, Role::Student, None).await
    }

    /// Makes the first administrator through the one-time link.
    pub async fn set_up(
        &self,
        link: &str,
        name: &str,
        password: String,
    ) -> Result<SignedIn, ServiceError> {
        self.create_user(name, password, Role::Admin, Some(link))
            .await
    }

    /// Whether the link that makes the first administrator is good.
    pub async fn set_up_link_is_open(&self, link: &str) -> Result<bool, ServiceError> {
        Ok(self
            .store
            .one_time_token_is_open(&token::hash(link))
            .await?)
    }

    /// The token for the link that makes the first administrator; `None` when there is one. Every
    /// call makes the earlier links useless.
    pub async fn first_admin_link(&self) -> Result<Option<String>, ServiceError> {
        if self.store.has_admin().await? {
            return Ok(None);
        }
        let link = token::generate()?;
        let mut tx = self.store.begin().await?;
        tx.replace_first_admin_token(&token::hash(&link), self.clock.now())
            .await?;
        tx.commit().await?;
        Ok(Some(link))
    }

    async fn create_user(
        &self,
        name: &str,
        password: String,
        role: Role,
        link: Option<&str>,
    ) -> Result<SignedIn, ServiceError> {
        let username: Username = name.parse().map_err(|_| Refusal::InvalidUsername)?;
        let hash = self.hasher.hash(new_password(password)?).await?;
        let now = self.clock.now();
        let user = User {
            id: UserId::generate(),
            username,
            role,
            created_at: now,
        };
        let mut tx = self.store.begin().await?;
        if let Some(link) = link
            && !tx.use_token(&token::hash(link), now).await?
        {
            return Err(Refusal::LinkUsed.into());
        }
        if tx.insert_user(&user, &hash).await?.is_err() {
            return Err(Refusal::UsernameTaken.into());
        }
        tx.commit().await?;
        tracing::info!(user.id = %user.id, user.role = %role, "account made");
        self.open_login_session(user).await
    }

    /// Signs in.
    pub async fn sign_in(
        &self,
        name: &str,
        password: String,
        address: IpAddr,
    ) -> Result<SignedIn, ServiceError> {
        let key = name.trim().to_lowercase();
        if key.len() > 256 {
            return Err(Refusal::WrongCredentials.into());
        }
        if !self.throttle.sign_in(address, &key) {
            return Err(Refusal::TooManyTries.into());
        }
        let found = match name.parse::<Username>() {
            Ok(username) => self.store.user_by_name(&username).await?,
            Err(_) => None,
        };
        let (user, hash) = found.unzip();
        let fits = self.hasher.verify(Password::typed(password), hash).await?;
        match user {
            Some(user) if fits => self.open_login_session(user).await,
            _ => Err(Refusal::WrongCredentials.into()),
        }
    }

    async fn open_login_session(&self, user: User) -> Result<SignedIn, ServiceError> {
        let cookie = token::generate()?;
        let csrf = token::generate()?;
        let now = self.clock.now();
        let expires = now.plus(self.config.login_lifetime.duration());
        let mut tx = self.store.begin().await?;
        tx.insert_login_session(&token::hash(&cookie), user.id, &csrf, now, expires)
            .await?;
        tx.commit().await?;
        Ok(SignedIn {
            token: cookie,
            user,
        })
    }

    /// The login session of a cookie, unless it is over.
    pub async fn login_session(&self, cookie: &str) -> Result<Option<LoginSession>, ServiceError> {
        let now = self.clock.now();
        let hash = token::hash(cookie);
        let Some(session) = self.store.login_session(&hash, now).await? else {
            return Ok(None);
        };
        if now.since(session.seen_at) >= TOUCH_EVERY {
            let expires = now.plus(self.config.login_lifetime.duration());
            let mut tx = self.store.begin().await?;
            tx.touch_login_session(&hash, now, expires).await?;
            tx.commit().await?;
        }
        Ok(Some(session))
    }

    /// Signs out.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), ServiceError> {
        let mut tx = self.store.begin().await?;
        tx.delete_login_session(&token::hash(cookie)).await?;
        Ok(tx.commit().await?)
    }

    /// Changes a password; signs out everywhere and in again here.
    pub async fn change_password(
        &self,
        user: UserId,
        old: String,
        new: String,
        address: IpAddr,
    ) -> Result<SignedIn, ServiceError> {
        let user = self.store.user(user).await?.ok_or(ServiceError::NotFound)?;
        if !self.throttle.sign_in(address, &user.username.key()) {
            return Err(Refusal::TooManyTries.into());
        }
        let hash = self
            .store
            .user_by_name(&user.username)
            .await?
            .map(|(_, hash)| hash);
        if !self.hasher.verify(Password::typed(old), hash).await? {
            return Err(Refusal::WrongCredentials.into());
        }
        self.set_password(&user, new).await?;
        self.open_login_session(user).await
    }

    /// Sets a password without the old one (an administrator at the console); signs out
    /// everywhere.
    pub async fn set_password(&self, user: &User, new: String) -> Result<(), ServiceError> {
        let hash = self.hasher.hash(new_password(new)?).await?;
        let mut tx = self.store.begin().await?;
        tx.set_password(user.id, &hash).await?;
        tx.delete_login_sessions_of(user.id).await?;
        Ok(tx.commit().await?)
    }

    /// Changes somebody's role. The last administrator stays one.
    pub async fn set_role(&self, user: UserId, role: Role) -> Result<(), ServiceError> {
        let mut tx = self.store.begin().await?;
        if !tx.set_role(user, role).await? {
            return Err(ServiceError::NotFound);
        }
        if tx.count_admins().await? == 0 {
            return Err(Refusal::LastAdmin.into());
        }
        tx.commit().await?;
        tracing::info!(user.id = %user, user.role = %role, "role changed");
        Ok(())
    }
}
