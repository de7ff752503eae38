//! Before a secret is deleted or rotated the page says who still uses it: when, how often, and from where.

use keywright::domain::client::ClientType;

use crate::support::{DAY, MINUTE, Person, TestPortal};

#[test]
fn the_page_says_what_would_break() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::AuthorizationCode, "Web");
    let (secret, _) = portal.secret(&company, client, "Backend");
    let log = portal.application.operations.protocol_log();
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    let (deletion, rotation) = (format!("/secrets/{secret}/deletion"), format!("/secrets/{secret}/rotation"));
    assert!(browser.visit(&deletion).sees("Never used: nothing that we saw would break."));

    log.note_secret(secret, "192.0.2.0/24".into(), portal.clock.now());
    portal.flush();
    portal.clock.advance(DAY);
    for network in ["192.0.2.0/24", "198.51.100.0/24"] {
        log.note_secret(secret, network.into(), portal.clock.now());
    }
    portal.flush();
    portal.clock.advance(4 * MINUTE);
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    for page in [&deletion, &rotation] {
        let page = browser.visit(page);
        assert!(page.sees("Used 4 minutes ago, and from 2 networks in 30 days: deploy the new one first."));
        assert!(page.sees("Accepted 3 times, from 2 networks") && page.sees("198.51.100.0/24"));
    }
    portal.clock.advance(31 * DAY);
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    let page = browser.visit(&deletion);
    assert!(page.sees("Not used for 31 days: nothing that we saw would break."), "{}", page.text());
    assert!(page.sees("Not accepted once"));
}
