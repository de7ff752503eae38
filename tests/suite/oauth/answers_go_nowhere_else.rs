//! An answer goes to a registered URL, character by character, or nowhere (RFC 9700 §4.1 and §4.11).

use keywright::domain::client::ClientType;

use super::asking::{Returned, give_password, request};
use crate::support::{Browser, CALLBACK, Person, SECOND, TestPortal};

/// Spellings that one parser or another takes for `https://app.example.com/callback`, or for a part of it.
const SPELLINGS: &[&str] = &[
    "https://evil.example/callback",
    "https://app.example.com.evil.example/callback",
    "https://evil.example/app.example.com/callback",
    "https://app.example.com@evil.example/callback",
    "https://app.example.com:x@evil.example/callback",
    "https://app.example.com%40evil.example/callback",
    "https://evil.example#@app.example.com/callback",
    "https://evil.example%23@app.example.com/callback",
    "https://evil.example\\@app.example.com/callback",
    "https://evil.example\\.app.example.com/callback",
    "https://app.example.com\\@evil.example/callback",
    "https://app.example.com\\.evil.example/callback",
    "https:\\\\app.example.com\\callback",
    "https:/app.example.com/callback",
    "https:app.example.com/callback",
    "https:///app.example.com/callback",
    "https:////app.example.com/callback",
    "//app.example.com/callback",
    "///evil.example/callback",
    "/callback",
    "callback",
    "?",
    "app.example.com/callback",
    "http://app.example.com/callback",
    "HTTPS://app.example.com/callback",
    "Https://app.example.com/callback",
    "https://APP.example.com/callback",
    "https://app.EXAMPLE.com/callback",
    "https://app.example.com:443/callback",
    "https://app.example.com:/callback",
    "https://app.example.com:8443/callback",
    "https://app.example.com:443443/callback",
    "https://app.example.com./callback",
    "https://app.example.com../callback",
    "https://.app.example.com/callback",
    "https://www.app.example.com/callback",
    "https://example.com/callback",
    "https://app-example.com/callback",
    "https://appXexample.com/callback",
    "https://app.example.co/callback",
    "https://app.example.comm/callback",
    "https://xapp.example.com/callback",
    "https://app.example.com/callback/",
    "https://app.example.com/callback//",
    "https://app.example.com//callback",
    "https://app.example.com/./callback",
    "https://app.example.com/x/../callback",
    "https://app.example.com/callback/..",
    "https://app.example.com/callback/../evil",
    "https://app.example.com/callback/..%2fevil",
    "https://app.example.com/callback%2f..%2fevil",
    "https://app.example.com/callback;evil",
    "https://app.example.com/callback.evil",
    "https://app.example.com/callbackevil",
    "https://app.example.com/callbac",
    "https://app.example.com/Callback",
    "https://app.example.com/CALLBACK",
    "https://app.example.com/%63allback",
    "https://app.example.com/callbac%6B",
    "https://app.example.com/callbac%6b",
    "https://app.example.com%2fcallback",
    "https://app.example.com/callback%20",
    "https://app.example.com/callback%00",
    "https://app.example.com/callback%0a",
    "https://app.example.com/callback%0d%0aSet-Cookie:%20a=b",
    "https://app.example.com/callback%23",
    "https://app.example.com/callback%3f",
    "https://app.example.com/callback?",
    "https://app.example.com/callback?x=y",
    "https://app.example.com/callback?next=https://evil.example",
    "https://app.example.com/callback&x=y",
    "https://app.example.com/callback#",
    "https://app.example.com/callback#x",
    "https://app.example.com/callback#@evil.example",
    "https://app.example.com/callback ",
    " https://app.example.com/callback",
    "https://app.example.com/callback\t",
    "https://app.example.com\t/callback",
    "ht\ntps://app.example.com/callback",
    "https://app.example.com/callback\n",
    "https://app.example.com/callback\r\nLocation: https://evil.example",
    "https://app.example.com /callback",
    "https://app.ex\u{00ad}ample.com/callback",
    "https://app。example。com/callback",
    "https://ａpp.example.com/callback",
    "https://app.examp\u{217c}e.com/callback",
    "https://аpp.example.com/callback",
    "https://app.example.com\u{2044}callback",
    "https://app.example.com\u{ff0f}callback",
    "https://user@app.example.com/callback",
    "https://user:password@app.example.com/callback",
    "https://@app.example.com/callback",
    "https://[::1]/callback",
    "https://127.0.0.1/callback",
    "https://localhost/callback",
    "https://*.example.com/callback",
    "https://app.example.com/*",
    "https://app.example.com",
    "https://app.example.com/",
    "javascript:alert(1)",
    "javascript://app.example.com/callback%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///app.example.com/callback",
    "blob:https://app.example.com/callback",
    "view-source:https://app.example.com/callback",
    "com.example.app:/callback",
    "https://app.example.com/callback,https://evil.example",
    "https://app.example.com/callback https://evil.example",
    "null",
];

