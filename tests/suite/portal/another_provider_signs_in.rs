//! Another OpenID provider can sign people in, once they have proved both that they are somebody there and that the
//! account here is theirs. Nothing that is forged, of somebody else or from another browser is believed.

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::support::{
    Browser, CLIENT_SECRET, FakeProvider, HOUR, MINUTE, PASSWORD, PROVIDER, Person, SECOND, Served, TestPortal, Wrong,
};

const BUTTON: &str = "Sign in with Example ID";

fn links(portal: &TestPortal) -> i64 {
    portal.number("SELECT count(*) AS n FROM external_identities")
}

fn events(portal: &TestPortal, action: &str) -> i64 {
    portal.number(&format!("SELECT count(*) AS n FROM audit_events WHERE action = '{action}'"))
}

/// A browser whose person was asked to link the account and has done so.
fn link(portal: &TestPortal, email: &str) -> Browser {
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    let page = browser.follow(BUTTON);
    assert_eq!(page.heading(), "Link to your account", "{}", page.text());
    assert!(page.sees(email));
    browser.fill("Password", PASSWORD);
    let page = browser.press("Link and sign in");
    assert!(page.sees("From now on you can also sign in with Example ID."), "{}", page.text());
    browser
}

/// Goes as far as the provider's answer, and gives the address that the browser is sent back to.
fn answer_for(browser: &Browser) -> String {
    let location = |url: &str| {
        let answer = browser.http.get(url).send().expect("an answer");
        answer.headers()["location"].to_str().expect("an address").to_owned()
    };
    let back = location(&location(&format!("{}/sign-in/external", browser.base)));
    back.strip_prefix(&browser.base).expect("back to the portal").to_owned()
}

