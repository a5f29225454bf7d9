//! Server-sent events.

use std::time::Duration;

use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use slipway::{domain::user::Role, services::events::Event};
use tower::ServiceExt;

use crate::support::{Browser, LONG, Server, server};

/// An open stream.
struct Events {
    body: axum::body::Body,
    text: String,
}

impl Events {
    async fn open(server: &Server, browser: &Browser, attempt: impl std::fmt::Display) -> Self {
        let request = Request::get(format!("/api/attempts/{attempt}/events"))
            .header("host", "test")
            .header("accept-language", "en")
            .header("cookie", browser.cookie_header());
        let response = server
            .router
            .clone()
            .oneshot(request.body(axum::body::Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body(),
            text: String::new(),
        }
    }

    /// The next message, or nothing when the stream has ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    message
                        .lines()
                        .find_map(|l| l.strip_prefix(name))
                        .map(|v| v.trim().to_owned())
                };
                let (event, data) = (field("event:"), field("data:"));
                let rest = rest.to_owned();
                self.text = rest;
                if let (Some(event), Some(data)) = (event, data) {
                    return Some((event, serde_json::from_str(&data).unwrap()));
                }
                continue;
            }
            let frame = tokio::time::timeout(LONG, self.body.frame())
                .await
                .expect("in time")?;
            self.text
                .push_str(std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap());
        }
    }

    async fn until(&mut self, wanted: &str) -> Value {
        loop {
            let (event, data) = self.next().await.expect("the stream goes on");
            if event == wanted {
                return data;
            }
        }
    }
}

#[tokio::test]
async fn a_page_gets_the_state_first_and_then_the_news() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let mut events = Events::open(&server, &ada, attempt.id).await;
    let (event, sandbox) = events.next().await.unwrap();
    assert_eq!(
        (event.as_str(), &sandbox["state"]),
        ("sandbox", &json!("ready"))
    );
    let path = format!("/api/attempts/{}/submissions", attempt.id);
    ada.call(
        Method::POST,
        &path,
        json!({"step": "one", "key": "11111111-aaaa"}),
    )
    .await;
    assert_eq!(events.until("submission").await["state"], "queued");
    server
        .app
        .events
        .publish(attempt.id, Event::Ticks(std::sync::Arc::default()));
    assert_eq!(events.until("ticks").await, json!({"results": []}));
    ada.call(
        Method::POST,
        &format!("/api/attempts/{}/reset", attempt.id),
        json!({}),
    )
    .await;
    let sandbox = events.until("sandbox").await;
    assert_eq!(
        (&sandbox["state"], &sandbox["generation"]),
        (&json!("requested"), &json!(2))
    );
    // A page that comes later gets the submission as well.
    let mut late = Events::open(&server, &ada, attempt.id).await;
    assert_eq!(late.until("submission").await["state"], "queued");
}

#[tokio::test]
async fn a_page_that_lags_is_told_everything_anew() {
    let server = server().await;
    let (ada, attempt) = server.learner("ada").await;
    let mut events = Events::open(&server, &ada, attempt.id).await;
    assert_eq!(events.next().await.unwrap().0, "sandbox");
    for _ in 0..500 {
        server.app.events.publish(attempt.id, Event::Sandbox);
    }
    assert_eq!(events.until("sandbox").await["state"], "ready");
}

#[tokio::test]
async fn changes_of_files_are_told_while_somebody_looks() {
    let server = server().await;
    let (ada, attempt) = server.learner("ada").await;
    let mut events = Events::open(&server, &ada, attempt.id).await;
    assert_eq!(events.until("files").await, json!({"machine": "desk"}));
    let home = server.engine.home(server.sandbox_of(&attempt).await);
    std::fs::write(home.join("new"), "x").unwrap();
    assert_eq!(events.until("files").await, json!({"machine": "desk"}));
}

#[tokio::test]
async fn signing_out_and_losing_the_role_end_the_stream() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let teacher = server.person("teacher", Role::Instructor).await;
    let mut own = Events::open(&server, &ada, attempt.id).await;
    let mut looked_at = Events::open(&server, &teacher, attempt.id).await;
    ada.form("/sign-out", &[]).await;
    let user = server
        .app
        .store
        .user_by_name(&"teacher".parse().unwrap())
        .await
        .unwrap()
        .unwrap()
        .0;
    server
        .app
        .set_role(user.id, Role::Student)
        .await
        .unwrap_err();
    let mut tx = server.app.store.begin().await.unwrap();
    tx.set_role(user.id, Role::Student).await.unwrap();
    tx.commit().await.unwrap();
    while own.next().await.is_some() {}
    while looked_at.next().await.is_some() {}
}

#[tokio::test]
async fn one_login_session_has_eight_streams_and_no_more() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(Events::open(&server, &ada, attempt.id).await);
    }
    let path = format!("/api/attempts/{}/events", attempt.id);
    let answer = ada.get(&path).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.json()["error"]["code"], "too-many-streams");
    open.clear();
    let freed = async {
        loop {
            let request = Request::head(&path).header("host", "test");
            if ada.send(request, axum::body::Body::empty()).await.status == StatusCode::OK {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LONG, freed)
        .await
        .expect("closed pages give their streams back");
}

#[tokio::test]
async fn the_server_s_end_ends_the_stream_with_a_hint_to_come_back() {
    let server = server().await;
    let (ada, attempt) = server.learner("ada").await;
    let mut events = Events::open(&server, &ada, attempt.id).await;
    events.next().await.unwrap();
    server.app.stop.cancel();
    let rest = tokio::time::timeout(LONG, events.body.collect())
        .await
        .unwrap()
        .unwrap()
        .to_bytes();
    assert!(
        String::from_utf8_lossy(&rest).contains("retry: 2000")
            || String::from_utf8_lossy(&rest).contains("retry:2000")
    );
}
