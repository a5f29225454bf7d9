use super::*;
use crate::domain::lab::Profile;

fn machine(name: &str, terminals: u8) -> Machine {
    Machine {
        name: name.parse().unwrap(),
        image: name.parse().unwrap(),
        profile: Profile::Plain,
        memory: crate::domain::quantity::ByteSize::mib(256),
        cpus: 1.0,
        disk: crate::domain::quantity::ByteSize::mib(256),
        terminals,
        env: std::collections::BTreeMap::default(),
    }
}

fn rendered(markdown: &str) -> Rendered {
    let machines = [machine("desk", 2), machine("broker", 0)];
    render(
        markdown,
        &Context {
            locale: Locale::En,
            id_prefix: "s1-",
            image: &|path| match path {
                "images/a.svg" => Image::Svg(b"<svg><title id=\"t\">T</title></svg>"),
                "images/b.png" => Image::Picture,
                _ => Image::Missing,
            },
            image_url: &|path| format!("/assets/\"{path}"),
            machines: &machines,
        },
    )
}

fn html(markdown: &str) -> String {
    rendered(markdown).html.as_str().to_owned()
}

#[test]
fn scripts_handlers_and_foreign_frames_never_reach_a_page() {
    let handler = regex::Regex::new(r#"<[a-z]+( [a-z-]+(="[^"]*")?)* on[a-z]+="#).unwrap();
    for evil in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "![x](javascript:alert(1))",
        "<iframe src=//evil></iframe>",
        "<form action=//evil><input name=csrf><button>go</button></form>",
        "<div style=\"position:fixed\">x</div>",
        "<svg onload=alert(1)></svg>",
        "<p onclick=alert(1)>x</p>",
        "<style>body{display:none}</style>",
        "<details ontoggle=alert(1) open><summary>x</summary></details>",
        "```\"><script>alert(1)</script>\nx\n```",
        "```bash run=\"><script>alert(1)</script>\nx\n```",
        "<a title=\"\n\n```bash\n\"><script>alert(1)</script>\n```\n\n\">",
        "# <img src=x onerror=alert(1)>",
        "[x](# \"\\\"><script>alert(1)</script>\")",
    ] {
        let html = html(evil);
        // Text that only shows markup is escaped, so any of these would be real markup.
        for bad in [
            "<script",
            "<img src=\"x",
            "<iframe",
            "<form",
            "<input",
            "<style",
            " style=",
            "href=\"javascript",
            "href=\"data",
        ] {
            assert!(!html.contains(bad), "{evil} → {html}");
        }
        assert!(!handler.is_match(&html), "{evil} → {html}");
    }
}

#[test]
fn an_author_can_t_forge_our_buttons_or_marks() {
    let forged = html(
        "<figure class=\"code-block\" data-run=\"desk:1\"><button class=\"code-run\">x</button></figure>\n\n\u{e000}0\u{e000}\n\n```bash\nls\n```\n",
    );
    assert_eq!(forged.matches("code-block").count(), 1, "{forged}");
    assert!(!forged.contains("code-run"), "{forged}");
}

#[test]
fn a_block_inside_a_half_open_attribute_does_not_land_there() {
    let html = html("<div title=\"\n\n```bash\nls\n```\n\n\">text</div>\n");
    assert!(!html.contains("title=\"<figure"), "{html}");
}

#[test]
fn headings_have_unique_ids_also_in_chinese_and_links_find_them() {
    let rendered =
        rendered("## 怎么停\n\n## 怎么停\n\n## What's new?\n\n[上](#怎么停) [x](#nowhere)\n");
    let html = rendered.html.as_str();
    for id in ["h-s1-怎么停", "h-s1-怎么停-1", "h-s1-whats-new"] {
        assert!(html.contains(&format!("<h2 id=\"{id}\">")), "{html}");
    }
    assert!(
        html.contains("<a href=\"#h-s1-%E6%80%8E%E4%B9%88%E5%81%9C\""),
        "{html}"
    );
    assert_eq!(rendered.notes.len(), 1);
    assert_eq!(
        (rendered.notes[0].rule, rendered.notes[0].line),
        ("dead-link", 7)
    );
}

#[test]
fn an_author_s_own_id_is_dropped() {
    assert!(!html("<h2 id=\"csrf\">x</h2>").contains("csrf"));
}

#[test]
fn external_links_open_elsewhere_and_internal_ones_here() {
    let external = html("[x](https://example.org/?a=1&b=2) <https://example.org>");
    assert_eq!(
        external.matches("target=\"_blank\"").count(),
        2,
        "{external}"
    );
    assert_eq!(external.matches("rel=\"noopener noreferrer\"").count(), 2);
    assert!(!html("[x](../other)").contains("target"));
}

