//! Markdown to HTML that is safe in our pages.
//!
//! The author's text is parsed, its code blocks and images are taken out, the rest is rendered
//! and sanitised, and then the blocks and images, which are built here and not by the author, go
//! in. So nothing an author writes can pass for one of our buttons.

mod bounds;
mod code;
mod escape;
mod fence;
mod highlight;
mod sanitize;
mod svg;

use std::{collections::VecDeque, fmt};

use comrak::{
    Anchorizer, Arena, Options, create_formatter,
    html::format_node_default,
    nodes::{AstNode, NodeHtmlBlock, NodeValue},
    parse_document,
};
use std::fmt::Write as _;

use self::{
    escape::escape,
    fence::Target,
    sanitize::{ID_PREFIX, MARK},
};
use super::problem::Severity;
use crate::domain::{lab::Machine, text::Locale};

pub use self::highlight::highlight_css;

/// HTML that is safe to put into a page as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Html(String);

impl Html {
    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an image's path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image<'a> {
    /// The text of an SVG file, which becomes part of the page.
    Svg(&'a [u8]),
    /// Another picture, shown from an address.
    Picture,
    /// No such file.
    Missing,
}

/// Where a text stands.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Its language.
    pub locale: Locale,
    /// Goes in front of its ids; different for each text on a page.
    pub id_prefix: &'a str,
    /// Finds an image by the path that the author wrote.
    pub image: &'a dyn Fn(&str) -> Image<'a>,
    /// The address of a picture by the path that the author wrote.
    pub image_url: &'a dyn Fn(&str) -> String,
    /// The lab's machines; empty outside a lab, where no block can run.
    pub machines: &'a [Machine],
}

/// Something an author should know about a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line, counted from 1.
    pub line: u32,
    /// How bad it is.
    pub severity: Severity,
    /// The rule's name.
    pub rule: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// A rendered text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub html: Html,
    /// What its author should know.
    pub notes: Vec<Note>,
    /// The paths of the images it shows.
    pub images: Vec<String>,
}

struct Heading {
    id: String,
    label: String,
}

create_formatter!(Formatter<VecDeque<Heading>>, {
    NodeValue::Heading(ref heading) => |context, entering| {
        let level = heading.level;
        if entering {
            context.cr()?;
            match context.user.front() {
                Some(heading) => {
                    let open = format!("<h{level} id=\"{}\">", escape(&heading.id));
                    context.write_str(&open)?;
                }
                None => write!(context, "<h{level}>")?,
            }
        } else {
            if let Some(heading) = context.user.pop_front() {
                let anchor = format!(
                    " <a class=\"heading-anchor\" href=\"#{}\" aria-label=\"{}\">#</a>",
                    escape(&heading.id),
                    escape(&heading.label),
                );
                context.write_str(&anchor)?;
            }
            writeln!(context, "</h{level}>")?;
        }
    },
    NodeValue::Link(ref link) => |context, entering| {
        if entering {
            context.write_str("<a href=\"")?;
            context.escape_href(&link.url)?;
            if !link.title.is_empty() {
                context.write_str("\" title=\"")?;
                context.escape(&link.title)?;
            }
            context.write_str("\"")?;
            if is_external(&link.url) {
                context.write_str(" target=\"_blank\"")?;
            }
            context.write_str(">")?;
        } else {
            context.write_str("</a>")?;
        }
    },
    NodeValue::Table(_) => |context, node, entering| {
        // A wide table scrolls, which a keyboard can only do when it can be focused.
        if entering {
            context.cr()?;
            context.write_str("<div class=\"table-scroll\" tabindex=\"0\">\n")?;
            return format_node_default(context, node, entering);
        }
        format_node_default(context, node, entering)?;
        context.write_str("</div>\n")?;
    },
});

/// Renders a text whose lines end in `\n`.
pub fn render(markdown: &str, context: &Context<'_>) -> Rendered {
    if let Some(line) = bounds::line_too_deep(markdown) {
        return bounds::refused(line);
    }
    let markdown = markdown.replace(MARK, "\u{fffd}");
    let options = options();
    let arena = Arena::new();
    let root = parse_document(&arena, &markdown, &options);
    if let Some(line) = bounds::tree_too_deep(root) {
        return bounds::refused(line);
    }
    let mut work = Work {
        context,
        notes: Vec::new(),
        images: Vec::new(),
        inserts: Vec::new(),
        diagrams: 0,
    };
    let headings = work.headings(root);
    // Collected first: nodes change while we go through them.
    let nodes: Vec<_> = root.descendants().collect();
    for node in nodes {
        work.node(node);
    }
    let mut raw = String::new();
    if Formatter::format_document(root, &options, &mut raw, headings).is_err() {
        // Writing into a string can't fail; should it ever, the plain text is still readable.
        raw = escape(&markdown);
    }
    if bounds::slow_stretch(&raw).is_some() {
        return bounds::refused(1);
    }
    let html = insert(&sanitize::clean(&raw), &work.inserts);
    Rendered {
        html: Html(html),
        notes: work.notes,
        images: work.images,
    }
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.cjk_friendly_emphasis = true;
    options.render.r#unsafe = true; // sanitised afterwards
    options
}

