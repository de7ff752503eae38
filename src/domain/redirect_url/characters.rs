//! Which characters a typed URL may have outside its host, and how a bad one is named.

use super::{MAX_URL_CHARS, UrlFault};

/// The number, from 1, of the character that starts at `byte`.
pub(in super::super) fn position(text: &str, byte: usize) -> usize {
    text[..byte].chars().count() + 1
}

/// What holds for every URL before anything in it is looked at: there is one, it isn't too long, and a person who
/// reads it sees what is there. Browsers drop tabs and line ends and turn backslashes into slashes; others don't.
pub(in super::super) fn check_readable(typed: &str) -> Result<(), UrlFault> {
    if typed.is_empty() {
        return Err(UrlFault::Empty);
    }
    let count = typed.chars().count();
    if count > MAX_URL_CHARS {
        return Err(UrlFault::TooLong { count });
    }
    match typed.chars().zip(1..).find(|(c, _)| *c == '\\' || is_invisible(*c)) {
        None => Ok(()),
        Some(('\\', at)) => Err(UrlFault::Backslash { at }),
        Some((c, at)) => Err(UrlFault::Invisible { at, c }),
    }
}

/// Path, query and fragment (RFC 3986 §3.3 to §3.5). `tail` is the end of `typed`; a fragment or a wildcard that isn't
/// wanted has been refused before.
pub(in super::super) fn check_tail(typed: &str, tail: &str) -> Result<(), UrlFault> {
    let start = position(typed, typed.len() - tail.len());
    let mut fragment = false;
    for (c, at) in tail.chars().zip(start..) {
        match c {
            '#' if fragment => return Err(UrlFault::Character { at, c }),
            '#' => fragment = true,
            _ if !c.is_ascii() => return Err(UrlFault::NonAscii { at, c }),
            _ if !is_url_char(c) => return Err(UrlFault::Character { at, c }),
            _ => {}
        }
    }
    check_percent(tail, start)?;
    check_dot_segments(tail, start)
}

/// Unreserved characters, sub-delimiters and the rest of what may stand in a path or query (RFC 3986 appendix A).
fn is_url_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/?%".contains(c)
}

/// RFC 3986 §2.1. An encoded control character is well-formed, but one careless decoding away from a header of its
/// own, and no path needs it. `tail` is ASCII here, so bytes are characters.
fn check_percent(tail: &str, start: usize) -> Result<(), UrlFault> {
    for (byte, _) in tail.match_indices('%') {
        let at = start + byte;
        let value = encoded_byte(&tail[byte..]).ok_or(UrlFault::Percent { at })?;
        let c = char::from(value);
        if c.is_ascii_control() {
            return Err(UrlFault::PercentControl { at, code: tail[byte..byte + 3].to_owned(), c });
        }
    }
    Ok(())
}

/// The byte that a text's leading `%41` stands for.
fn encoded_byte(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('%')?.get(..2)?;
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

/// Browsers resolve `/../` and its encodings before they ask, servers after, some never (RFC 3986 §6.2.2.3, WHATWG URL
/// "double-dot path segment"); servlet containers also drop `;parameters` first. Encoded slashes may end a segment.
fn check_dot_segments(tail: &str, start: usize) -> Result<(), UrlFault> {
    let path = &tail[..tail.find(['?', '#']).unwrap_or(tail.len())];
    let mut byte = 0;
    for segment in path.split('/') {
        if is_dot_segment(segment) {
            return Err(UrlFault::DotSegment { at: start + byte, segment: segment.to_owned() });
        }
        byte += segment.len() + 1;
    }
    Ok(())
}

fn is_dot_segment(segment: &str) -> bool {
    let decoded =
        segment.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/").replace("%3b", ";");
    decoded.split('/').any(|part| matches!(part.split(';').next(), Some("." | "..")))
}

/// Control characters, every kind of space, and what is drawn as nothing or reorders the text around it (Unicode's
/// Default_Ignorable_Code_Point, Bidi_Control, and a few blanks that are neither).
fn is_invisible(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// `U+202E (RIGHT-TO-LEFT OVERRIDE)`, `U+00FC “ü”`, or the code point alone where the character has no well-known name
/// and can't be shown in the middle of a sentence.
pub(super) fn named(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    match name(c) {
        Some(name) => format!("{code} ({name})"),
        None if is_showable(c) => format!("{code} “{c}”"),
        None => code,
    }
}

/// Letters and digits that are written from left to right: others could rearrange the sentence around them.
fn is_showable(c: char) -> bool {
    let right_to_left = matches!(c,
        '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}' | '\u{10800}'..='\u{10FFF}'
        | '\u{1E800}'..='\u{1EFFF}');
    c.is_ascii_graphic() || (c.is_alphanumeric() && !is_invisible(c) && !right_to_left)
}

fn name(c: char) -> Option<&'static str> {
    Some(match c {
        '\0' => "NUL",
        '\u{8}' => "BACKSPACE",
        '\t' => "TAB",
        '\n' => "LINE FEED",
        '\u{B}' => "VERTICAL TAB",
        '\u{C}' => "FORM FEED",
        '\r' => "CARRIAGE RETURN",
        '\u{1B}' => "ESCAPE",
        ' ' => "SPACE",
        '\u{7F}' => "DELETE",
        '\u{85}' => "NEXT LINE",
        '\u{A0}' => "NO-BREAK SPACE",
        '\u{AD}' => "SOFT HYPHEN",
        '\u{61C}' => "ARABIC LETTER MARK",
        '\u{200B}' => "ZERO WIDTH SPACE",
        '\u{200C}' => "ZERO WIDTH NON-JOINER",
        '\u{200D}' => "ZERO WIDTH JOINER",
        '\u{200E}' => "LEFT-TO-RIGHT MARK",
        '\u{200F}' => "RIGHT-TO-LEFT MARK",
        '\u{2028}' => "LINE SEPARATOR",
        '\u{2029}' => "PARAGRAPH SEPARATOR",
        '\u{202A}' => "LEFT-TO-RIGHT EMBEDDING",
        '\u{202B}' => "RIGHT-TO-LEFT EMBEDDING",
        '\u{202C}' => "POP DIRECTIONAL FORMATTING",
        '\u{202D}' => "LEFT-TO-RIGHT OVERRIDE",
        '\u{202E}' => "RIGHT-TO-LEFT OVERRIDE",
        '\u{202F}' => "NARROW NO-BREAK SPACE",
        '\u{2060}' => "WORD JOINER",
        '\u{2066}' => "LEFT-TO-RIGHT ISOLATE",
        '\u{2067}' => "RIGHT-TO-LEFT ISOLATE",
        '\u{2068}' => "FIRST STRONG ISOLATE",
        '\u{2069}' => "POP DIRECTIONAL ISOLATE",
        '\u{3000}' => "IDEOGRAPHIC SPACE",
        '\u{FEFF}' => "BYTE ORDER MARK",
        _ => return None,
    })
}

/// The UTF-8 bytes of a character as they stand in a URL: `%C3%BC`.
pub(super) fn percent_encoded(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")).collect()
}