#[test]
fn tables_details_and_keys_survive() {
    let html = html(
        "| a | b |\n|:--|--:|\n| 1 | **二** |\n\n<details>\n<summary>Why? <kbd>Ctrl</kbd><br></summary>\n\nBecause **so**.\n\n</details>\n",
    );
    for part in [
        "<div class=\"table-scroll\" tabindex=\"0\">",
        "<th align=\"right\">b</th>",
        "</table>\n</div>",
        "<details>",
        "<summary>Why? <kbd>Ctrl</kbd><br></summary>",
        "<strong>so</strong>",
        "<strong>二</strong>",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
}

#[test]
fn footnotes_stay_plain_text() {
    assert!(!html("a[^1]\n\n[^1]: b\n").contains("footnote"));
}

#[test]
fn images_become_diagrams_or_addresses_and_missing_ones_their_text() {
    let rendered = rendered(
        "![A](images/a.svg)\n\ntext ![B](images/b.png)\n\n![C](images/c.png)\n\n![D](https://evil/x.png)\n\n![](images/a.svg)\n",
    );
    let html = rendered.html.as_str();
    assert!(
        html.contains(
            "<figure class=\"diagram\"><svg role=\"img\" aria-label=\"A\"><title id=\"h-s1-d1-t\">"
        ),
        "{html}"
    );
    assert!(html.contains("h-s1-d2-t"), "{html}");
    assert!(
        html.contains("<img src=\"/assets/&quot;images/b.png\" alt=\"B\" loading=\"lazy\">"),
        "{html}"
    );
    assert!(!html.contains("evil"), "{html}");
    let rules: Vec<_> = rendered.notes.iter().map(|n| (n.rule, n.line)).collect();
    assert_eq!(rules, [("image", 5), ("image", 7), ("image-text", 9)]);
}

#[test]
fn a_run_block_on_an_unknown_machine_is_reported_and_does_not_run() {
    let wrong = rendered("```bash run=desc\nls\n```\n");
    assert!(!wrong.html.as_str().contains("data-run"));
    assert_eq!(wrong.notes[0].remedy, "did you mean `desk`?");
    assert_eq!(
        rendered("```bash run=broker\nls\n```\n").notes[0].severity,
        Severity::Error
    );
    assert_eq!(
        rendered("```bash run=desk:3\nls\n```\n").notes[0].severity,
        Severity::Warning
    );
    assert_eq!(rendered("```bash run=desk:2\nls\n```\n").notes, []);
}

#[test]
fn code_blocks_keep_working_inside_lists() {
    let html = html("1. one\n\n   ```bash run\n   ls\n   ```\n\n2. two\n");
    assert!(
        html.contains("<li>\n<p>one</p>\n<figure class=\"code-block\""),
        "{html}"
    );
    assert_eq!(html.matches("<ol>").count(), 1);
}

#[test]
fn texts_made_to_take_long_are_refused_or_take_as_long_as_others() {
    let refused = [
        "> ".repeat(20_000),
        ">".repeat(20_000),
        "- ".repeat(20_000),
        "1. ".repeat(20_000),
        (0..300).fold(String::new(), |text, n| text + &"  ".repeat(n) + "- a\n"),
        "<div>".repeat(20_000),
        format!("x {}", "<b>".repeat(20_000)),
        "&".repeat(50_000),
        "<a ".repeat(20_000),
        "a\n".repeat(50_000),
        "\"".repeat(50_000),
        "*a **a ".repeat(20_000) + &"b** b* ".repeat(20_000),
    ];
    for text in refused {
        let rendered = rendered(&text);
        let rules: Vec<_> = rendered.notes.iter().map(|note| note.rule).collect();
        assert_eq!(rules, ["markdown-too-complex"], "{}", &text[..20]);
    }
    for text in [
        "[".repeat(50_000),
        "*a ".repeat(50_000),
        "![".repeat(50_000),
        "`".repeat(50_000),
        "|".repeat(50_000),
        "a|a\n-|-\n".repeat(1000),
        "[a](".repeat(20_000),
        "& `x` ".repeat(30_000),
    ] {
        assert!(!html(&text).is_empty());
    }
}

#[test]
fn drawings_made_to_take_long_are_refused() {
    let wrap = |inside: String| format!("<svg>{inside}</svg>");
    for source in [
        wrap("<g>".repeat(20_000)),
        wrap("&amp;".repeat(20_000)),
        wrap("\n".repeat(20_000)),
        wrap(" ".repeat(1 << 20)),
    ] {
        assert_eq!(svg::inline(&source, "", "").html, "");
    }
    let busy = wrap("<path d=\"M0 0\"/>\n".repeat(2_000));
    assert!(svg::inline(&busy, "", "").html.contains("<path"));
    let deep = wrap("<g>".repeat(3_000));
    assert!(!svg::inline(&deep, "", "").html.is_empty());
}