#[test]
fn no_other_spelling_is_taken_for_a_registered_url() {
    assert!(SPELLINGS.len() >= 80, "{}", SPELLINGS.len());
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let mut browser = portal.signed_in(Person::Member, "northwind");
    Returned::on(browser.visit(&request(&app, &[]))).code();
    let before = portal.number("SELECT count(*) AS n FROM grants");
    let mut wrong = Vec::new();
    for spelling in SPELLINGS {
        // A good request, one that is refused anyway, and one that wants no page.
        for change in [("state", "s"), ("response_type", "nothing"), ("prompt", "none")] {
            let address = request(&app, &[("redirect_uri", spelling), change]);
            let answer = browser.http.get(format!("{}{address}", portal.url)).send().expect("an answer");
            if answer.status() != 400 || answer.headers().contains_key("location") {
                wrong.push(format!("{spelling:?} with {change:?}: {}", answer.status()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} were taken:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM grants"), before);
    assert_eq!(portal.number("SELECT count(*) AS n FROM authorization_requests"), 0);
}

#[test]
fn a_native_app_may_use_any_port_of_the_loopback_and_nothing_else() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::Native, |form| {
        form.redirect_urls = "http://127.0.0.1/cb\ncom.example.app:/cb".into();
    });
    let mut browser = portal.signed_in(Person::Member, "northwind");
    portal.clock.advance(SECOND);
    let ask = |redirect_url: &str| request(&app, &[("redirect_uri", redirect_url)]);
    for good in ["http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", "http://127.0.0.1:1/cb", "com.example.app:/cb"] {
        browser.visit(&ask(good));
        let answer = browser.pressing("Allow").send().expect("an answer");
        let to = answer.headers()["location"].to_str().expect("text");
        assert!(to.starts_with(&format!("{good}?code=")), "{good}: {to}");
    }
    for bad in [
        "http://127.0.0.1:0x50/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.1:80/cb",
        "http://localhost:51004/cb",
        "http://[::1]:51004/cb",
        "https://127.0.0.1:51004/cb",
        "http://127.0.0.1:51004/cb/",
        "com.example.app:/cb/",
        "com.example.app://cb",
        "com.example.app2:/cb",
    ] {
        assert_eq!(browser.visit(&ask(bad)).status, 400, "{bad}");
    }
}

/// Any program of the user's may ask in a native app's name and listen where it listens (RFC 8252 §8.6).
#[test]
fn an_app_that_may_be_imitated_is_let_in_by_its_user_each_time() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::Native, |form| {
        form.redirect_urls = format!("com.example.app:/cb\n{CALLBACK}");
    });
    let mut browser = portal.signed_in(Person::Member, "northwind");
    portal.clock.advance(SECOND);
    let own_scheme = [("redirect_uri", "com.example.app:/cb")];
    for _ in 0..2 {
        assert!(browser.visit(&request(&app, &own_scheme)).heading().starts_with("Allow App"));
        browser.press("Allow");
    }
    let silent = browser.visit(&request(&app, &[own_scheme[0], ("prompt", "none")])).path.clone();
    assert_eq!(Returned::at(&silent).get("error"), "consent_required");
    // Where the answer goes to a host, nobody else gets it.
    Returned::on(browser.visit(&request(&app, &[]))).code();
    // Signing in is not having seen it: the request may have waited for a sign-in of another purpose.
    browser.visit(&request(&app, &[own_scheme[0], ("prompt", "login")]));
    portal.clock.advance(SECOND);
    assert!(give_password(&mut browser, &Person::Member.email("northwind")).heading().starts_with("Allow App"));
    browser.press("Allow");
    assert!(!Returned::at(&browser.page().path).code().is_empty());
}

