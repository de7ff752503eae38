//! A code and a refresh token are good for one answer. Whoever comes second ends what the first one got.

use std::thread;
use std::time::Duration;

use keywright::access::act;
use keywright::domain::client::ClientType;
use keywright::domain::protocol::grant::{CODE_LASTS, LIVE_AT_MOST, REFRESHING_LASTS, UNREFRESHED_LASTS};

use super::asking::{Returned, request};
use crate::support::{
    Answered, App, CALLBACK, HOUR, Person, SECOND, TestPortal, VERIFIER, answered, claims, jwt_header,
};

const MICRO: Duration = Duration::from_micros(1);

fn error(answer: &Answered) -> (u16, &str) {
    (answer.status, answer.error())
}

#[test]
fn a_code_brings_the_tokens_of_its_user() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    for (kind, algorithm) in [(ClientType::AuthorizationCode, "RS256"), (ClientType::Native, "ES256")] {
        let app = portal.app(&company, kind, |input| input.id_token_signing = algorithm.into());
        let answer = portal.redeem(&app, &portal.code(&company, &app, &["openid", "roles"]));
        assert_eq!(answer.status, 200, "{answer:?}");
        let (id_token, access) = (answer.text("id_token"), answer.text("access_token"));
        assert_eq!(jwt_header(id_token)["alg"], algorithm);
        let (about, token) = (claims(id_token), claims(access));
        assert_eq!(about["aud"], app.client_id);
        assert_eq!(about["nonce"], "n-0S6_WzA2Mj");
        assert_eq!(about["sub"], token["sub"]);
        assert_eq!(about["auth_time"], portal.clock.now().seconds());
        assert!(about["at_hash"].is_string() && about["acr"] == "1");
        assert_eq!(token["roles"], serde_json::json!(["Tenant Member"]));
        assert_eq!(
            (token["scope"].as_str(), token["client_id"].as_str()),
            (Some("openid roles"), Some(&*app.client_id))
        );
        let refreshed = portal.refresh(&app, answer.text("refresh_token"));
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
        let again = claims(refreshed.text("id_token"));
        assert_eq!((&again["sub"], &again["auth_time"]), (&about["sub"], &about["auth_time"]));
        assert!(again.get("nonce").is_none());
    }
}

#[test]
fn a_code_is_redeemed_once() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let code = portal.code(&company, &app, &["openid"]);
    let first = portal.redeem(&app, &code);
    assert_eq!(first.status, 200);
    assert_eq!(error(&portal.redeem(&app, &code)), (400, "invalid_grant"));
    assert_eq!(
        error(&portal.refresh(&app, first.text("refresh_token"))),
        (400, "invalid_grant"),
        "the family has ended"
    );
}

#[test]
fn a_code_is_good_for_a_minute() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let (just, late) = (portal.code(&company, &app, &["openid"]), portal.code(&company, &app, &["openid"]));
    portal.clock.advance(CODE_LASTS - MICRO);
    assert_eq!(portal.redeem(&app, &just).status, 200);
    portal.clock.advance(MICRO);
    assert_eq!(error(&portal.redeem(&app, &late)), (400, "invalid_grant"));
}

#[test]
fn a_code_is_bound_to_client_redirect_url_and_verifier() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let other = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let fresh = || portal.code(&company, &app, &["openid"]);
    let redeem = |app: &App, code: &str, redirect: Option<&str>, verifier: Option<&str>| {
        let mut form = vec![("grant_type", "authorization_code"), ("code", code)];
        form.extend(redirect.map(|url| ("redirect_uri", url)));
        form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        let answer = portal.token(app, &form);
        (answer.status, answer.error().to_owned())
    };
    let refused = (400, "invalid_grant".to_owned());
    let stolen = fresh();
    assert_eq!(redeem(&other, &stolen, Some(CALLBACK), Some(VERIFIER)), refused);
    assert_eq!(redeem(&app, &stolen, Some(CALLBACK), Some(VERIFIER)).0, 200, "another client's try doesn't use it up");
    assert_eq!(redeem(&app, &fresh(), Some("https://app.example.com/callback/"), Some(VERIFIER)), refused);
    assert_eq!(redeem(&app, &fresh(), None, Some(VERIFIER)), refused);
    assert_eq!(redeem(&app, &fresh(), Some(CALLBACK), None), refused);
    let wrong = "x".repeat(43);
    let code = fresh();
    assert_eq!(redeem(&app, &code, Some(CALLBACK), Some(&wrong)), refused);
    assert_eq!(redeem(&app, &code, Some(CALLBACK), Some(VERIFIER)), refused, "a wrong verifier uses it up");
    // The redirect URL is taken away between the two requests.
    let code = fresh();
    portal.edit_client(&company, app.uid, |input| input.redirect_urls = "https://app.example.com/other".into());
    assert_eq!(redeem(&app, &code, Some(CALLBACK), Some(VERIFIER)), refused);
}

