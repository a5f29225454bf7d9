//! `slipway serve`

use std::process::ExitCode;

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::user::set_up_url;
use crate::{
    config::Config,
    lifecycle::{StartError, assemble, shut_down, start_background},
    services::App,
    web,
};

/// Serves until SIGINT or SIGTERM. SIGHUP reads the labs anew.
pub(super) async fn run(config: Config) -> Result<ExitCode, StartError> {
    let app = assemble(config).await?;
    let listen = app.config.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| StartError::Listen(listen, error))?;
    app.publish_labs().await?;
    start_background(&app).await?;
    app.build_all_images();
    greet(&app).await?;
    let watch = app.tasks.spawn(reload_on_hangup(app.clone()));
    let served = web::serve(app.clone(), listener, stop_signal(app.clone())).await;
    watch.abort();
    shut_down(&app).await;
    served?;
    Ok(ExitCode::SUCCESS)
}

async fn greet(app: &App) -> Result<(), StartError> {
    println!("Slipway serves {}", app.config.public_url);
    if let Some(token) = app.first_admin_link().await? {
        println!("\nMake the first administrator through this link (it works once):\n");
        println!("  {}\n", set_up_url(app, &token));
    }
    Ok(())
}

async fn stop_signal(app: App) {
    let mut terminate = signal(SignalKind::terminate()).ok();
    let terminated = async {
        match &mut terminate {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
    tracing::info!("the server ends; sandboxes go on");
    app.stop.cancel();
}

async fn reload_on_hangup(app: App) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        return;
    };
    while hangup.recv().await.is_some() {
        if let Err(error) = app.publish_labs().await {
            tracing::error!(%error, "labs can't be read anew");
        }
    }
}
