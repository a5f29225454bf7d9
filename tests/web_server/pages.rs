//! Pages with real content, in both languages.

use axum::http::StatusCode;
use slipway::domain::user::Role;

use crate::support::{LAB, server, server_with};

#[tokio::test]
async fn one_course_is_the_start_page_and_its_outline_leads_on() {
    let server = server().await;
    let mut visitor = server.visitor();
    assert_eq!(visitor.get("/").await.location(), "/courses/demo");
    let page = visitor.get("/courses/demo").await.text();
    for part in [
        "Demo course",
        "/courses/demo/lessons/hello",
        LAB,
        "Introduction.",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let lesson = visitor.get("/courses/demo/lessons/hello").await.text();
    assert!(
        lesson.contains("Heading") && lesson.contains(LAB),
        "{lesson}"
    );
    let lab = visitor.get(LAB).await.text();
    assert!(
        lab.contains("First lab") && lab.contains("/sign-in?next="),
        "{lab}"
    );
}

#[tokio::test]
async fn a_lesson_is_marked_and_unmarked() {
    let server = server().await;
    let mut ada = server.person("ada", Role::Student).await;
    let mark = "/courses/demo/lessons/hello/mark";
    for (done, read) in [("1", 1), ("1", 1), ("0", 0)] {
        let answer = ada.form(mark, &[("done", done)]).await;
        assert_eq!(
            answer.location(),
            "/courses/demo/lessons/hello",
            "{}",
            answer.text()
        );
        let user = server
            .app
            .store
            .user_by_name(&"ada".parse().unwrap())
            .await
            .unwrap()
            .unwrap()
            .0;
        let course = "demo".parse().unwrap();
        let lessons = server
            .app
            .store
            .lessons_read(user.id, &course)
            .await
            .unwrap();
        assert_eq!(lessons.len(), read);
    }
    assert_eq!(
        ada.form(mark, &[("done", "2")]).await.status,
        StatusCode::BAD_REQUEST
    );
    let missing = "/courses/demo/lessons/none/mark";
    assert_eq!(
        ada.form(missing, &[("done", "1")]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn fifty_clicks_on_start_make_one_sandbox() {
    let server = server().await;
    let mut ada = server.person("ada", Role::Student).await;
    let csrf = ada.csrf().await;
    let clicks = (0..50).map(|_| {
        let (mut ada, csrf) = (ada.clone(), csrf.clone());
        tokio::spawn(async move {
            ada.bare_form(&format!("{LAB}/start"), &[("csrf", &csrf)])
                .await
                .location()
        })
    });
    let mut places = std::collections::HashSet::new();
    for click in clicks.collect::<Vec<_>>() {
        places.insert(click.await.unwrap());
    }
    assert_eq!(places.len(), 1, "{places:?}");
    assert!(
        places.iter().all(|p| p.starts_with("/attempts/")),
        "{places:?}"
    );
    assert_eq!(server.app.store.live_sandboxes().await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_has_as_many_sandboxes_as_allowed_is_told_which() {
    let server = server_with(|c| c.max_sandboxes_per_learner = 0).await;
    let mut ada = server.person("ada", Role::Student).await;
    let answer = ada.form(&format!("{LAB}/start"), &[]).await;
    assert_eq!(answer.location(), LAB);
    let page = ada.get(LAB).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text().contains("/start\""), "no button");
}

#[tokio::test]
async fn the_lab_page_carries_what_its_scripts_need_and_a_nonce_for_their_styles() {
    let server = server().await;
    let (mut ada, attempt) = server.learner("ada").await;
    let answer = ada.get(&format!("/attempts/{}", attempt.id)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let page = answer.text();
    let (_, data) = page.split_once("id=\"lab-data\">").expect("the data");
    let data: serde_json::Value =
        serde_json::from_str(data.split("</script>").next().unwrap()).unwrap();
    assert_eq!(data["attempt"], attempt.id.to_string());
    assert_eq!(data["sandbox"]["state"], "ready");
    assert_eq!(data["sandbox"]["generation"], 1);
    assert_eq!(data["machines"][0]["name"], "desk");
    assert_eq!(data["steps"][0]["checks"][0]["points"], 10);
    assert_eq!(data["csrf"], ada.csrf().await);
    let policy = answer.header("content-security-policy");
    let nonce = data["style_nonce"].as_str().unwrap();
    assert!(policy.contains(&format!("'nonce-{nonce}'")), "{policy}");
    let again = ada.get(&format!("/attempts/{}", attempt.id)).await;
    assert!(
        !again.header("content-security-policy").contains(nonce),
        "never the same twice"
    );
    assert!(
        ada.get(LAB)
            .await
            .text()
            .contains(&format!("/attempts/{}", attempt.id))
    );
    assert!(ada.get("/me").await.text().contains("First lab"));
}

#[tokio::test]
async fn the_administration_page_tells_what_is_wrong_but_not_to_students() {
    let server = server().await;
    server.learner("ada").await;
    let mut admin = server.person("boss", Role::Admin).await;
    let page = admin.get("/admin").await.text();
    assert!(
        page.contains("Labs can&#39;t run")
            || page.contains("Labs can&#x27;t run")
            || page.contains("Labs can't run"),
        "{page}"
    );
    assert!(page.contains("First lab") && page.contains("boss"));
    let mut instructor = server.person("teacher", Role::Instructor).await;
    let page = instructor.get("/admin").await.text();
    assert!(!page.contains("/role\""), "roles are for administrators");
}