#[test]
fn refresh_tokens_follow_each_other() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let first = portal.redeem(&app, &portal.code(&company, &app, &["openid", "email", "roles"]));
    let second = portal.refresh(&app, first.text("refresh_token"));
    assert_eq!(second.status, 200);
    assert_ne!(first.text("refresh_token"), second.text("refresh_token"));
    let more =
        [("grant_type", "refresh_token"), ("refresh_token", second.text("refresh_token")), ("scope", "openid groups")];
    assert_eq!(error(&portal.token(&app, &more)), (400, "invalid_scope"));
    let less = [("grant_type", "refresh_token"), ("refresh_token", second.text("refresh_token")), ("scope", "openid")];
    let third = portal.token(&app, &less);
    assert_eq!((third.status, third.text("scope")), (200, "openid"));
    // What is taken from the client is not in the next token.
    portal.edit_client(&company, app.uid, |input| input.scopes.retain(|scope| scope != "email"));
    let fourth = portal.refresh(&app, third.text("refresh_token"));
    assert_eq!((fourth.status, fourth.text("scope")), (200, "openid roles"));
    // The first one comes again: a thief's, or the thief was before.
    assert_eq!(error(&portal.refresh(&app, first.text("refresh_token"))), (400, "invalid_grant"));
    assert_eq!(error(&portal.refresh(&app, fourth.text("refresh_token"))), (400, "invalid_grant"));
    assert_eq!(portal.number("SELECT count(*) AS n FROM refresh_tokens WHERE live_of IS NOT NULL"), 0);
}

#[test]
fn refreshing_ends_whatever_is_used() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::Native, |_| {});
    let first = portal.redeem(&app, &portal.code(&company, &app, &["openid"]));
    portal.clock.advance(REFRESHING_LASTS - MICRO);
    let last = portal.refresh(&app, first.text("refresh_token"));
    assert_eq!(last.status, 200);
    portal.clock.advance(MICRO);
    assert_eq!(error(&portal.refresh(&app, last.text("refresh_token"))), (400, "invalid_grant"));
}

#[test]
fn a_refresh_feels_what_changed() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let operations = &portal.application.operations;
    let permit = portal.permit::<act::EditClients>(&company, Person::Administrator);
    let first = portal.redeem(&app, &portal.code(&company, &app, &["openid"]));
    operations.deactivate_client(&permit, app.uid).expect("inactive");
    assert_eq!(error(&portal.refresh(&app, first.text("refresh_token"))), (401, "invalid_client"));
    operations.reactivate_client(&permit, app.uid, false, "").expect("active");
    let second = portal.refresh(&app, first.text("refresh_token"));
    assert_eq!(second.status, 200, "nothing was used up");
    portal.edit_client(&company, app.uid, |input| input.allow_refresh = String::new());
    assert_eq!(error(&portal.refresh(&app, second.text("refresh_token"))), (400, "unauthorized_client"));
    portal.edit_client(&company, app.uid, |input| input.allow_refresh = "yes".into());
    // No longer a test user.
    portal.sql(&format!("DELETE FROM test_users WHERE service_id = '{}'", app.service));
    assert_eq!(error(&portal.refresh(&app, second.text("refresh_token"))), (400, "invalid_grant"));
}

#[test]
fn a_changed_password_ends_what_was_granted() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let first = portal.redeem(&app, &portal.code(&company, &app, &["openid"]));
    let account = portal.person(&company, Person::Member).account_id;
    let later = portal.clock.now().plus(MICRO).micros();
    portal.sql(&format!("UPDATE accounts SET password_changed_at = {later} WHERE id = '{account}'"));
    assert_eq!(error(&portal.refresh(&app, first.text("refresh_token"))), (400, "invalid_grant"));
}

/// A used token is noticed whatever else is wrong with the request.
#[test]
fn reuse_is_not_hidden_by_another_fault() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let first = portal.redeem(&app, &portal.code(&company, &app, &["openid"]));
    let second = portal.refresh(&app, first.text("refresh_token"));
    let form =
        [("grant_type", "refresh_token"), ("refresh_token", first.text("refresh_token")), ("scope", "nothing.of.it")];
    assert_eq!(error(&portal.token(&app, &form)), (400, "invalid_grant"));
    assert_eq!(
        error(&portal.refresh(&app, second.text("refresh_token"))),
        (400, "invalid_grant"),
        "the family has ended"
    );
}

