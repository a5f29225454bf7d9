//! Pages with real content, in both languages.

use axum::http::StatusCode;
use slipway::domain::{
    clock::Timestamp,
    measurement::{Host, ImageSize, Images, MachineMemory, Measurement},
    quantity::Bytes,
    user::Role,
};

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

#[tokio::test]
async fn what_a_lab_was_measured_to_need_is_shown_to_instructors_alone() {
    let server = server().await;
    let mut teacher = server.person("teacher", Role::Instructor).await;
    let page = teacher.get(LAB).await.text();
    assert!(page.contains("Not measured yet."), "{page}");
    assert!(page.contains("slipway lab measure first-lab"));
    assert!(teacher.get("/admin").await.text().contains("Not measured"));

    let hash = |hash: &str| Measurement {
        content_hash: hash.to_owned(),
        ..measured("first-lab")
    };
    let lab = server.app.loaded();
    let lab = lab.catalog.lab(&"first-lab".parse().unwrap()).unwrap();
    let current = hash(&lab.hash);
    server.app.keep_measurement(&current).await.unwrap();
    let mut boss = server.person("boss", Role::Admin).await;
    for staff in [&mut teacher, &mut boss] {
        for path in [LAB, "/admin"] {
            let page = staff.get(path).await.text();
            for figure in ["131 MiB", "180 MiB", "768 MiB", "4.3 s", "320 MiB"] {
                assert!(page.contains(figure), "{path} lacks {figure}: {page}");
            }
            assert!(!page.contains("changed since"), "{path}: {page}");
        }
    }
    let (mut ada, _) = server.learner("ada").await;
    for mut person in [server.visitor(), ada.clone()] {
        let page = person.get(LAB).await.text();
        assert!(page.contains("First lab"));
        assert!(!page.contains("131 MiB") && !page.contains("slipway lab measure"));
    }
    assert_eq!(ada.get("/admin").await.status, StatusCode::FORBIDDEN);

    // The lab was changed after it was measured, or an image was.
    let mut rebuilt = current;
    rebuilt.images.each[0].tag = "desk:0".to_owned();
    for outdated in [hash("another"), rebuilt] {
        server.app.keep_measurement(&outdated).await.unwrap();
        for path in [LAB, "/admin"] {
            let page = teacher.get(path).await.text();
            assert!(page.contains("changed since"), "{path}: {page}");
        }
    }
}

/// A measurement of a lab of two machines, with images that the server has.
fn measured(lab: &str) -> Measurement {
    const MIB: u64 = 1 << 20;
    let machine = |name: &str, rest: u64, promised: u64| MachineMemory {
        name: name.parse().unwrap(),
        rest_bytes: Bytes(rest * MIB),
        promised_bytes: Bytes(promised * MIB),
    };
    Measurement {
        lab: lab.parse().unwrap(),
        content_hash: String::new(),
        measured_at: Timestamp::from_millis(1_780_000_000_000),
        host: Host {
            engine: "Docker 20.10.24".to_owned(),
            cpus: 2,
            memory_bytes: Bytes(24 << 30),
        },
        start_ms: 4_321,
        machines: vec![machine("desk", 11, 256), machine("broker", 120, 512)],
        peak_bytes: Bytes(180 * MIB),
        images: Images {
            each: vec![ImageSize {
                name: "desk".parse().unwrap(),
                tag: "desk:1".to_owned(),
                bytes: Bytes(320 * MIB),
            }],
            total_bytes: Bytes(320 * MIB),
            shared_once: true,
        },
    }
}
