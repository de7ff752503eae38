use keywright::domain::registration_token::{PlainToken, TokenKind};
use keywright::domain::secret::PlainSecret;
use keywright::domain::service::Environment;

use super::text;

/// What is taken for a secret has its form, and no slip of one character goes unnoticed. The bytes are a claimed secret
/// and, beside that, what secrets are drawn from.
pub fn secret(data: &[u8]) {
    if let Some((environment, secret)) = text(data).and_then(PlainSecret::parse) {
        assert_eq!(Some(secret.expose()), text(data));
        has_the_form(environment, &secret);
    }
    if let Some(claimed) = text(data) {
        for kind in [TokenKind::Initial, TokenKind::Management] {
            if let Some(token) = PlainToken::parse(kind, claimed) {
                assert_eq!(token.expose(), claimed);
                assert!(token.expose()[4..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
                assert!(PlainSecret::parse(claimed).is_none(), "a token and a secret at once");
            }
        }
    }
    for environment in Environment::ALL {
        let drawn = PlainSecret::generate(environment, draw_from(data));
        has_the_form(environment, &drawn);
        let known = PlainSecret::parse(drawn.expose()).expect("what was drawn is a secret");
        assert!(known.0 == environment && known.1.expose() == drawn.expose());
        notices_slips(drawn.expose());
    }
}

fn has_the_form(environment: Environment, secret: &PlainSecret) {
    let prefix = format!("kws_{}_", environment.as_str());
    let rest = secret.expose().strip_prefix(&prefix).expect("the prefix of its environment");
    assert!(rest.len() == 49 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{}", secret.expose());
    assert!(secret.expose().ends_with(secret.last_four()) && secret.last_four().len() == 4);
}

fn notices_slips(secret: &str) {
    let refused = |slip: &str| assert!(PlainSecret::parse(slip).is_none(), "{slip} passes for {secret}");
    for at in 0..secret.len() {
        let (before, after) = (&secret[..at], &secret[at + 1..]);
        let typed = secret.as_bytes()[at];
        for other in [b'0', b'O', b'l', b'1', b' ', typed.wrapping_add(1) & 0x7F, typed ^ 0x20] {
            if other != typed {
                refused(&format!("{before}{}{after}", char::from(other)));
            }
        }
        refused(&format!("{before}{after}"));
        refused(&format!("{before}é{after}"));
    }
    refused(&format!("{secret} "));
    refused(&secret.to_ascii_uppercase());
}

/// The bytes again and again; between them such that drawing always ends.
fn draw_from(data: &[u8]) -> impl FnMut() -> u8 {
    let mut given = data.iter().copied().cycle();
    let mut turn = 0u8;
    move || {
        turn = turn.wrapping_add(1);
        if turn.is_multiple_of(4) { turn } else { given.next().unwrap_or(turn) }
    }
}
