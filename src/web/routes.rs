//! Every address of the server.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use tower_http::{compression::CompressionLayer, services::ServeDir};

use super::{api, error::WebError, middleware::around, pages, preview, state::Web, ws};
use crate::services::App;

/// Largest form, in bytes.
const MAX_FORM: usize = 64 * 1024;
/// Largest body of the API, in bytes: a file of one MiB as JSON, with some escapes.
const MAX_API_BODY: usize = 1_258_291;

/// The routes of the program.
pub fn router(app: App) -> Router {
    let web = Web::new(app);
    Router::new()
        .merge(pages())
        .nest("/api/attempts/{attempt}", api())
        .route(
            "/ws/attempts/{attempt}/machines/{machine}/terminals/{n}",
            get(ws::terminal::open),
        )
        .route("/healthz", get(api::health))
        .route("/static/highlight.css", get(pages::assets::highlight_css))
        .nest_service(
            "/static",
            ServeDir::new(&web.app.config.static_dir).precompressed_gzip(),
        )
        .fallback(async || WebError::NotFound)
        .method_not_allowed_fallback(async || WebError::MethodNotAllowed)
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(web.clone(), around))
        // Outermost: nothing of the server stands on a preview's origin.
        .layer(from_fn_with_state(web.clone(), preview::dispatch))
        .with_state(web)
}

fn pages() -> Router<Web> {
    Router::new()
        .route("/", get(pages::home::show))
        .route("/courses/{course}", get(pages::course::show))
        .route(
            "/courses/{course}/lessons/{lesson}",
            get(pages::lesson::show),
        )
        .route(
            "/courses/{course}/lessons/{lesson}/mark",
            post(pages::lesson::mark),
        )
        .route("/courses/{course}/labs/{lab}", get(pages::lab::show))
        .route(
            "/courses/{course}/labs/{lab}/start",
            post(pages::lab::start),
        )
        .route("/attempts/{attempt}", get(pages::attempt::show))
        .route(
            "/assets/courses/{course}/{*path}",
            get(pages::assets::course_image),
        )
        .route(
            "/sign-in",
            get(pages::sign_in::show).post(pages::sign_in::submit),
        )
        .route(
            "/register",
            get(pages::register::show).post(pages::register::submit),
        )
        .route("/setup", get(pages::setup::show).post(pages::setup::submit))
        .route("/sign-out", post(pages::sign_out::submit))
        .route("/language", post(pages::language::choose))
        .route("/me", get(pages::me::show))
        .route("/me/password", post(pages::me::change_password))
        .route("/admin", get(pages::admin::show))
        .route(
            "/admin/sandboxes/{sandbox}/end",
            post(pages::admin::end_sandbox),
        )
        .route("/admin/users/{user}/role", post(pages::admin::change_role))
        .layer(DefaultBodyLimit::max(MAX_FORM))
}

/// What the lab page's scripts ask of one attempt.
fn api() -> Router<Web> {
    let files = Router::new()
        .route(
            "/folder",
            get(api::files::list).post(api::files::create_folder),
        )
        .route(
            "/file",
            get(api::files::read)
                .put(api::files::write)
                .delete(api::files::remove),
        )
        .route("/rename", post(api::files::rename));
    Router::new()
        .route("/events", get(api::events::follow))
        .route("/boards", get(api::boards::follow))
        .route("/submissions", post(api::submissions::submit))
        .route("/extend", post(api::sandbox::extend))
        .route("/reset", post(api::sandbox::reset))
        .route("/finish", post(api::sandbox::finish))
        .route("/restart", post(api::sandbox::restart))
        .route("/hints", post(api::hints::open))
        .route("/previews", post(api::previews::link))
        .nest("/machines/{machine}", files)
        .layer(DefaultBodyLimit::max(MAX_API_BODY))
}