fn is_external(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    url.starts_with("http://") || url.starts_with("https://") || url.starts_with("//")
}

/// Puts the trusted pieces in the places of their marks.
fn insert(html: &str, inserts: &[String]) -> String {
    let mut out =
        String::with_capacity(html.len() + inserts.iter().map(String::len).sum::<usize>());
    for (index, part) in html.split(MARK).enumerate() {
        // Marks come in pairs around a number: odd parts are numbers.
        if index % 2 == 0 {
            out.push_str(part);
        } else if let Some(piece) = part.parse::<usize>().ok().and_then(|n| inserts.get(n)) {
            out.push_str(piece);
        }
    }
    out
}

struct Work<'a, 'c> {
    context: &'a Context<'c>,
    notes: Vec<Note>,
    images: Vec<String>,
    inserts: Vec<String>,
    diagrams: usize,
}

impl<'c> Work<'_, 'c> {
    fn mark(&mut self, html: String) -> String {
        self.inserts.push(html);
        format!("{MARK}{}{MARK}", self.inserts.len() - 1)
    }

    fn note(
        &mut self,
        line: usize,
        severity: Severity,
        rule: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.notes.push(Note {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            severity,
            rule,
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    /// Gives each heading an id, and turns links within the text (`#heading`) into links to them.
    fn headings<'n>(&mut self, root: &'n AstNode<'n>) -> VecDeque<Heading> {
        let mut anchors = Anchorizer::new();
        let mut headings = VecDeque::new();
        let mut names = Vec::new();
        for node in root.descendants() {
            if matches!(node.data().value, NodeValue::Heading(_)) {
                let text = plain_text(node);
                let name = match anchors.anchorize(&text) {
                    name if name.is_empty() => anchors.anchorize("section"),
                    name => name,
                };
                let label = match self.context.locale {
                    Locale::Zh => format!("本节链接：{text}"),
                    Locale::En => format!("Link to this section: {text}"),
                };
                headings.push_back(Heading {
                    id: format!("{ID_PREFIX}{}{name}", self.context.id_prefix),
                    label,
                });
                names.push(name);
            }
        }
        for node in root.descendants() {
            let line = node.data().sourcepos.start.line;
            let mut data = node.data_mut();
            if let NodeValue::Link(link) = &mut data.value
                && let Some(name) = link.url.strip_prefix('#')
            {
                if !names.iter().any(|known| known == name) {
                    self.note(
                        line,
                        Severity::Warning,
                        "dead-link",
                        format!("no heading of this text has the name `#{name}`"),
                        "write the heading in lower case with `-` for spaces and without punctuation",
                    );
                }
                link.url = format!("#{ID_PREFIX}{}{name}", self.context.id_prefix);
            }
        }
        headings
    }

    fn node<'n>(&mut self, node: &'n AstNode<'n>) {
        let line = node.data().sourcepos.start.line;
        let value = node.data().value.clone();
        match value {
            NodeValue::CodeBlock(block) => {
                let html = self.code(line, &block.info, &block.literal);
                node.data_mut().value = html_block(self.mark(html));
            }
            NodeValue::Image(link) => {
                let alt = plain_text(node);
                let (html, block) = self.image(line, &link.url, &alt);
                let children: Vec<_> = node.children().collect();
                for child in children {
                    child.detach();
                }
                let alone = node.parent().filter(|parent| {
                    matches!(parent.data().value, NodeValue::Paragraph)
                        && parent
                            .first_child()
                            .is_some_and(|first| first.same_node(node))
                        && parent.last_child().is_some_and(|last| last.same_node(node))
                });
                match alone {
                    Some(paragraph) if block => {
                        node.detach();
                        let html = format!("<figure class=\"diagram\">{html}</figure>\n");
                        paragraph.data_mut().value = html_block(self.mark(html));
                    }
                    _ => {
                        let mark = self.mark(html);
                        node.data_mut().value = NodeValue::HtmlInline(mark);
                    }
                }
            }
            NodeValue::HtmlBlock(NodeHtmlBlock { literal, .. })
            | NodeValue::HtmlInline(literal) => {
                if literal.contains(MARK) {
                    return;
                }
                for name in sanitize::forbidden_elements(&literal) {
                    self.note(
                        line,
                        Severity::Warning,
                        "html-removed",
                        format!("the element <{name}> is not allowed and is taken out"),
                        "use Markdown, or one of the elements named in docs/LAB-FORMAT.md",
                    );
                }
            }
            _ => {}
        }
    }

    fn code(&mut self, line: usize, info: &str, literal: &str) -> String {
        let (mut fence, mistakes) = fence::parse(info);
        for (message, remedy) in mistakes {
            self.note(line, Severity::Error, "code-block", message, remedy);
        }
        if let Some(target) = &fence.run {
            let problem = run_problem(target, self.context.machines);
            if let Some((severity, message, remedy)) = problem {
                self.note(line, severity, "run-block", message, remedy);
                if severity == Severity::Error {
                    fence.run = None;
                    fence.interrupt = false;
                }
            }
            if code::shows_output(&fence, literal) {
                self.note(
                    line,
                    Severity::Warning,
                    "run-block",
                    "a block that runs also shows what its commands print",
                    "move the output to a block of its own (```text)",
                );
            }
        }
        code::render(&fence, literal, self.context.locale)
    }

    /// The HTML of an image, and whether it may stand alone as a figure.
    fn image(&mut self, line: usize, path: &str, alt: &str) -> (String, bool) {
        if alt.trim().is_empty() {
            self.note(
                line,
                Severity::Warning,
                "image-text",
                format!("the image `{path}` has no text for readers who do not see it"),
                "write what it shows between the brackets: `![…](…)`",
            );
        }
        let context: &Context<'c> = self.context;
        let found = (context.image)(path);
        self.images.push(path.to_owned());
        match found {
            Image::Svg(bytes) => {
                self.diagrams += 1;
                let prefix = format!("{ID_PREFIX}{}d{}-", context.id_prefix, self.diagrams);
                let source = String::from_utf8_lossy(bytes).replace(MARK, "\u{fffd}");
                let diagram = svg::inline(&source, &prefix, alt);
                if diagram.html.is_empty() {
                    self.note(
                        line,
                        Severity::Error,
                        "image",
                        format!("`{path}` holds no drawing, or one that is too complex"),
                        "save it as SVG with one <svg> element, below 512 KiB and 5,000 elements",
                    );
                    return (escape(alt), false);
                }
                (diagram.html, true)
            }
            Image::Picture => (
                format!(
                    "<img src=\"{}\" alt=\"{}\" loading=\"lazy\">",
                    escape(&(context.image_url)(path)),
                    escape(alt)
                ),
                true,
            ),
            Image::Missing => {
                self.note(
                    line,
                    Severity::Error,
                    "image",
                    format!("there is no image `{path}`"),
                    "put it in the folder `images` beside the text and write `images/<file>`; svg, png, webp and jpg work",
                );
                (escape(alt), false)
            }
        }
    }
}

