//! Names that a learner chose, made fit to stand in a page.

/// The longest name, in characters.
pub(super) const NAME: usize = 80;
/// The longest sentence, in characters.
pub(super) const SENTENCE: usize = 200;

/// Takes out what would not stand still: controls, and signs that turn the direction of text
/// or can't be seen. What is longer than `most` characters ends with `…`.
pub fn clean(text: &str, most: usize) -> String {
    let mut plain = text.chars().filter(|c| !is_unruly(*c));
    let mut out: String = plain.by_ref().take(most).collect();
    if plain.next().is_some() {
        out.pop();
        out.push('…');
    }
    out
}

/// A name.
pub(super) fn name(text: &str) -> String {
    clean(text, NAME)
}

fn is_unruly(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_turn_text_around_are_taken_out() {
        assert_eq!(clean("web\u{202e}gnp.exe", 80), "webgnp.exe");
        assert_eq!(clean("a\u{1b}[31mb\nc\u{200b}", 80), "a[31mbc");
        assert_eq!(clean("订单", 80), "订单");
    }

    #[test]
    fn long_names_end_with_an_ellipsis() {
        assert_eq!(clean("abcdef", 6), "abcdef");
        assert_eq!(clean("abcdefg", 6), "abcde…");
        assert_eq!(clean(&"队".repeat(100), 3), "队队…");
    }
}
