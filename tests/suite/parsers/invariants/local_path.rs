use keywright::portal::paths;
use url::Url;

use super::text;

/// Whoever follows a link into the portal stays there, whatever the link says about where to go on to.
pub fn local_path(data: &[u8]) {
    let Some(wanted) = text(data) else { return };
    let to = paths::local(wanted);
    assert!(to == wanted || to == paths::START);
    assert!(to.bytes().all(|byte| byte.is_ascii_graphic()));
    for portal in ["https://portal.example", "http://127.0.0.1:8080"] {
        let portal = Url::parse(portal).expect("a URL");
        let there = portal.join(to).expect("a browser follows it");
        assert_eq!(there.origin(), portal.origin(), "{wanted:?} leads away");
    }
    assert_eq!(paths::local(to), to);
}