/// Of many at once, on connections of their own, one gets tokens; and because the others came, it loses them.
#[test]
fn of_many_at_once_one_wins_and_the_family_ends() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    for round in 0..5 {
        let code = portal.code(&company, &app, &["openid"]);
        let race = |work: &(dyn Fn() -> Answered + Sync)| {
            thread::scope(|scope| {
                let racing: Vec<_> = (0..8).map(|_| scope.spawn(work)).collect();
                racing.into_iter().map(|one| one.join().expect("an answer")).collect::<Vec<_>>()
            })
        };
        let answers = race(&|| portal.redeem(&app, &code));
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        assert_eq!(error(&portal.refresh(&app, won[0].text("refresh_token"))), (400, "invalid_grant"));

        let first = portal.redeem(&app, &portal.code(&company, &app, &["openid"]));
        let answers = race(&|| portal.refresh(&app, first.text("refresh_token")));
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        assert_eq!(error(&portal.refresh(&app, won[0].text("refresh_token"))), (400, "invalid_grant"));
    }
    assert_eq!(portal.number("SELECT count(*) AS n FROM refresh_tokens WHERE live_of IS NOT NULL"), 0);
}

fn grants(portal: &TestPortal, which: &str) -> i64 {
    portal.number(&format!("SELECT count(*) AS n FROM grants WHERE {which}"))
}

/// Without a refresh token a grant is there until the last access token of it has ended, and a day more.
#[test]
fn what_is_not_refreshed_is_kept_as_long_as_its_tokens() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |input| input.allow_refresh = String::new());
    let refreshing = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let code = Returned::on(browser.visit(&request(&app, &[]))).code().to_owned();
    Returned::on(browser.visit(&request(&refreshing, &[]))).code();
    // The code is redeemed in its last moment, and the token used in its own.
    portal.clock.advance(CODE_LASTS - SECOND);
    let tokens = portal.redeem(&app, &code);
    assert_eq!((tokens.status, tokens.text("refresh_token")), (200, ""));
    portal.clock.advance(HOUR - SECOND);
    portal.application.operations.tidy_up(|| true).expect("tidy");
    let userinfo =
        portal.http().get(format!("{}/oauth2/userinfo", portal.url)).bearer_auth(tokens.text("access_token"));
    assert_eq!(answered(userinfo).status, 200);
    // A code that comes again ends it until then.
    assert_eq!(error(&portal.redeem(&app, &code)), (400, "invalid_grant"));
    assert_eq!(grants(&portal, "ended_at IS NOT NULL"), 1);
    portal.clock.advance(UNREFRESHED_LASTS + 24 * HOUR);
    portal.application.operations.tidy_up(|| true).expect("tidy");
    assert_eq!(grants(&portal, &format!("client_uid = '{}'", app.uid)), 0);
    assert_eq!(grants(&portal, &format!("client_uid = '{}'", refreshing.uid)), 1, "this one may be refreshed");
}

#[test]
fn what_has_ended_is_kept_for_a_day() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let first = portal.redeem(&app, &portal.code(&company, &app, &["openid"]));
    portal.refresh(&app, first.text("refresh_token"));
    assert_eq!(error(&portal.refresh(&app, first.text("refresh_token"))), (400, "invalid_grant"));
    portal.clock.advance(24 * HOUR - SECOND);
    portal.application.operations.tidy_up(|| true).expect("tidy");
    // Its developers are told why, not that it has expired.
    let said = portal.refresh(&app, first.text("refresh_token"));
    assert!(said.text("error_description").contains("was used before"), "{said:?}");
    portal.clock.advance(SECOND);
    portal.application.operations.tidy_up(|| true).expect("tidy");
    assert_eq!(grants(&portal, "TRUE"), 0);
    assert_eq!(error(&portal.refresh(&app, first.text("refresh_token"))), (400, "invalid_grant"));
}

#[test]
fn of_too_many_sign_ins_the_oldest_ends() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let other = portal.app(&company, ClientType::AuthorizationCode, |_| {});
    let mut browser = portal.signed_in(Person::Member, "northwind");
    let oldest = portal.redeem(&app, &portal.code(&company, &app, &["openid"]));
    let elsewhere = portal.redeem(&other, &portal.code(&company, &other, &["openid"]));
    portal.clock.advance(SECOND);
    let second = portal.redeem(&app, &portal.code(&company, &app, &["openid"]));
    portal.clock.advance(SECOND);
    (2..LIVE_AT_MOST).for_each(|_| drop(portal.code(&company, &app, &["openid"])));
    Returned::on(browser.visit(&request(&app, &[]))).code();
    let live = format!("client_uid = '{}' AND ended_at IS NULL", app.uid);
    assert_eq!(grants(&portal, &live), i64::try_from(LIVE_AT_MOST).expect("a number"));
    assert_eq!(error(&portal.refresh(&app, oldest.text("refresh_token"))), (400, "invalid_grant"));
    assert_eq!(portal.refresh(&app, second.text("refresh_token")).status, 200);
    assert_eq!(portal.refresh(&other, elsewhere.text("refresh_token")).status, 200);
}
