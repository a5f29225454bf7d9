//! What is true of every request: headers, sizes, encodings, languages, methods.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use serde_json::json;
use slipway::domain::user::Role;

use crate::support::{LAB, server};

#[tokio::test]
async fn every_response_carries_the_security_headers() {
    let server = server().await;
    let mut visitor = server.visitor();
    for path in [
        "/",
        "/courses/demo",
        "/none",
        "/static/app.css",
        "/static/none",
        "/healthz",
        "/me",
        "/api/attempts/x/events",
        "/ws/attempts/x/machines/y/terminals/1",
        "/courses/demo/",
        "/static/highlight.css",
        "/api/none",
    ] {
        let answer = visitor.get(path).await;
        for (name, part) in [
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self';",
            ),
            ("content-security-policy", "frame-ancestors 'none'"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("permissions-policy", "camera=()"),
            ("cross-origin-opener-policy", "same-origin"),
            ("x-request-id", "-"),
            ("cache-control", "no-"),
        ] {
            assert!(
                answer.header(name).contains(part),
                "{path}: {name}: {}",
                answer.header(name)
            );
        }
        assert!(
            !answer.header("content-security-policy").contains("unsafe"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn errors_are_pages_for_people_and_json_for_scripts_in_the_viewer_s_language() {
    let server = server().await;
    let mut visitor = server.visitor();
    for (language, text) in [("en", "There is no such page"), ("zh", "没有这个页面")] {
        visitor.headers[1].1 = language.to_owned();
        let page = visitor.get("/courses/none").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(page.text().contains(text) && page.text().contains(&page.header("x-request-id")));
        let api = visitor.get("/api/none").await;
        assert_eq!(api.json()["error"]["message"], text);
        assert_eq!(api.json()["error"]["code"], "not-found");
    }
    let answer = visitor.bare_form("/courses/demo", &[]).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(
        answer.header("allow").contains("GET"),
        "{:?}",
        answer.headers
    );
    assert!(answer.text().contains("不能这样访问"));
}

#[tokio::test]
async fn bodies_that_are_too_large_get_413_in_our_own_words() {
    let server = server().await;
    let large = "x".repeat(70 * 1024);
    let answer = server
        .visitor()
        .form("/sign-in", &[("username", &large)])
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().contains("That is too much at once"));
    let (mut ada, attempt) = server.learner("ada").await;
    let file = format!("/api/attempts/{}/machines/desk/file", attempt.id);
    for (size, code) in [((1 << 20) + 1, "file-too-large"), (1_300_000, "too-large")] {
        let body = json!({"path": "a", "text": "x".repeat(size), "version": null});
        let answer = ada.call(Method::PUT, &file, body).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answer.json()["error"]["code"], code);
    }
}

#[tokio::test]
async fn unknown_and_doubled_fields_and_other_types_are_refused() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let answer = ada
        .form("/language", &[("locale", "en"), ("admin", "1")])
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = ada
        .form("/language", &[("locale", "en"), ("locale", "zh")])
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let api = format!("/api/attempts/{}/hints", attempt.id);
    let answer = ada
        .call(Method::POST, &api, json!({"step": "one", "role": "admin"}))
        .await;
    assert_eq!(answer.json()["error"]["code"], "malformed");
    let csrf = ada.csrf().await;
    let request = Request::post(&api)
        .header("x-csrf-token", &csrf)
        .header("content-type", "text/plain");
    let answer = ada.send(request, Body::from("{}")).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let request = Request::post(&api)
        .header("x-csrf-token", &csrf)
        .header("content-type", "application/json");
    let answer = ada.send(request, Body::from("{\"step\": \"\u{0}")).await;
    assert_eq!(answer.json()["error"]["code"], "malformed");
}

#[tokio::test]
async fn odd_addresses_name_nothing_and_break_nothing() {
    let server = server().await;
    let mut visitor = server.visitor();
    for path in [
        "/courses/%ff",
        "/courses/..%2fsecret",
        "/courses/%00",
        "/courses/demo/labs/%C0%AF",
        "/attempts/%ff",
        "//evil.example/",
        "/static/..%2fsecret",
        "/static/%2e%2e/secret",
        "/static/../secret",
        "/static/%2fetc/passwd",
        "/static/..%5csecret",
        "/static/%00",
        "/assets/courses/demo/../secret",
        "/assets/courses/demo/basics/first-lab/solution/one.sh",
        "/assets/courses/demo/basics/first-lab/lab.yaml",
        "/static/dist",
    ] {
        let answer = visitor.get(path).await;
        let status = answer.status.as_u16();
        assert!(
            [303, 307, 308, 400, 404].contains(&status),
            "{path}: {status}"
        );
        assert!(
            !answer.text().contains("not for you") && !answer.text().contains("root:"),
            "{path}"
        );
        assert!(!answer.location().starts_with("//"), "{path}");
    }
}

#[tokio::test]
async fn a_slash_at_the_end_moves_on_and_head_answers_without_a_body() {
    let server = server().await;
    let mut visitor = server.visitor();
    let answer = visitor.get("/courses/demo/?x=1").await;
    assert_eq!(
        (answer.status, answer.location().as_str()),
        (StatusCode::PERMANENT_REDIRECT, "/courses/demo?x=1")
    );
    for path in ["/courses/demo", LAB, "/static/app.css", "/healthz"] {
        let answer = visitor.send(Request::head(path), Body::empty()).await;
        assert_eq!(
            (answer.status, answer.body.len()),
            (StatusCode::OK, 0),
            "{path}"
        );
    }
}

#[tokio::test]
async fn static_files_are_kept_and_compressed() {
    let server = server().await;
    let mut visitor = server.visitor();
    let answer = visitor.get("/static/dist/chunks/a-ABCD1234.js").await;
    assert!(
        answer.header("cache-control").contains("immutable"),
        "{:?}",
        answer.headers
    );
    let answer = visitor.get("/static/app.css").await;
    assert_eq!(answer.header("cache-control"), "no-cache");
    let request =
        Request::get("/static/app.css").header("if-modified-since", answer.header("last-modified"));
    assert_eq!(
        visitor.send(request, Body::empty()).await.status,
        StatusCode::NOT_MODIFIED
    );
    let request = Request::get("/static/app.css").header("accept-encoding", "gzip");
    let answer = visitor.send(request, Body::empty()).await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    let css = visitor.get("/static/highlight.css").await;
    let request = Request::get("/static/highlight.css").header("if-none-match", css.header("etag"));
    assert_eq!(
        visitor.send(request, Body::empty()).await.status,
        StatusCode::NOT_MODIFIED
    );
}

#[tokio::test]
async fn the_health_probe_tells_of_database_and_engine() {
    let server = server().await;
    let answer = server.visitor().get("/healthz").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json(), json!({"database": "up", "engine": "up"}));
    server.app.store.close().await;
    let answer = server.visitor().get("/healthz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["database"], "down");
}

#[tokio::test]
async fn a_store_that_fails_is_a_page_without_its_inner_life() {
    let server = server().await;
    let mut ada = server.person("ada", Role::Student).await;
    server.app.store.close().await;
    let answer = ada.get("/me").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text().contains("Something went wrong on our side"));
    for inner in ["pool", "sqlx", "database:", "SELECT"] {
        assert!(!answer.text().contains(inner), "{inner}");
    }
}
