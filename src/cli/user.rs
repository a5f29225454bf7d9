//! `slipway user`, `slipway first-admin-link`

use std::{
    io::{BufRead as _, Write as _},
    process::ExitCode,
};

use clap::Subcommand;

use crate::{
    config::Config,
    domain::user::{Role, User, Username},
    lifecycle::{StartError, assemble},
    services::App,
};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// List all accounts.
    List,
    /// Change somebody's role: student, instructor or admin.
    SetRole {
        /// The name they sign in with.
        name: String,
        /// The role.
        role: String,
    },
    /// Set somebody's password (read from standard input) and sign them out everywhere.
    SetPassword {
        /// The name they sign in with.
        name: String,
    },
}

pub(super) async fn run(command: UserCommand, config: Config) -> Result<ExitCode, StartError> {
    let app = assemble(config).await?;
    match command {
        UserCommand::List => {
            for user in app.store.users().await? {
                println!(
                    "{}\t{}\t{}",
                    user.username,
                    user.role,
                    user.created_at.rfc3339()
                );
            }
        }
        UserCommand::SetRole { name, role } => {
            let role: Role = role.parse().map_err(|_| {
                StartError::Usage(format!("`{role}` is no role: student, instructor or admin"))
            })?;
            let user = find(&app, &name).await?;
            app.set_role(user.id, role).await?;
        }
        UserCommand::SetPassword { name } => {
            let user = find(&app, &name).await?;
            eprint!("New password for {}: ", user.username);
            std::io::stderr().flush()?;
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line)?;
            app.set_password(&user, line.trim_end_matches(['\r', '\n']).to_owned())
                .await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn find(app: &App, name: &str) -> Result<User, StartError> {
    let missing = || StartError::Usage(format!("there is no account `{name}`"));
    let username: Username = name.parse().map_err(|_| missing())?;
    app.store
        .user_by_name(&username)
        .await?
        .map(|(user, _)| user)
        .ok_or_else(missing)
}

/// Prints a new link for the first administrator.
pub(super) async fn first_admin_link(config: Config) -> Result<ExitCode, StartError> {
    let app = assemble(config).await?;
    match app.first_admin_link().await? {
        Some(token) => println!("{}", set_up_url(&app, &token)),
        None => println!("There is an administrator already."),
    }
    Ok(ExitCode::SUCCESS)
}

/// The address of the page that makes the first administrator.
pub(super) fn set_up_url(app: &App, token: &str) -> String {
    format!(
        "{}/setup?token={token}",
        app.config.public_url.trim_end_matches('/')
    )
}
