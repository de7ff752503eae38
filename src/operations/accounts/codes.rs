//! Codes sent by mail. A code is short enough to type and counts only together with a random half that the asking
//! browser keeps: what stands in the database, and what stands in the mail, are each worth nothing alone.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::super::{Operations, Result, new_id};
use crate::crypto::hashing::sha256;
use crate::crypto::random;
use crate::db::{self, Writer};
use crate::domain::id::{AccountId, CodeId};

/// How long a code is good.
pub const CODE_LASTS: Duration = Duration::from_secs(30 * 60);
/// How often it may be tried.
const MAX_TRIES: i32 = 5;

/// Crockford's base 32: no letters that look like digits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Activation,
    PasswordReset,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::PasswordReset => "password-reset",
        }
    }
}

/// What the asking browser keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Half {
    pub id: String,
    pub half: String,
}

/// Eight characters, 40 random bits.
fn draw() -> String {
    random::bytes::<8>().iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// As people read it: `ABCD-EFGH`.
pub fn shown(code: &str) -> String {
    let (first, second) = code.split_at(code.len() / 2);
    format!("{first}-{second}")
}

/// A recovery code, 80 random bits: `ABCD-EFGH-JKMN-PQRS`.
pub(super) fn recovery() -> String {
    [draw(), draw()].map(|half| shown(&half)).join("-")
}

/// What was typed, without what doesn't matter and with what looks alike put right.
pub(super) fn normalised(typed: &str) -> String {
    typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

impl Operations {
    /// Notes a new code and answers with it and the browser's half. Without an account no code will be right.
    pub(super) fn new_code(
        &self,
        writer: &mut Writer<'_>,
        purpose: Purpose,
        account: Option<AccountId>,
        usable: bool,
    ) -> Result<(String, Half)> {
        let (code, half, id) = (draw(), random::token(), new_id!(self, CodeId));
        let right = if usable { sha256(&format!("{code}:{half}")) } else { sha256(&random::token()) };
        let mailed = db::mailed_codes::MailedCode {
            id,
            purpose: purpose.as_str().to_owned(),
            account,
            code_hash: right,
            attempts: 0,
            expires_at: self.now().plus(CODE_LASTS),
        };
        db::mailed_codes::insert(writer, &mailed, self.now())?;
        Ok((code, Half { id: id.to_string(), half }))
    }

    /// Tries a code. Each try counts, right or wrong. `None`: wrong, too old, tried too often or used.
    pub(super) fn try_code(&self, purpose: Purpose, half: &Half, typed: &str) -> Result<Option<TriedCode>> {
        let Ok(id) = half.id.parse::<CodeId>() else { return Ok(None) };
        let claimed = sha256(&format!("{}:{}", normalised(typed), half.half));
        let found =
            self.db.write(|writer| db::mailed_codes::count_try(writer, id, purpose.as_str(), MAX_TRIES, self.now()))?;
        let right = found.filter(|code| bool::from(code.code_hash.as_bytes().ct_eq(claimed.as_bytes())));
        Ok(right.map(|code| TriedCode { id, account: code.account }))
    }
}

/// A code that was right. It is still to be used up.
pub(super) struct TriedCode {
    pub id: CodeId,
    pub account: Option<AccountId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        assert_eq!(normalised(" abcd-efgh "), "ABCDEFGH");
        assert_eq!(normalised("OIL0-11o0"), "01101100");
        let code = draw();
        assert_eq!(normalised(&shown(&code)), code);
        assert_eq!(shown("ABCDEFGH"), "ABCD-EFGH");
    }
}
