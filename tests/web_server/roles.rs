//! Every route with every role.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use slipway::domain::user::Role;

use crate::support::{Browser, LAB, Server, server};

/// What a visitor, a student, the attempt's owner, an instructor and an administrator get.
type Row = (Method, String, [u16; 5]);

async fn table(server: &Server) -> (Vec<Row>, [Browser; 5]) {
    let (owner, attempt) = server.learner("owner").await;
    let people = [
        server.visitor(),
        server.person("student", Role::Student).await,
        owner,
        server.person("instructor", Role::Instructor).await,
        server.person("admin", Role::Admin).await,
    ];
    let sandbox = server.sandbox_of(&attempt).await;
    let user = attempt.user_id;
    let (page, api) = (
        format!("/attempts/{}", attempt.id),
        format!("/api/attempts/{}", attempt.id),
    );
    let machine = format!("{api}/machines/desk");
    let (get, post) = (Method::GET, Method::POST);
    let all = [200; 5];
    let signed_in = [303, 200, 200, 200, 200];
    // Whoever is signed in is sent on from the pages for signing in.
    let gate = [200, 303, 303, 303, 303];
    let look = [303, 404, 200, 200, 200];
    let look_api = [401, 404, 200, 200, 200];
    // The token is checked before anything else, and these come without.
    let form = [403; 5];
    let act = [401, 403, 403, 403, 403];
    let rows = vec![
        (get.clone(), "/".to_owned(), [303; 5]),
        (get.clone(), "/courses/demo".to_owned(), all),
        (get.clone(), "/courses/demo/lessons/hello".to_owned(), all),
        (get.clone(), LAB.to_owned(), all),
        (get.clone(), "/courses/other".to_owned(), [404; 5]),
        (get.clone(), "/sign-in".to_owned(), gate),
        (get.clone(), "/register".to_owned(), gate),
        (get.clone(), "/setup".to_owned(), all),
        (get.clone(), "/me".to_owned(), signed_in),
        (get.clone(), "/admin".to_owned(), [303, 403, 403, 200, 200]),
        (get.clone(), page, look),
        (get.clone(), format!("{machine}/folder?path="), look_api),
        (
            get.clone(),
            format!("{machine}/file?path=none"),
            [401, 404, 404, 404, 404],
        ),
        (get.clone(), "/healthz".to_owned(), all),
        (get.clone(), "/static/highlight.css".to_owned(), all),
        (get, "/static/app.css".to_owned(), all),
        (
            post.clone(),
            "/courses/demo/lessons/hello/mark".to_owned(),
            [303, 403, 403, 403, 403],
        ),
        (
            post.clone(),
            format!("{LAB}/start"),
            [303, 403, 403, 403, 403],
        ),
        (post.clone(), "/sign-in".to_owned(), form),
        (post.clone(), "/register".to_owned(), form),
        (post.clone(), "/setup".to_owned(), form),
        (post.clone(), "/sign-out".to_owned(), form),
        (post.clone(), "/language".to_owned(), form),
        (
            post.clone(),
            "/me/password".to_owned(),
            [303, 403, 403, 403, 403],
        ),
        (
            post.clone(),
            format!("/admin/sandboxes/{sandbox}/end"),
            [303, 403, 403, 403, 403],
        ),
        (
            post.clone(),
            format!("/admin/users/{user}/role"),
            [303, 403, 403, 403, 403],
        ),
        (post.clone(), format!("{api}/submissions"), act),
        (post.clone(), format!("{api}/extend"), act),
        (post.clone(), format!("{api}/reset"), act),
        (post.clone(), format!("{api}/finish"), act),
        (post.clone(), format!("{api}/restart"), act),
        (post.clone(), format!("{api}/hints"), act),
        (post.clone(), format!("{machine}/folder"), act),
        (post, format!("{machine}/rename"), act),
        (Method::PUT, format!("{machine}/file"), act),
        (Method::DELETE, format!("{machine}/file?path=a"), act),
    ];
    (rows, people)
}

#[tokio::test]
async fn every_route_answers_every_role_as_it_should() {
    let server = server().await;
    let (rows, mut people) = table(&server).await;
    for (method, path, expected) in rows {
        for (person, expected) in people.iter_mut().zip(expected) {
            let mut request = Request::builder().method(&method).uri(&path);
            if method != Method::GET {
                request = request.header("content-type", "application/x-www-form-urlencoded");
            }
            let answer = person.clone().send(request, Body::empty()).await;
            let who = person.cookies.len();
            assert_eq!(
                answer.status.as_u16(),
                expected,
                "{method} {path} ({who}): {}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn only_administrators_act_on_other_people() {
    let server = server().await;
    let (_, attempt) = server.learner("ada").await;
    let sandbox = server.sandbox_of(&attempt).await;
    let end = format!("/admin/sandboxes/{sandbox}/end");
    let role = format!("/admin/users/{}/role", attempt.user_id);
    for least in [Role::Student, Role::Instructor] {
        let mut person = server.person(least.as_str(), least).await;
        assert_eq!(person.form(&end, &[]).await.status, StatusCode::FORBIDDEN);
        let answer = person.form(&role, &[("role", "admin")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let mut admin = server.person("boss", Role::Admin).await;
    assert_eq!(
        admin.form(&role, &[("role", "king")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        admin
            .form(&role, &[("role", "instructor")])
            .await
            .location(),
        "/admin"
    );
    assert_eq!(admin.form(&end, &[]).await.location(), "/admin");
    let ended = server.app.store.sandbox(sandbox).await.unwrap().unwrap();
    assert!(ended.end_reason.is_some());
    let boss = server
        .app
        .store
        .user_by_name(&"boss".parse().unwrap())
        .await
        .unwrap()
        .unwrap()
        .0
        .id;
    let own = format!("/admin/users/{boss}/role");
    assert_eq!(
        admin.form(&own, &[("role", "student")]).await.status,
        StatusCode::FORBIDDEN
    );
    // A lost role is lost with the next request.
    let mut tx = server.app.store.begin().await.unwrap();
    tx.set_role(boss, Role::Student).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(admin.get("/admin").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn somebody_else_s_attempt_can_t_be_acted_on_by_anybody() {
    let server = server().await;
    let (_, attempt) = server.learner("ada").await;
    let api = format!("/api/attempts/{}", attempt.id);
    for role in [Role::Student, Role::Instructor, Role::Admin] {
        let mut person = server.person(role.as_str(), role).await;
        for verb in ["extend", "reset", "finish", "restart"] {
            let body = serde_json::json!({});
            let answer = person
                .call(Method::POST, &format!("{api}/{verb}"), body)
                .await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{role} {verb}");
            assert_eq!(answer.json()["error"]["code"], "not-found");
        }
        let body = serde_json::json!({"path": "x", "text": "y", "version": null});
        let answer = person
            .call(Method::PUT, &format!("{api}/machines/desk/file"), body)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{role}");
    }
    assert!(
        server.app.ready_sandbox(attempt.id).await.is_ok(),
        "nothing happened to it"
    );
}
