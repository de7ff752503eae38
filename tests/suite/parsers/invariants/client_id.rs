use keywright::domain::client_id::{ClientId, ClientIdPrefix, ClientIdSuffix};

use super::{harms_a_sentence, text};

/// A suffix is what was typed, without the spaces around it, and an identifier comes apart where it was put together.
pub fn client_id(data: &[u8]) {
    let Some(typed) = text(data) else { return };
    let proposed = ClientIdSuffix::propose(typed);
    assert_eq!(ClientIdSuffix::parse(proposed.as_str()).as_ref(), Ok(&proposed));
    let suffix = match ClientIdSuffix::parse(typed) {
        Err(fault) => return assert!(!fault.contains(harms_a_sentence), "{fault}"),
        Ok(suffix) => suffix,
    };
    assert_eq!(suffix.as_str(), typed.trim());
    assert!((1..=64).contains(&suffix.as_str().len()));
    assert!(suffix.as_str().bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()));
    assert_eq!(ClientIdSuffix::parse(suffix.as_str()).as_ref(), Ok(&suffix));

    let prefix = ClientIdPrefix::new([0xA3; 32]);
    let id = ClientId::new(&prefix, &suffix);
    assert_eq!(id.to_string(), id.as_str());
    assert_eq!(ClientId::stored(id.to_string()), id);
    assert_eq!(id.as_str().split_once('.'), Some((prefix.as_str(), suffix.as_str())));
    // It stands in addresses, forms and headers as it is.
    assert_eq!(url::form_urlencoded::byte_serialize(id.as_str().as_bytes()).collect::<String>(), id.as_str());
}
