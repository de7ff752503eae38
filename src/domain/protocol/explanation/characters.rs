//! Characters that the eye doesn't see, or takes for others.

/// What to say of a character: those that can't be seen and those that look like another always, a space where it
/// is what differs.
pub fn name(character: char, differs: bool) -> Option<String> {
    let words = match invisible(character) {
        Some(words) => words.to_owned(),
        None if character == ' ' && differs => "space".to_owned(),
        None => match ascii_twin(character) {
            Some(twin) => format!("{} that looks like {twin}", script(character)),
            None if character.is_control() => "control character".to_owned(),
            None if !character.is_ascii() && differs && character != '…' => "not in ASCII".to_owned(),
            None => return None,
        },
    };
    Some(format!("U+{:04X}, {words}", u32::from(character)))
}

/// The name of a character that takes no room, or looks like a space.
pub fn invisible(character: char) -> Option<&'static str> {
    Some(match character {
        '\t' => "tab",
        '\n' => "line feed",
        '\r' => "carriage return",
        '\u{A0}' => "no-break space",
        '\u{AD}' => "soft hyphen",
        '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => "a space of another width",
        '\u{200B}' => "zero width space",
        '\u{200C}' => "zero width non-joiner",
        '\u{200D}' => "zero width joiner",
        '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => "mark of writing direction",
        '\u{2028}' | '\u{2029}' => "line separator",
        '\u{2060}' => "word joiner",
        '\u{FE00}'..='\u{FE0F}' => "variation selector",
        '\u{FEFF}' => "byte order mark",
        _ => return None,
    })
}

/// The ASCII character that this one is taken for.
pub fn ascii_twin(character: char) -> Option<char> {
    const TWINS: &[(&str, &str)] = &[
        // Cyrillic.
        ("аеорсухіјѕһԁԛԝ", "aeopcyxijshdqw"),
        ("АВЕКМНОРСТУХІЈЅ", "ABEKMHOPCTYXIJS"),
        // Greek.
        ("οανρικτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oavpiktuxABEZHIKMNOPTYX"),
        // Latin and signs.
        ("ıɑɡ‐‑‒–—−⁄∕：․‚“”‘’", "iag------//:.,\"\"''"),
    ];
    // Letters and signs of full width stand in the order of ASCII.
    if let '\u{FF01}'..='\u{FF5E}' = character {
        return char::from_u32(u32::from(character) - 0xFEE0);
    }
    TWINS.iter().find_map(|(like, ascii)| {
        let place = like.chars().position(|other| other == character)?;
        ascii.chars().nth(place)
    })
}

fn script(character: char) -> &'static str {
    match character {
        '\u{370}'..='\u{3FF}' => "a Greek letter",
        '\u{400}'..='\u{52F}' => "a Cyrillic letter",
        '\u{FF01}'..='\u{FF5E}' => "a character of full width",
        _ => "a character",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_deceives_the_eye_has_a_name() {
        let table = [
            ('\u{200B}', false, Some("U+200B, zero width space")),
            ('а', false, Some("U+0430, a Cyrillic letter that looks like a")),
            ('ο', false, Some("U+03BF, a Greek letter that looks like o")),
            ('／', true, Some("U+FF0F, a character of full width that looks like /")),
            ('–', true, Some("U+2013, a character that looks like -")),
            ('\u{7}', false, Some("U+0007, control character")),
            ('é', true, Some("U+00E9, not in ASCII")),
            (' ', true, Some("U+0020, space")),
            (' ', false, None),
            ('é', false, None),
            ('a', true, None),
        ];
        for (character, differs, words) in table {
            assert_eq!(name(character, differs).as_deref(), words, "{character:?}");
        }
    }

    #[test]
    fn each_twin_has_its_like() {
        for like in "аеорсухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅοανρικτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧıɑɡ‐‑‒–—−⁄∕：․‚“”‘’".chars()
        {
            assert!(ascii_twin(like).is_some_and(|twin| twin.is_ascii()), "{like}");
        }
    }
}
