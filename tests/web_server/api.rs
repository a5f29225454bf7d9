//! The JSON API of an attempt.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use serde_json::{Value, json};

use crate::support::{Browser, server};

async fn get(browser: &mut Browser, path: &str) -> (StatusCode, Value) {
    let answer = browser.get(path).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn files_are_written_read_listed_renamed_and_removed() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let at = format!("/api/attempts/{}/machines/desk", attempt.id);
    let body = json!({"path": "src"});
    assert_eq!(
        ada.call(Method::POST, &format!("{at}/folder"), body)
            .await
            .status,
        StatusCode::OK
    );
    let text = "你好\n<script>\n";
    let body = json!({"path": "src/a.txt", "text": text, "version": null});
    let answer = ada.call(Method::PUT, &format!("{at}/file"), body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let version = answer.json()["version"].clone();
    let (_, file) = get(&mut ada, &format!("{at}/file?path=src%2Fa.txt")).await;
    assert_eq!(
        (&file["text"], &file["version"], &file["binary"]),
        (&json!(text), &version, &json!(false))
    );
    let stale = json!({"path": "src/a.txt", "text": "x", "version": "0"});
    let answer = ada.call(Method::PUT, &format!("{at}/file"), stale).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "file-conflict");
    let rename = json!({"from": "src/a.txt", "to": "src/b.txt"});
    assert_eq!(
        ada.call(Method::POST, &format!("{at}/rename"), rename)
            .await
            .status,
        StatusCode::OK
    );
    let (_, folder) = get(&mut ada, &format!("{at}/folder?path=src")).await;
    assert_eq!(folder["entries"][0]["name"], "b.txt");
    assert_eq!(folder["entries"][0]["kind"], "file");
    let remove = format!("{at}/file?path=src");
    assert_eq!(
        ada.call(Method::DELETE, &remove, json!({})).await.status,
        StatusCode::OK
    );
    let (status, error) = get(&mut ada, &format!("{at}/file?path=src/b.txt")).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (StatusCode::NOT_FOUND, &json!("file-not-found"))
    );
}

#[tokio::test]
async fn no_path_leads_out_of_the_home() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let at = format!("/api/attempts/{}/machines/desk", attempt.id);
    for path in [
        "../secret",
        "/etc/passwd",
        "a/../../b",
        "a%00b",
        "%2e%2e%2fsecret",
    ] {
        let (status, error) = get(&mut ada, &format!("{at}/file?path={path}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {error}");
        assert_eq!(error["error"]["code"], "invalid-path", "{path}");
    }
    std::os::unix::fs::symlink(
        "/etc/passwd",
        server
            .engine
            .home(server.sandbox_of(&attempt).await)
            .join("link"),
    )
    .unwrap();
    let (status, _) = get(&mut ada, &format!("{at}/file?path=link")).await;
    assert_ne!(status, StatusCode::OK);
    for machine in ["grader", "other", "Desk", "..", "%ff"] {
        let answer = ada
            .get(&format!(
                "/api/attempts/{}/machines/{machine}/folder",
                attempt.id
            ))
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{machine}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_said_to_be_binary() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let at = format!("/api/attempts/{}/machines/desk", attempt.id);
    get(&mut ada, &format!("{at}/folder?path=")).await;
    let home = server.engine.home(server.sandbox_of(&attempt).await);
    std::fs::write(home.join("image"), b"\x89PNG\0\xff").unwrap();
    let (status, file) = get(&mut ada, &format!("{at}/file?path=image")).await;
    assert_eq!(
        (status, &file["binary"], &file["text"]),
        (StatusCode::OK, &json!(true), &Value::Null)
    );
}

#[tokio::test]
async fn a_call_without_the_token_changes_nothing() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let finish = format!("/api/attempts/{}/finish", attempt.id);
    for token in [None, Some(""), Some("0000")] {
        let mut request = Request::post(&finish);
        if let Some(token) = token {
            request = request.header("x-csrf-token", token);
        }
        let answer = ada.send(request, Body::empty()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.json()["error"]["code"], "forgery-token");
    }
    let csrf = ada.csrf().await;
    let request = Request::post(&finish)
        .header("x-csrf-token", csrf)
        .header("origin", "http://evil");
    let answer = ada.send(request, Body::empty()).await;
    assert_eq!(answer.json()["error"]["code"], "foreign-origin");
    assert!(server.app.ready_sandbox(attempt.id).await.is_ok());
}

#[tokio::test]
async fn the_same_key_is_one_submission_and_another_waits_its_turn() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let path = format!("/api/attempts/{}/submissions", attempt.id);
    let body = |key: &str| json!({"step": "one", "key": key});
    let first = ada.call(Method::POST, &path, body("11111111-aaaa")).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text());
    assert_eq!(first.json()["state"], "queued");
    assert_eq!(first.json()["score"], json!({"earned": 0, "possible": 10}));
    let again = ada.call(Method::POST, &path, body("11111111-aaaa")).await;
    assert_eq!(again.json()["id"], first.json()["id"]);
    let other = ada.call(Method::POST, &path, body("22222222-bbbb")).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(other.json()["error"]["code"], "grading-under-way");
    let bad = ada.call(Method::POST, &path, body("x")).await;
    assert_eq!(bad.json()["error"]["code"], "invalid-key");
    let body = json!({"step": "none", "key": "33333333-cccc"});
    assert_eq!(
        ada.call(Method::POST, &path, body).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        server
            .app
            .store
            .latest_submissions(attempt.id)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn time_reset_end_and_restart_show_in_the_sandbox() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let at = format!("/api/attempts/{}", attempt.id);
    let mut call = async |verb: &str| {
        let answer = ada
            .call(Method::POST, &format!("{at}/{verb}"), json!({}))
            .await;
        (answer.status, answer.json())
    };
    let (_, sandbox) = call("extend").await;
    assert_eq!(
        (&sandbox["state"], &sandbox["extensions_left"]),
        (&json!("ready"), &json!(1))
    );
    call("extend").await;
    let (status, error) = call("extend").await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (StatusCode::CONFLICT, &json!("no-extension-left"))
    );
    let (_, sandbox) = call("reset").await;
    assert_eq!(
        (&sandbox["state"], &sandbox["generation"]),
        (&json!("requested"), &json!(2))
    );
    let (_, sandbox) = call("finish").await;
    assert_eq!(
        (&sandbox["state"], &sandbox["end_reason"]),
        (&json!("ended"), &json!("finished"))
    );
    let (_, error) = call("reset").await;
    assert_eq!(error["error"]["code"], "sandbox-ended");
    let (_, sandbox) = call("restart").await;
    assert_eq!(
        (&sandbox["state"], &sandbox["generation"]),
        (&json!("requested"), &json!(3))
    );
}

#[tokio::test]
async fn hints_open_one_by_one() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let path = format!("/api/attempts/{}/hints", attempt.id);
    let hint = ada
        .call(Method::POST, &path, json!({"step": "one"}))
        .await
        .json();
    assert_eq!((&hint["index"], &hint["left"]), (&json!(0), &json!(0)));
    assert!(hint["html"].as_str().unwrap().contains("Hint one"));
    let answer = ada.call(Method::POST, &path, json!({"step": "one"})).await;
    assert_eq!(answer.json()["error"]["code"], "no-hint-left");
}
