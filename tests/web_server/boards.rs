//! The stream of boards.

use std::time::Duration;

use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use slipway::domain::user::Role;
use tower::ServiceExt;

use crate::support::{Browser, LONG, Server, server, server_with};

/// A server whose lab has a board. Its machines are agents in this process, in which no API
/// answers.
async fn server_with_board() -> Server {
    server_with(|config| {
        let path = config.labs_dir.join("demo/basics/first-lab/lab.yaml");
        let lab = std::fs::read_to_string(&path).unwrap();
        let lab = lab.replace("profile: plain", "profile: docker");
        std::fs::write(&path, lab + "boards:\n  - {kind: docker, machine: desk}\n").unwrap();
    })
    .await
}

async fn open(server: &Server, browser: &Browser, attempt: impl std::fmt::Display) -> Boards {
    let request = Request::get(format!("/api/attempts/{attempt}/boards"))
        .header("host", "test")
        .header("cookie", browser.cookie_header());
    let response = server
        .router
        .clone()
        .oneshot(request.body(axum::body::Body::empty()).unwrap())
        .await
        .unwrap();
    Boards {
        status: response.status(),
        body: response.into_body(),
        text: String::new(),
    }
}

struct Boards {
    status: StatusCode,
    body: axum::body::Body,
    text: String,
}

impl Boards {
    /// Waits until a board is linked like this.
    async fn until(&mut self, link: &str) -> Value {
        loop {
            while let Some((message, rest)) = self.text.split_once("\n\n") {
                let data = message.lines().find_map(|l| l.strip_prefix("data:"));
                let data: Option<Value> = data.map(|d| serde_json::from_str(d.trim()).unwrap());
                self.text = rest.to_owned();
                if let Some(data) = data.filter(|d| d["link"] == link) {
                    return data;
                }
            }
            let frame = tokio::time::timeout(LONG, self.body.frame()).await;
            let frame = frame.expect("in time").expect("the stream goes on");
            let data = frame.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }
}

async fn watchers(server: &Server, wanted: usize) {
    let seen = tokio::time::timeout(LONG, async {
        while server.app.boards.running() != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let running = || server.app.boards.running();
    assert!(seen.await.is_ok(), "{} watchers run", running());
}

#[tokio::test]
async fn pages_share_a_watcher_that_ends_with_the_last() {
    let server = server_with_board().await;
    let (ada, attempt) = server.learner("ada").await;
    assert_eq!(server.app.boards.running(), 0);
    let mut first = open(&server, &ada, attempt.id).await;
    let second = open(&server, &ada, attempt.id).await;
    assert_eq!(
        (first.status, second.status),
        (StatusCode::OK, StatusCode::OK)
    );
    let board = first.until("silent").await;
    assert_eq!(
        (&board["board"], &board["picture"]),
        (&0.into(), &Value::Null)
    );
    assert_eq!(server.app.boards.running(), 1);
    drop(first);
    watchers(&server, 1).await;
    drop(second);
    watchers(&server, 0).await;
}

#[tokio::test]
async fn a_board_waits_for_the_sandbox_and_says_when_nobody_answers() {
    let server = server_with_board().await;
    let (ada, attempt) = server.learner("ada").await;
    let mut boards = open(&server, &ada, attempt.id).await;
    boards.until("silent").await;
    server.app.reset_sandbox(&attempt).await.unwrap();
    boards.until("waiting").await;
}

#[tokio::test]
async fn only_those_who_may_look_at_an_attempt_see_its_boards() {
    let server = server_with_board().await;
    let (_, attempt) = server.learner("ada").await;
    let eve = server.person("eve", Role::Student).await;
    let teacher = server.person("teacher", Role::Instructor).await;
    let visitor = server.visitor();
    for (who, status) in [
        (&eve, StatusCode::NOT_FOUND),
        (&visitor, StatusCode::UNAUTHORIZED),
        (&teacher, StatusCode::OK),
    ] {
        assert_eq!(open(&server, who, attempt.id).await.status, status);
    }
    watchers(&server, 0).await;
}

#[tokio::test]
async fn a_lab_without_boards_has_no_stream_of_them() {
    let server = server().await;
    let (ada, attempt) = server.learner("ada").await;
    let boards = open(&server, &ada, attempt.id).await;
    assert_eq!(boards.status, StatusCode::NOT_FOUND);
}
