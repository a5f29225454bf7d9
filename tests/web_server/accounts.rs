//! Accounts, login sessions, forged forms.

use axum::http::{Method, StatusCode};
use serde_json::json;
use slipway::domain::user::Role;

use crate::support::{PASSWORD, server, server_with};

const CREDENTIALS: [(&str, &str); 2] = [("username", "ada"), ("password", PASSWORD)];

#[tokio::test]
async fn somebody_registers_signs_out_and_signs_in_again() {
    let server = server().await;
    let mut ada = server.person("ada", Role::Student).await;
    assert!(ada.get("/me").await.text().contains("ada"));
    assert_eq!(ada.form("/sign-out", &[]).await.location(), "/");
    assert!(!ada.cookies.contains_key("slipway_login"));
    assert_eq!(ada.get("/me").await.location(), "/sign-in?next=/me");
    let mut fields = CREDENTIALS.to_vec();
    fields.push(("next", "/me"));
    let answer = ada.form("/sign-in", &fields).await;
    assert_eq!(
        (answer.status, answer.location().as_str()),
        (StatusCode::SEE_OTHER, "/me")
    );
    assert_eq!(ada.get("/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_wrong_with_a_form_stands_beside_its_field_in_both_languages() {
    let server = server().await;
    server.person("ada", Role::Student).await;
    for (language, taken, differs, short) in [
        (
            "en",
            "Somebody has this user name",
            "The two passwords differ",
            "The password is too short",
        ),
        (
            "zh-CN",
            "这个用户名已经有人用了",
            "两次输入的密码不一样",
            "密码太短",
        ),
    ] {
        let mut visitor = server.visitor();
        visitor.headers[1].1 = language.to_owned();
        let tries = [
            ("ADA", PASSWORD, PASSWORD, taken),
            ("bob", PASSWORD, "other", differs),
            ("bob", "short", "short", short),
        ];
        for (name, password, repeat, expected) in tries {
            let fields = [
                ("username", name),
                ("password", password),
                ("repeat", repeat),
            ];
            let answer = visitor.form("/register", &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                answer.text().contains(expected),
                "{expected}: {}",
                answer.text()
            );
            assert!(!answer.text().contains(PASSWORD));
        }
    }
}

#[tokio::test]
async fn a_wrong_password_says_so_without_telling_which_names_exist() {
    let server = server().await;
    server.person("ada", Role::Student).await;
    let mut texts = Vec::new();
    for name in ["ada", "nobody"] {
        let mut visitor = server.visitor();
        let answer = visitor
            .form("/sign-in", &[("username", name), ("password", "wrong")])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = answer.text();
        let (_, error) = text.split_once("field-error").expect("an error");
        texts.push(error.split("</p>").next().unwrap().to_owned());
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn guessing_ends_in_429_with_words() {
    let server = server().await;
    let mut visitor = server.visitor();
    let mut last = None;
    for _ in 0..11 {
        let fields = [("username", "ada"), ("password", "wrong")];
        last = Some(visitor.form("/sign-in", &fields).await);
    }
    let last = last.unwrap();
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.text().contains("Too many tries"), "{}", last.text());
}

#[tokio::test]
async fn a_form_without_the_right_token_is_refused() {
    let server = server().await;
    let mut visitor = server.visitor();
    // No cookie at all.
    let answer = visitor.bare_form("/sign-in", &CREDENTIALS).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let mut fields = CREDENTIALS.to_vec();
    fields.push(("csrf", ""));
    assert_eq!(
        visitor.bare_form("/sign-in", &fields).await.status,
        StatusCode::FORBIDDEN
    );
    // The token of somebody else's page.
    let foreign = server.visitor().csrf().await;
    fields[2].1 = &foreign;
    visitor.csrf().await;
    assert_eq!(
        visitor.bare_form("/sign-in", &fields).await.status,
        StatusCode::FORBIDDEN
    );
    // A visitor's token does not outlive the sign-in.
    let mut ada = server.visitor();
    let before = ada.csrf().await;
    let register = [
        ("username", "ada"),
        ("password", PASSWORD),
        ("repeat", PASSWORD),
    ];
    ada.form("/register", &register).await;
    let answer = ada.bare_form("/sign-out", &[("csrf", &before)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(
        ada.get("/me").await.status,
        StatusCode::OK,
        "still signed in"
    );
}

#[tokio::test]
async fn what_another_site_sends_is_refused_even_with_the_right_token() {
    let server = server().await;
    let mut ada = server.person("ada", Role::Student).await;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let mut there = ada.clone();
        let csrf = there.csrf().await;
        there.headers.push((name, value.to_owned()));
        let answer = there.bare_form("/sign-out", &[("csrf", &csrf)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(ada.get("/me").await.status, StatusCode::OK);
    ada.headers.push(("origin", "http://test".to_owned()));
    ada.headers
        .push(("sec-fetch-site", "same-origin".to_owned()));
    assert_eq!(
        ada.form("/sign-out", &[]).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_planted_login_cookie_is_not_taken_over() {
    let server = server().await;
    server.person("ada", Role::Student).await;
    let mut victim = server.visitor();
    victim
        .cookies
        .insert("slipway_login".into(), "planted".into());
    victim.form("/sign-in", &CREDENTIALS).await;
    assert_ne!(victim.cookies["slipway_login"], "planted");
    let mut attacker = server.visitor();
    attacker
        .cookies
        .insert("slipway_login".into(), "planted".into());
    assert_eq!(attacker.get("/me").await.status, StatusCode::SEE_OTHER);
    // Signing in anew ends the session before.
    let mut old = victim.clone();
    victim.form("/sign-in", &CREDENTIALS).await;
    assert_eq!(old.get("/me").await.status, StatusCode::SEE_OTHER);
    assert_eq!(victim.get("/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_cookie_is_worth_nothing_after_signing_out_or_changing_the_password() {
    let server = server().await;
    let mut ada = server.person("ada", Role::Student).await;
    let mut copy = ada.clone();
    ada.form("/sign-out", &[]).await;
    assert_eq!(copy.get("/me").await.status, StatusCode::SEE_OTHER);

    ada.form("/sign-in", &CREDENTIALS).await;
    let mut copy = ada.clone();
    let fields = [
        ("current", "wrong"),
        ("password", "another horse"),
        ("repeat", "another horse"),
    ];
    let answer = ada.form("/me/password", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("not your current password"));
    let fields = [
        ("current", PASSWORD),
        ("password", "another horse"),
        ("repeat", "another horse"),
    ];
    let answer = ada.form("/me/password", &fields).await;
    assert_eq!(answer.location(), "/me?done=password", "{}", answer.text());
    assert!(
        ada.get("/me?done=password")
            .await
            .text()
            .contains("Your password is changed")
    );
    assert_eq!(copy.get("/me").await.status, StatusCode::SEE_OTHER);
    let call = copy
        .call(Method::POST, "/api/attempts/x/reset", json!({}))
        .await;
    assert_eq!(call.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn signing_in_leads_nowhere_else() {
    let server = server().await;
    server.person("ada", Role::Student).await;
    for next in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
    ] {
        let mut visitor = server.visitor();
        let mut fields = CREDENTIALS.to_vec();
        fields.push(("next", next));
        let answer = visitor.form("/sign-in", &fields).await;
        assert_eq!(answer.location(), "/", "{next}");
        let back = [("locale", "zh"), ("back", next)];
        assert_eq!(
            visitor.form("/language", &back).await.location(),
            "/",
            "{next}"
        );
    }
    let page = server
        .visitor()
        .get("/sign-in?next=https://evil.example")
        .await
        .text();
    assert!(!page.contains("evil.example\" "), "{page}");
}

#[tokio::test]
async fn the_first_administrator_s_link_works_once() {
    let server = server().await;
    let link = server.app.first_admin_link().await.unwrap().unwrap();
    let mut visitor = server.visitor();
    assert!(
        visitor
            .get("/setup?token=wrong")
            .await
            .text()
            .contains("no longer")
    );
    assert!(
        visitor
            .get(&format!("/setup?token={link}"))
            .await
            .text()
            .contains(&link)
    );
    let fields = [
        ("token", link.as_str()),
        ("username", "root1"),
        ("password", PASSWORD),
        ("repeat", PASSWORD),
    ];
    let answer = visitor.form("/setup", &fields).await;
    assert_eq!(answer.location(), "/admin", "{}", answer.text());
    assert_eq!(visitor.get("/admin").await.status, StatusCode::OK);
    let mut late = server.visitor();
    let fields = [
        ("token", link.as_str()),
        ("username", "root2"),
        ("password", PASSWORD),
        ("repeat", PASSWORD),
    ];
    let answer = late.form("/setup", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!late.cookies.contains_key("slipway_login"));
}

#[tokio::test]
async fn over_tls_cookies_are_bound_to_the_host() {
    let server = server_with(|c| c.public_url = "https://lab.example".into()).await;
    let ada = server.person("ada", Role::Student).await;
    assert!(
        ada.cookies.contains_key("__Host-slipway_login"),
        "{:?}",
        ada.cookies
    );
    let answer = server.visitor().get("/courses/demo").await;
    assert!(
        answer
            .header("strict-transport-security")
            .contains("max-age")
    );
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-slipway_csrf=") && cookie.contains("Secure"),
        "{cookie}"
    );
}

#[tokio::test]
async fn the_language_is_chosen_kept_and_offered() {
    let server = server().await;
    let mut visitor = server.visitor();
    visitor
        .headers
        .retain(|(name, _)| *name != "accept-language");
    assert!(
        visitor
            .get("/courses/demo")
            .await
            .text()
            .contains("示例课程")
    );
    let fields = [("locale", "en"), ("back", "/courses/demo?x=1")];
    let answer = visitor.form("/language", &fields).await;
    assert_eq!(answer.location(), "/courses/demo?x=1");
    let page = visitor.get("/courses/demo").await.text();
    assert!(page.contains("Demo course") && page.contains("lang=\"en\""));
    let answer = visitor
        .form("/language", &[("locale", "fr"), ("back", "/")])
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
