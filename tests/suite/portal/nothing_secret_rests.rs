//! Secrets, passwords, keys of sessions and the browsers' halves of codes rest nowhere: not in the database, not in the
//! mail, not in the log, however talkative it is.

use keywright::clock::{Clock, Timestamp};
use keywright::operations::accounts::Introduction;

use crate::support::{Authenticator, Browser, Served, TestPortal, letters_in, recovery_codes_on};

const FIRST: &str = "granite lantern orchard";
const SECOND: &str = "velvet compass harvest";
const WRONG: &str = "wrong walrus umbrella";
const RESET: &str = "cobalt meadow trumpet";
const NEWCOMER: &str = "sapphire kettle nomad";
const WEAK: &str = "password1";
const EMAIL: &str = "olga@contoso.example";

/// What was typed, shown or kept, and must be found nowhere.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, secret: impl Into<String>) {
        let secret = secret.into();
        assert!(secret.len() >= 8, "{what} is too short to look for: {secret:?}");
        self.0.push((what, secret));
    }

    fn add_session(&mut self, browser: &Browser) {
        let cookie = browser.cookie("/", "keywright").expect("a session");
        // The signature and the key that it signs; the database knows the key's hash alone.
        self.add("a session's key", &cookie[cookie.len() - 64..]);
        self.add("a session's cookie", cookie);
    }

    /// As it is, as a form or an address carries it, and as PostgreSQL shows bytes.
    fn assert_absent_from(&self, place: &str, bytes: &[u8]) {
        for (what, secret) in &self.0 {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let percent = encoded.replace('+', "%20");
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            for form in [secret, &encoded, &percent, &hex] {
                assert!(!contains(bytes, form.as_bytes()), "{what} is in {place}: {form}");
            }
        }
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn secret_on(html: &str) -> String {
    let begin = html.find("kws_sandbox_").expect("a secret");
    html[begin..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// Lives through everything that has to do with secrets. `code` gives the code that was mailed to an address, or
/// something that looks like one; `now` the time that the portal has.
fn journey(url: &str, link: &str, now: &dyn Fn() -> Timestamp, code: &dyn Fn(&str) -> String) -> Secrets {
    let mut secrets = Secrets::default();
    secrets.add("the set-up token", link.split_once("token=").expect("a token").1);
    for password in [FIRST, SECOND, WRONG, RESET, NEWCOMER, WEAK] {
        secrets.add("a password", password);
    }

    let mut browser = Browser::new(url);
    browser.visit(link);
    browser.fill("Company name", "Contoso").fill("Your name", "Olga").fill("E-mail", EMAIL).fill("Password", WEAK);
    assert_eq!(browser.press("Set up Keywright").status, 422);
    browser.fill("Password", FIRST);
    browser.press("Set up Keywright");
    secrets.add_session(&browser);

    // A service, a client, a secret and another in its place.
    browser.visit("/services/new");
    browser.fill("Name", "Shop").fill("Domain", "shop.example.com");
    let service = browser.press("Add service").path.clone();
    browser.visit(&format!("{service}/clients/new/client-credentials"));
    browser.fill("Name", "Till").tick("roles");
    browser.press("Add client");
    browser.fill("Description", "Backend");
    browser.press("Add secret");
    let reveal = browser.page().path.clone();
    secrets.add("a reveal's cookie", browser.cookie(&reveal, "reveal").expect("the sealed secret"));
    secrets.add("a secret", secret_on(&browser.press("Show secret").html));
    browser.follow("I have stored the secret");
    browser.follow("Rotate secret");
    browser.press("Rotate secret");
    secrets.add("a secret", secret_on(&browser.press("Show secret").html));
    // One that nobody looks at, and one that is sent twice: what was made in between is nobody's.
    browser.follow("I have stored the secret");
    browser.follow("Add secret");
    browser.press_raw("Add secret");
    browser.press("Add secret");
    secrets.add("a secret", secret_on(&browser.press("Show secret").html));

    // The password changed, after a wrong one.
    browser.visit("/account");
    browser.fill("Current password", WRONG).fill("New password", SECOND);
    assert_eq!(browser.press("Change password").status, 422);
    browser.fill("Current password", FIRST).fill("New password", SECOND);
    assert_eq!(browser.press("Change password").status, 200);
    secrets.add_session(&browser);

    // Signed in elsewhere, with a wrong password first.
    let mut other = Browser::new(url);
    assert_eq!(other.try_sign_in(EMAIL, WRONG).status, 422);
    other.sign_in(EMAIL, SECOND);
    secrets.add_session(&other);

    // A second factor, with a wrong code first, and a sign-in with each of its two kinds of code.
    other.visit("/account/second-factor");
    let app = Authenticator::from_page(&other);
    secrets.add("a second factor's secret", app.secret.clone());
    secrets.add("a second factor's secret", app.secret_in_hex());
    secrets.add("a second factor's cookie", other.cookie("/account/second-factor", "second_factor").expect("kept"));
    other.fill("Code", "000000");
    assert_eq!(other.press("Turn on second factor").status, 422);
    other.fill("Code", &app.code(now()));
    assert_eq!(other.press("Turn on second factor").status, 200);
    let recovery_codes = recovery_codes_on(&other);
    for code in &recovery_codes {
        secrets.add("a recovery code", code.as_str());
        secrets.add("a recovery code", code.replace('-', ""));
    }
    let mut third = Browser::new(url);
    third.try_sign_in(EMAIL, SECOND);
    secrets.add("half a sign-in", third.cookie("/sign-in/code", "half_sign_in").expect("what was proved"));
    third.fill("Recovery code", "AAAA-BBBB-CCCC-DDDD");
    assert_eq!(third.press("Sign in").status, 422);
    third.fill("Recovery code", &recovery_codes[0]);
    assert_eq!(third.press("Sign in").status, 200);
    secrets.add_session(&third);
    third.visit("/account/second-factor/removal");
    third.press("Remove second factor");

    // Forgotten.
    let mut forgetful = Browser::new(url);
    forgetful.visit("/password-reset");
    forgetful.fill("E-mail", EMAIL);
    forgetful.press("Send code");
    secrets.add("a reset's cookie", forgetful.cookie("/password-reset/code", "password_reset").expect("half a code"));
    forgetful.fill("Code", &code(EMAIL)).fill("New password", RESET);
    forgetful.press("Set new password");

    // Somebody new.
    let mut newcomer = Browser::new(url);
    newcomer.visit("/register");
    newcomer.fill("Your name", "Nora").fill("E-mail", "nora@newcomer.example").fill("Password", NEWCOMER);
    newcomer.press("Continue");
    secrets.add("a registration's cookie", newcomer.cookie("/", "registration").expect("what was given"));
    newcomer.fill("Company name", "Newcomer");
    newcomer.press("Continue");
    secrets.add("a registration's cookie", newcomer.cookie("/", "registration").expect("what was given"));
    newcomer.fill("Activation code", &code("nora@newcomer.example"));
    newcomer.press("Activate account");
    secrets
}

#[test]
fn in_the_database_and_the_mail() {
    let portal = TestPortal::spawn_with(|config| config.registration_open = true);
    let link = portal.application.operations.setup_link().unwrap().expect("not set up yet");
    let link = link.strip_prefix(&portal.url).expect("a link to this portal").to_owned();
    let mail = portal.folder.path().join("mail");
    let codes = std::cell::RefCell::new(Vec::new());
    let kept_meanwhile = std::cell::RefCell::new(Vec::new());
    let mut secrets = journey(&portal.url, &link, &|| portal.clock.now(), &|email| {
        // While the code waits to be delivered, and after it was.
        let before = portal.everything_kept();
        portal.deliver_mail();
        let letters = letters_in(&mail);
        let code =
            letters.iter().filter(|letter| letter.contains(email)).find_map(|letter| crate::support::code_in(letter));
        let code = code.expect("a code was mailed");
        kept_meanwhile.borrow_mut().extend([before, portal.everything_kept()]);
        codes.borrow_mut().push(code.clone());
        code
    });
    assert_eq!(portal.number("SELECT count(*) AS n FROM tenants"), 2, "the newcomer got in");
    assert_eq!(Browser::new(&portal.url).try_sign_in(EMAIL, RESET).status, 200);

    // The halves that browsers keep, seen from inside.
    let operations = &portal.application.operations;
    let half = operations.request_password_reset(EMAIL, "192.0.2.1").unwrap();
    secrets.add("half of a code", half.half);
    let person = Introduction {
        name: "Petra".into(),
        email: "petra@newcomer.example".into(),
        password_hash: "a hash that waits with the browser".into(),
        password_score: 4,
    };
    let newcomer = operations.register_company(person, "Petra's", "petra@newcomer.example", "192.0.2.2").unwrap();
    secrets.add("half of a code", newcomer.half.half);
    secrets.add("a newcomer's password hash", newcomer.person.password_hash);
    portal.deliver_mail();

    let kept = portal.everything_kept();
    // The search finds what does rest.
    assert!(contains(&kept, b"Backend") && contains(&kept, b"$argon2id$"));
    secrets.assert_absent_from("the database", &kept);
    let letters = letters_in(&mail);
    assert!(letters.len() >= 5);
    for letter in letters {
        secrets.assert_absent_from("the mail", letter.as_bytes());
    }

    // Codes stand in the mail, where they are worth nothing alone; the database never holds them in clear.
    for code in codes.into_inner() {
        for kept in kept_meanwhile.borrow().iter().chain([&kept]) {
            assert!(!contains(kept, code.as_bytes()), "a code is in the database");
            assert!(!contains(kept, code.replace('-', "").as_bytes()), "a code is in the database");
        }
    }
}

#[test]
fn in_a_log_that_says_everything() {
    for format in ["text", "json"] {
        let wanted = [("KEYWRIGHT_REGISTRATION", "open"), ("KEYWRIGHT_LOG_FORMAT", format)];
        let served = Served::start("trace", &wanted);
        let link = served.setup_link().expect("an empty database gets a link");
        let secrets = journey(&served.url, &link, &|| Clock::System.now(), &|_| "ABCD-EFGH".into());
        let files: Vec<Vec<u8>> = ["keywright.db", "keywright.db-wal", "keywright.db-shm"]
            .iter()
            .map(|name| std::fs::read(served.folder.path().join(name)).unwrap_or_default())
            .collect();
        let (printed, log) = served.stop();
        assert!(log.contains("TRACE") || log.contains("\"level\":\"TRACE\""), "the log says everything");
        assert!(log.contains("/clients/{uid}/secrets"));
        secrets.assert_absent_from("the log", log.as_bytes());
        for file in files {
            secrets.assert_absent_from("the database", &file);
        }
        // The set-up link is printed, for the operator alone.
        assert_eq!(printed.matches("token=").count(), 1);
    }
}