#[test]
fn a_real_one_signs_in_and_is_linked() {
    let Some((portal, provider)) = TestPortal::with_real_provider() else { return };
    portal.company("northwind");
    let email = Person::Developer.email("northwind");

    // Nobody here, and nobody who is known for sure.
    provider.person("stranger", "stranger@elsewhere.example", true);
    let mut browser = Browser::new(&portal.url);
    browser.visit("/services");
    let page = browser.follow(BUTTON);
    assert_eq!((page.status, page.heading().as_str()), (403, "No account here for stranger@elsewhere.example"));
    provider.person("doubtful", &email, false);
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    let page = browser.follow(BUTTON);
    assert_eq!((page.status, page.heading().as_str()), (403, "Your address is not verified"));
    assert_eq!(links(&portal), 0);

    provider.person("dora", &email, true);
    let mut browser = link(&portal, &email);
    assert!(browser.is_signed_in());
    assert_eq!((links(&portal), events(&portal, "identity.linked")), (1, 1));
    let mail = portal.mail_to(&email);
    assert!(mail.iter().any(|letter| letter.contains("sign in with Example ID")), "{mail:?}");

    // From now on without a password, and back to where one wanted to go.
    let mut again = Browser::new(&portal.url);
    again.visit("/services/new");
    let page = again.follow(BUTTON);
    assert_eq!((page.status, page.path.as_str()), (200, "/services/new"));
    assert!(again.is_signed_in() && again.page().sees("Example ID"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM external_identities WHERE last_used_at IS NOT NULL"), 1);

    // The same address is not the same person.
    provider.person("another", &email, true);
    let mut other = Browser::new(&portal.url);
    other.visit("/sign-in");
    assert_eq!(other.follow(BUTTON).heading(), "Link to your account");
}

#[test]
fn linking_takes_the_password_and_the_second_factor() {
    let (portal, provider) = TestPortal::with_fake_provider();
    portal.company("northwind");
    let enrolled = portal.enrolled(Person::Developer, "northwind");
    provider.person("dora", &enrolled.email, true);
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    browser.follow(BUTTON);
    browser.fill("Password", "a wrong test password");
    assert_eq!(browser.press("Link and sign in").status, 422);
    browser.fill("Password", PASSWORD);
    assert_eq!(browser.press("Link and sign in").heading(), "Your second factor");
    assert_eq!(links(&portal), 0);
    browser.fill("Code", "000000");
    assert_eq!(browser.press("Sign in").status, 422);
    assert_eq!(links(&portal), 0);
    browser.fill("Code", &enrolled.app.code(portal.clock.now()));
    assert!(browser.press("Sign in").sees("From now on you can also sign in"));
    assert_eq!(links(&portal), 1);

    // A linked sign-in is still asked for it.
    portal.clock.advance(30 * SECOND);
    let mut again = Browser::new(&portal.url);
    again.visit("/sign-in");
    assert_eq!(again.follow(BUTTON).heading(), "Your second factor");
    assert!(!again.is_signed_in());
    again.visit("/sign-in/code");
    again.fill("Code", &enrolled.app.code(portal.clock.now()));
    assert_eq!(again.press("Sign in").path, "/");
}

#[test]
fn sensitive_acts_still_want_the_password() {
    let (portal, provider) = TestPortal::with_fake_provider();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    provider.person("theo", &Person::Administrator.email("northwind"), true);
    link(&portal, &Person::Administrator.email("northwind"));
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    browser.follow(BUTTON);
    browser.visit(&format!("/services/{service}/deletion"));
    assert_eq!(browser.press("Delete service").heading(), "Confirm it's you");
    browser.fill("Password", PASSWORD);
    assert!(browser.press("Confirm").sees("deleted"));
}

#[test]
fn guessing_the_password_when_linking_is_slowed_down() {
    let (portal, provider) = TestPortal::with_fake_provider();
    portal.company("northwind");
    provider.person("dora", &Person::Developer.email("northwind"), true);
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    browser.follow(BUTTON);
    for _ in 0..5 {
        browser.fill("Password", "a wrong test password");
        assert_eq!(browser.press("Link and sign in").status, 422);
    }
    browser.fill("Password", PASSWORD);
    assert_eq!(browser.press("Link and sign in").status, 429);
    assert_eq!(links(&portal), 0);
}

#[test]
fn an_account_is_linked_from_inside_and_unlinked() {
    let (portal, provider) = TestPortal::with_fake_provider();
    portal.company("northwind");
    let email = Person::Developer.email("northwind");
    // With whatever address, verified or not: who is signed in proves the account, the provider the person.
    provider.person("dora at home", "dora@home.example", false);
    provider.tells_email_apart();
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    portal.clock.advance(16 * MINUTE);
    browser.visit("/account");
    let page = browser.follow("Link Example ID");
    assert_eq!((page.path.as_str(), page.heading().as_str()), ("/account/identities/new", "Link Example ID?"));
    assert!(page.sees("dora@home.example"));
    assert_eq!(links(&portal), 0);
    assert_eq!(browser.press("Link Example ID").heading(), "Confirm it's you");
    browser.fill("Password", PASSWORD);
    assert!(browser.press("Confirm").sees("From now on you can also sign in with Example ID."));
    assert_eq!(links(&portal), 1);
    let mut by_link = Browser::new(&portal.url);
    by_link.visit("/sign-in");
    assert_eq!(by_link.follow(BUTTON).path, "/");

    // Nobody else can have it.
    let mut other = portal.signed_in(Person::Approver, "northwind");
    other.visit("/account");
    other.follow("Link Example ID");
    assert!(other.press("Link Example ID").sees("linked to another account already"));
    assert_eq!(links(&portal), 1);

    portal.clock.advance(16 * MINUTE);
    browser.visit("/account");
    assert_eq!(browser.press("Unlink Example ID").heading(), "Confirm it's you");
    browser.fill("Password", PASSWORD);
    assert!(browser.press("Confirm").sees("It is unlinked"));
    assert_eq!((links(&portal), events(&portal, "identity.unlinked")), (0, 1));
    assert!(!by_link.is_signed_in());
    let mut again = Browser::new(&portal.url);
    again.visit("/sign-in");
    assert_eq!(again.follow(BUTTON).heading(), "Your address is not verified");
    assert!(portal.mail_to(&email).iter().any(|letter| letter.contains("was linked to your account")));
}

#[test]
fn a_changed_password_unlinks_it() {
    let (portal, provider) = TestPortal::with_fake_provider();
    portal.company("northwind");
    let email = Person::Developer.email("northwind");
    provider.person("dora", &email, true);
    let mut browser = link(&portal, &email);
    portal.mail_to(&email);
    let mut change = |before: &str, after: &str| {
        browser.visit("/account");
        browser.fill("Current password", before).fill("New password", after);
        let told = browser.press("Change password").sees("Other sign-ins were unlinked");
        (told, portal.mail_to(&email).iter().any(|letter| letter.contains("has to be linked again")))
    };
    assert_eq!(change(PASSWORD, "granite lantern orchard"), (true, true));
    assert_eq!(links(&portal), 0);
    assert_eq!(change("granite lantern orchard", PASSWORD), (false, false), "there was none");
    let mut again = Browser::new(&portal.url);
    again.visit("/sign-in");
    assert_eq!(again.follow(BUTTON).heading(), "Link to your account");
}

#[test]
fn what_is_forged_is_not_believed() {
    let (portal, provider) = TestPortal::with_fake_provider();
    portal.company("northwind");
    let email = Person::Developer.email("northwind");
    provider.person("dora", &email, true);
    link(&portal, &email);
    for wrong in [
        Wrong::Nonce,
        Wrong::NoNonce,
        Wrong::Issuer,
        Wrong::Audience,
        Wrong::AmongAudiences,
        Wrong::AuthorizedParty,
        Wrong::Expired,
        Wrong::FromTheFuture,
        Wrong::NoSubject,
        Wrong::Unsigned,
        Wrong::SignedByAnother,
        Wrong::SignedWithTheSecret,
        Wrong::Garbage,
        Wrong::State,
        Wrong::AnswerFromAnother,
        Wrong::AnswerWithoutIssuer,
        Wrong::SaysNo,
        Wrong::TokenRefused,
    ] {
        provider.does(Some(wrong));
        let mut browser = Browser::new(&portal.url);
        browser.visit("/sign-in");
        let page = browser.follow(BUTTON);
        assert_eq!((page.status, page.heading().as_str()), (403, "That did not sign you in"), "{wrong:?}");
        assert!(!page.html.contains(CLIENT_SECRET));
        assert!(!browser.is_signed_in(), "{wrong:?}");
    }
    provider.tells_email_apart();
    provider.person("somebody new", &email, true);
    provider.does(Some(Wrong::UserInfoOfAnother));
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    assert_eq!(browser.follow(BUTTON).heading(), "That did not sign you in");
    // The same provider, as it should be.
    provider.does(None);
    provider.person("dora", &email, true);
    browser.visit("/sign-in");
    assert_eq!(browser.follow(BUTTON).path, "/");
}

#[test]
fn new_keys_are_read_when_they_are_needed() {
    let (portal, provider) = TestPortal::with_fake_provider();
    portal.company("northwind");
    let email = Person::Developer.email("northwind");
    provider.person("dora", &email, true);
    link(&portal, &email);
    provider.rotate_keys();
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    assert_eq!(browser.follow(BUTTON).path, "/");
}

#[test]
fn an_answer_counts_once_and_in_its_own_browser() {
    let (portal, provider) = TestPortal::with_fake_provider();
    portal.company("northwind");
    let email = Person::Developer.email("northwind");
    provider.person("dora", &email, true);
    link(&portal, &email);

    // An answer given to somebody else's browser would sign them in as the one who sent it.
    let (thief, mut victim) = (Browser::new(&portal.url), Browser::new(&portal.url));
    let answer = answer_for(&thief);
    assert_eq!(victim.visit(&answer).heading(), "That did not sign you in");
    assert!(!victim.is_signed_in());
    // Also where that browser has an attempt of its own under way.
    answer_for(&victim);
    assert_eq!(victim.visit(&answer).heading(), "That did not sign you in");

    let mut browser = Browser::new(&portal.url);
    let answer = answer_for(&browser);
    let mut copy = browser.copied("/sign-in/external");
    assert_eq!(browser.visit(&answer).path, "/");
    assert_eq!(browser.cookie("/sign-in/external", "external_sign_in"), None);
    assert!(browser.is_signed_in());
    assert_eq!(copy.visit(&answer).heading(), "That did not sign you in");
    browser.post("/sign-out", &[]);
    assert_eq!(browser.visit(&answer).heading(), "That did not sign you in");

    // Ten minutes are enough to sign in there.
    let mut slow = Browser::new(&portal.url);
    let answer = answer_for(&slow);
    portal.clock.advance(10 * MINUTE);
    assert_eq!(slow.visit(&answer).heading(), "That did not sign you in");
}

#[test]
fn when_it_is_down_the_page_says_so() {
    let (portal, provider) = TestPortal::with_fake_provider();
    portal.company("northwind");
    provider.person("dora", &Person::Developer.email("northwind"), true);
    provider.does(Some(Wrong::TokenFails));
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    let page = browser.follow(BUTTON);
    assert_eq!((page.status, page.heading().as_str()), (503, "Can't be reached just now"));
    assert!(page.sees("Example ID does not answer") && page.headers.contains_key("retry-after"));
    drop(provider);
    // What is known of it is good for an hour; the password works all along.
    portal.clock.advance(HOUR);
    browser.visit("/sign-in");
    assert_eq!(browser.follow(BUTTON).status, 503);
    browser.sign_in(&Person::Developer.email("northwind"), PASSWORD);
    assert!(browser.is_signed_in());
}

#[test]
fn one_that_never_answers_holds_nobody_up_for_long() {
    let (portal, provider) = TestPortal::with_fake_provider();
    portal.company("northwind");
    provider.does(Some(Wrong::Slow));
    let begun = std::time::Instant::now();
    let mut browser = Browser::new(&portal.url);
    browser.visit("/sign-in");
    assert_eq!(browser.follow(BUTTON).status, 503);
    assert!(begun.elapsed() < 20 * SECOND, "{:?}", begun.elapsed());
}

#[test]
fn a_log_that_says_everything_holds_nothing_of_it() {
    let provider = FakeProvider::alone();
    provider.person("stranger", "stranger@elsewhere.example", true);
    let environment = provider.environment();
    let wanted: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let served = Served::start("trace", &wanted);
    let mut browser = Browser::new(&served.url);
    let answer = answer_for(&browser);
    let kept = browser.cookie("/sign-in/external", "external_sign_in").expect("an attempt");
    assert_eq!(browser.visit(&answer).heading(), "No account here for stranger@elsewhere.example");
    let (printed, log) = served.stop();
    assert!(log.contains("TRACE") && log.contains("/sign-in/external/callback"), "the log says everything");
    let basic = BASE64_STANDARD.encode("keywright:what+only+the+two+know");
    let query = answer.split_once('?').expect("an answer").1.to_owned();
    let mut secrets = vec![CLIENT_SECRET.to_owned(), basic, "what+only".into(), "to ask more".into(), kept];
    secrets.extend(query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value.to_owned()));
    secrets.retain(|secret| !secret.starts_with("http"));
    assert!(secrets.len() >= 7, "{secrets:?}");
    for secret in secrets {
        assert!(!log.contains(&secret) && !printed.contains(&secret), "{secret} is in the log");
    }
}

#[test]
fn without_one_nothing_speaks_of_it() {
    let portal = TestPortal::spawn();
    portal.company("northwind");
    let mut browser = Browser::new(&portal.url);
    assert!(!browser.visit("/sign-in").sees("Sign in with"));
    for path in ["/sign-in/external", "/sign-in/external/callback?code=a&state=b", "/sign-in/external/link"] {
        assert_eq!(browser.visit(path).status, 404, "{path}");
    }
    browser.sign_in(&Person::Developer.email("northwind"), PASSWORD);
    assert!(!browser.visit("/account").sees("Other sign-ins") && !browser.page().sees(PROVIDER));
}