/// What is taken out of an SVG file when it becomes part of a page.
pub fn removed_from_svg(source: &[u8]) -> Vec<String> {
    svg::inline(&String::from_utf8_lossy(source), "", "").removed
}

fn run_problem(target: &Target, machines: &[Machine]) -> Option<(Severity, String, String)> {
    if machines.is_empty() {
        return Some((
            Severity::Error,
            "a block outside a lab can't run: there is no terminal".to_owned(),
            "remove `run`".to_owned(),
        ));
    }
    let Target::Terminal { machine, number } = target else {
        return None;
    };
    let Some(found) = machines.iter().find(|m| m.name == *machine) else {
        let names: Vec<&str> = machines.iter().map(|m| m.name.as_str()).collect();
        return Some((
            Severity::Error,
            format!("the block runs on `{machine}`, but the lab has no such machine"),
            super::problem::suggestion(machine.as_str(), names.iter().copied()),
        ));
    };
    match found.terminals {
        0 => Some((
            Severity::Error,
            format!("the block runs on `{machine}`, which has no terminals"),
            "give the machine `terminals: 1`, or run the block elsewhere".to_owned(),
        )),
        open if *number > open => Some((
            Severity::Warning,
            format!("the block runs in terminal {number} of `{machine}`, which opens with {open}"),
            format!("give the machine `terminals: {number}`"),
        )),
        _ => None,
    }
}

fn html_block(literal: String) -> NodeValue {
    NodeValue::HtmlBlock(NodeHtmlBlock {
        block_type: 6,
        literal: literal + "\n",
    })
}

fn plain_text<'n>(node: &'n AstNode<'n>) -> String {
    let mut text = String::new();
    for child in node.descendants() {
        match &child.data().value {
            NodeValue::Text(part) => text.push_str(part),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => text.push(' '),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests;
