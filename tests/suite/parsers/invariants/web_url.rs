use keywright::domain::web_url::WebUrl;
use url::{Host, Url};

use super::{harms_a_sentence, text};

/// What is shown as a link leads to an https address on a public host, and can't break out of the page.
pub fn web_url(data: &[u8]) {
    let Some(typed) = text(data) else { return };
    let kept = match WebUrl::parse(typed) {
        Err(fault) => return assert!(!fault.to_string().contains(harms_a_sentence), "{fault}"),
        Ok(kept) => kept,
    };
    assert_eq!(WebUrl::parse(kept.as_str()).as_ref(), Ok(&kept));
    assert_eq!(WebUrl::parse_optional(typed), Ok(Some(kept.clone())));
    assert!(
        kept.as_str().bytes().all(|byte| byte.is_ascii_graphic()) && !kept.as_str().contains(['"', '<', '>', '\\'])
    );
    let browser = Url::parse(kept.as_str()).expect("a browser reads it");
    let before = Url::parse(typed).expect("and what was typed");
    assert_eq!(browser, before, "putting it in lower case changed where it leads");
    assert!(browser.scheme() == "https" && browser.username().is_empty() && browser.password().is_none());
    match browser.host().expect("a host") {
        Host::Ipv4(address) => assert!(!address.is_loopback() && !address.is_private() && !address.is_link_local()),
        Host::Ipv6(address) => assert!(!address.is_loopback() && !address.is_unspecified()),
        Host::Domain(name) => assert!(name.contains('.') && !name.ends_with(".localhost") && !name.ends_with('.')),
    }
}
