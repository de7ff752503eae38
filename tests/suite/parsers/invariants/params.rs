use std::collections::HashSet;

use keywright::domain::protocol::fault::Fault;
use keywright::domain::protocol::params::{Params, words};

/// Whatever is read has each parameter once and survives being written; a repeated one is always noticed.
pub fn params(data: &[u8]) {
    let sent: Vec<(String, String)> = url::form_urlencoded::parse(data).into_owned().collect();
    let mut names = HashSet::new();
    let repeated = sent.iter().any(|(name, _)| !names.insert(name));
    let params = match Params::parse(data) {
        Err(refusal) => {
            use Fault::{Malformed, ParameterRepeated, ParameterTooLong};
            assert!(matches!(refusal.fault, Malformed | ParameterRepeated | ParameterTooLong));
            return assert!(refusal.fault != ParameterRepeated || repeated);
        }
        Ok(params) => params,
    };
    assert!(!repeated, "a repeated parameter was not noticed");
    assert!(sent.len() <= Params::MAX_COUNT);
    // A parameter without a value counts as left out (RFC 6749 §3.1); all others are there, in their order.
    let filled: Vec<_> = sent.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
    assert_eq!(params.pairs(), filled);
    for (name, value) in params.pairs() {
        assert_eq!(params.get(name), Some(value.as_str()));
        assert!(value.len() <= Params::MAX_VALUE && !value.contains(['\0', '\u{1B}', '\u{FFFD}']));
        let words = words(value);
        assert!(words.iter().all(|word| !word.is_empty() && !word.contains(' ')));
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len());
    }
    assert_eq!(Params::parse(params.encoded().as_bytes()).as_ref(), Ok(&params));
    if let Some((name, _)) = params.pairs().first() {
        let again: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let fault = |more: String| Params::parse(more.as_bytes()).map_err(|refusal| refusal.fault);
        assert_eq!(fault(format!("{again}=&{}", params.encoded())), Err(Fault::ParameterRepeated));
        let beyond = params.pairs().len() == Params::MAX_COUNT;
        let expected = if beyond { Fault::ParameterTooLong } else { Fault::ParameterRepeated };
        assert_eq!(fault(format!("{}&{again}=x", params.encoded())), Err(expected));
        assert_eq!(params.without(&[name]).get(name), None);
        assert_eq!(params.only(&[name]).pairs().len(), 1);
    }
}
