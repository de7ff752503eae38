//! What differs between what would have been right and what came: character by character, and in sentences.

mod characters;
mod hints;

use similar::{DiffTag, TextDiff};

/// What was expected, beside what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub expected: Vec<Piece>,
    pub received: Vec<Piece>,
    /// What the difference is, in sentences.
    pub hints: Vec<String>,
    /// Where it begins, counted from 1. `None` where nothing differs.
    pub first: Option<usize>,
    /// How many characters are more or less on one side.
    distance: usize,
    length: usize,
}

impl Comparison {
    /// Whether one looks like a version of the other, so that single characters tell something.
    pub fn is_close(&self) -> bool {
        self.distance * 2 <= self.length
    }
}

/// Characters that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub differs: bool,
    /// What the eye can't tell of the one character that it is: `U+200B, zero width space`.
    pub name: Option<String>,
}

impl Piece {
    /// Whether there is something to see. What can't be seen may still turn the line around it over.
    pub fn is_visible(&self) -> bool {
        !self.text.chars().any(|character| character.is_control() || characters::invisible(character).is_some())
    }
}

/// No more is compared: what is registered is never longer.
const LONGEST: usize = 2_000;

/// Each line that was expected beside what came, the nearest first.
pub fn compare(expected: &str, received: &str) -> Vec<Comparison> {
    let mut all: Vec<Comparison> = expected.lines().map(|line| beside(line, received)).collect();
    all.sort_by_key(|comparison| comparison.distance);
    all
}

fn beside(expected: &str, received: &str) -> Comparison {
    let shortened: String = received.chars().take(LONGEST).collect();
    let diff = TextDiff::from_chars(expected, shortened.as_str());
    let (wanted, came): (Vec<char>, Vec<char>) = (expected.chars().collect(), shortened.chars().collect());
    let mut comparison = Comparison {
        expected: Vec::new(),
        received: Vec::new(),
        hints: hints::between(expected, received),
        first: None,
        distance: received.chars().count() - came.len(),
        length: wanted.len() + came.len(),
    };
    for op in diff.ops() {
        let differs = op.tag() != DiffTag::Equal;
        if differs {
            comparison.first = comparison.first.or(Some(op.new_range().start + 1));
            comparison.distance += op.old_range().len() + op.new_range().len();
        }
        add(&mut comparison.expected, &wanted[op.old_range()], differs);
        add(&mut comparison.received, &came[op.new_range()], differs);
    }
    if received.len() > shortened.len() {
        add(&mut comparison.received, &['…'], true);
    }
    comparison
}

fn add(pieces: &mut Vec<Piece>, characters: &[char], differs: bool) {
    for character in characters {
        let name = characters::name(*character, differs);
        match pieces.last_mut() {
            Some(last) if last.differs == differs && last.name.is_none() && name.is_none() => {
                last.text.push(*character)
            }
            _ => pieces.push(Piece { text: character.to_string(), differs, name }),
        }
    }
}

/// Everything about one text that the eye can't see.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let shown: Vec<char> = text.chars().take(LONGEST).collect();
    add(&mut pieces, &shown, false);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: &[Piece]) -> String {
        pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn the_nearest_line_comes_first_and_the_first_difference_is_found() {
        let expected = "https://app.example.com/callback\nhttps://pay.example.com/return";
        let all = compare(expected, "https://pay.example.com/returns");
        assert_eq!(text(&all[0].expected), "https://pay.example.com/return");
        assert_eq!(all[0].first, Some(31));
        let last = all[0].received.last().unwrap();
        assert_eq!((last.text.as_str(), last.differs), ("s", true));
        assert!(all[0].is_close() && all[1].distance > all[0].distance);
    }

    #[test]
    fn what_is_equal_has_no_difference() {
        let all = compare("https://app.example.com/", "https://app.example.com/");
        assert_eq!((all[0].first, all[0].hints.len()), (None, 0));
    }

    #[test]
    fn both_sides_are_whole() {
        for (expected, received) in [("abc", "abd"), ("", "x"), ("x", ""), ("аbc", "abc\u{200B}"), ("ab", "ba")] {
            for comparison in compare(expected, received) {
                assert_eq!(text(&comparison.expected), expected);
                assert_eq!(text(&comparison.received), received);
            }
        }
    }

    #[test]
    fn what_can_not_be_seen_stands_alone_with_its_name() {
        let all = compare("https://app.example.com/", "https://app.example.com/\u{200B}");
        let last = all[0].received.last().unwrap();
        assert_eq!(last.name.as_deref(), Some("U+200B, zero width space"));
        assert!(last.differs);
    }

    #[test]
    fn something_else_altogether_is_not_close() {
        assert!(!compare("roles", "https://app.example.com/callback")[0].is_close());
    }

    #[test]
    fn a_very_long_text_is_cut() {
        let all = compare("https://app.example.com/", &format!("https://app.example.com/{}", "x".repeat(8_000)));
        assert!(text(&all[0].received).chars().count() == LONGEST + 1);
        assert!(text(&all[0].received).ends_with('…'));
    }
}
