//! Renders every page, in both languages, with the sample data of [`samples`].

mod samples;

use std::{fs, path::Path};

use regex::Regex;

use crate::domain::text::Locale;

/// Elements without an end tag (HTML, 13.1.2).
const VOID: [&str; 10] = [
    "area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr",
];

/// Every page by name, rendered.
fn pages() -> impl Iterator<Item = (String, Locale, String)> {
    Locale::ALL.into_iter().flat_map(|locale| {
        samples::pages(locale)
            .into_iter()
            .map(move |(name, page)| (format!("{name}.{locale}"), locale, page.unwrap()))
    })
}

/// The first tag that closes what is not open, or is never closed.
fn unbalanced(html: &str) -> Option<String> {
    // What is inside scripts is not markup.
    let script = Regex::new(r"(?s)(<script[^>]*>).*?(</script>)").unwrap();
    let html = script.replace_all(html, "$1$2");
    let tag = Regex::new(r#"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:"[^"]*"|[^">])*)>"#).unwrap();
    let mut open: Vec<String> = Vec::new();
    for found in tag.captures_iter(&html) {
        let name = found[2].to_ascii_lowercase();
        if found[3].ends_with('/') || VOID.contains(&name.as_str()) {
            continue;
        }
        if found[1].is_empty() {
            open.push(name);
        } else if open.pop().as_deref() != Some(name.as_str()) {
            return Some(found[0].to_owned());
        }
    }
    open.pop()
}

#[test]
fn the_balance_check_itself_finds_what_is_wrong() {
    assert_eq!(unbalanced("<p>a<br><b title=\">\">c</b></p>"), None);
    assert_eq!(unbalanced("<p><b></p></b>"), Some("</p>".to_owned()));
    assert_eq!(unbalanced("<div><p></p>"), Some("div".to_owned()));
}

#[test]
fn every_page_closes_what_it_opens() {
    for (name, _, html) in pages() {
        assert_eq!(unbalanced(&html), None, "{name}");
    }
}

#[test]
fn every_page_says_its_language_and_shows_no_bare_key() {
    let code = Regex::new(r"(?s)<(code|script|style)[^>]*>.*?</(code|script|style)>").unwrap();
    let key = Regex::new(r#"(?:>|title="|aria-label=")\s*([a-z]+(?:-[a-z0-9]+)+)\s*[<"]"#).unwrap();
    for (name, locale, html) in pages() {
        let language = format!("<html lang=\"{}\">", locale.tag());
        assert!(html.contains(&language), "{name}");
        let text = code.replace_all(&html, "");
        assert!(
            key.captures(&text).is_none(),
            "{name} shows {:?}",
            key.captures(&text).map(|m| m[1].to_owned())
        );
    }
}

#[test]
fn every_id_in_a_page_is_there_once_and_every_label_has_its_field() {
    let id = Regex::new(r#"\sid="([^"]+)""#).unwrap();
    let reference =
        Regex::new(r#"\s(?:for|aria-labelledby|aria-controls|aria-describedby)="([^"]+)""#)
            .unwrap();
    for (name, _, html) in pages() {
        let mut ids: Vec<&str> = id
            .captures_iter(&html)
            .map(|m| m.get(1).unwrap().as_str())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name}: an id is there twice");
        for m in reference.captures_iter(&html) {
            assert!(ids.contains(&&m[1]), "{name}: nothing has the id {}", &m[1]);
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_the_token() {
    let form = Regex::new(r"(?s)<form[^>]*>.*?</form>").unwrap();
    for (name, _, html) in pages() {
        for found in form.find_iter(&html) {
            assert!(
                found
                    .as_str()
                    .contains("name=\"csrf\" value=\"token-of-the-sample\""),
                "{name}: {}",
                found.as_str()
            );
        }
    }
}

#[test]
fn no_page_has_a_script_or_a_style_of_its_own() {
    let script = Regex::new(r"<script(?:\s[^>]*)?>").unwrap();
    for (name, _, html) in pages() {
        for found in script.find_iter(&html) {
            let tag = found.as_str();
            assert!(
                tag.contains("src=\"/static/") || tag.contains("application/json"),
                "{name}: {tag}"
            );
        }
        for forbidden in [
            "<style",
            " style=\"",
            " onclick=",
            " onload=",
            "javascript:",
        ] {
            // A page on a preview's origin can load nothing, not even our style sheet.
            let is_complete = name.starts_with("preview.") && forbidden == "<style";
            assert!(
                is_complete || !html.contains(forbidden),
                "{name} has {forbidden}"
            );
        }
    }
}

#[test]
fn names_and_evidence_that_are_markup_stay_text() {
    for (name, _, html) in pages() {
        assert!(!html.contains("<img src=x"), "{name}");
        assert!(!html.contains("</script><b>"), "{name}");
    }
    let (_, _, admin) = pages().find(|(name, ..)| name == "admin.en").unwrap();
    assert!(
        admin.contains("&#60;img src=x"),
        "evidence is shown as text"
    );
}

/// Writes the pages into a folder, for the mock server in `web/dev`, when the tests are compiled
/// with its path: `SLIPWAY_PAGES=… cargo test every_page_can_be_written`.
#[test]
fn every_page_can_be_written() {
    for (name, _, html) in pages() {
        assert!(html.trim_end().ends_with("</html>"), "{name}");
        if let Some(folder) = option_env!("SLIPWAY_PAGES") {
            fs::create_dir_all(folder).unwrap();
            fs::write(Path::new(folder).join(format!("{name}.html")), html).unwrap();
        }
    }
}