#[test]
fn who_can_not_be_answered_gets_a_page() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let several = portal.app_of(&company, app.service, ClientType::AuthorizationCode, |form| {
        form.redirect_urls = format!("{CALLBACK}\nhttps://app.example.com/other");
    });
    let machine = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let mut browser = Browser::new(&portal.url);
    for address in [
        "/oauth2/authorize".to_owned(),
        request(&app, &[("client_id", "")]),
        request(&app, &[("client_id", "unknown")]),
        request(&app, &[("client_id", "<script>")]),
        // OpenID Connect wants it named, and where there are several it has to be.
        request(&app, &[("redirect_uri", "")]),
        request(&several, &[("redirect_uri", ""), ("scope", "profile")]),
        request(&machine, &[]),
        format!("{}&client_id=again", request(&app, &[])),
        format!("{}&redirect_uri=https://evil.example", request(&app, &[])),
        format!("{}&state=1&state=2", request(&app, &[("state", "")])),
    ] {
        let page = browser.visit(&address);
        assert_eq!(page.status, 400, "{address}");
        assert!(page.sees("Reference:") && page.has_link("What was expected, and what came"), "{}", page.text());
        assert!(!page.html.contains("<script>"), "{address}");
    }
    // The only one it has goes without saying, where no ID token is asked for.
    let mut member = portal.signed_in(Person::Member, "northwind");
    let back = Returned::on(member.visit(&request(&app, &[("redirect_uri", ""), ("scope", "profile")])));
    let form =
        [("grant_type", "authorization_code"), ("code", back.code()), ("code_verifier", crate::support::VERIFIER)];
    assert_eq!(portal.token(&app, &form).status, 200);
}

#[test]
fn what_is_wrong_is_told_where_the_answer_goes() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::Hybrid, |form| {
        form.redirect_urls = "https://app.example.com/callback?tenant=a%20b".into();
    });
    let url = "https://app.example.com/callback?tenant=a%20b";
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let query = browser.visit(&request(&app, &[("redirect_uri", url), ("prompt", "bad")])).path.clone();
    assert!(query.starts_with(&format!("{url}&error=invalid_request&")), "{query}");
    assert_eq!(Returned::at(&query).get("state"), "st&te=1");
    assert_eq!(Returned::at(&query).get("iss"), portal.url);
    assert_eq!(Returned::at(&query).get("tenant"), "a b");
    // Whatever asks for a token, or says so, is answered in the fragment, which stays in the browser.
    for change in [("response_type", "code id_token"), ("response_type", "token"), ("response_mode", "fragment")] {
        let path = browser.visit(&request(&app, &[("redirect_uri", url), ("prompt", "bad"), change])).path.clone();
        assert!(path.starts_with(&format!("{url}#error=")), "{change:?}: {path}");
    }
    let hybrid = [("redirect_uri", url), ("response_type", "code id_token")];
    for (name, value, expected) in [
        ("nonce", "", "invalid_request"),
        ("response_mode", "query", "invalid_request"),
        ("scope", "profile", "invalid_request"),
    ] {
        let back = browser.visit(&request(&app, &[&hybrid[..], &[(name, value)]].concat())).path.clone();
        assert!(back.starts_with(&format!("{url}#")), "{back}");
        assert_eq!(Returned::at(&back).get("error"), expected, "{name}={value}");
    }
    // As a form where it wants one.
    let page =
        browser.visit(&request(&app, &[("redirect_uri", url), ("prompt", "bad"), ("response_mode", "form_post")]));
    assert_eq!((page.status, page.value("error").as_deref()), (200, Some("invalid_request")));
}

#[test]
fn developers_find_what_was_refused() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let mut browser = Browser::new(&portal.url);
    browser.visit(&request(&app, &[("redirect_uri", "https://app.example.com/calback")]));
    browser.visit(&request(&app, &[("client_id", &format!("{}x", app.client_id))]));
    let noted = portal.application.operations.protocol_log().take().events;
    let refusals: Vec<_> = noted.iter().filter_map(|event| event.refusal.as_ref()).collect();
    assert_eq!(refusals.len(), 2, "{noted:?}");
    assert_eq!(
        (refusals[0].expected.as_str(), refusals[0].received.as_str()),
        (CALLBACK, "https://app.example.com/calback")
    );
    assert_eq!(
        (noted[1].client, noted[1].tenant),
        (None, company.tenant.id),
        "its prefix says whose it is meant to be"
    );
}
