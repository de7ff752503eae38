//! An authenticator app, and people who have set it up.

use keywright::clock::Timestamp;
use totp_rs::{Builder, Secret, Totp};

use super::{Browser, PASSWORD, Person, TestPortal};

pub struct Authenticator {
    pub secret: String,
    totp: Totp,
}

impl Authenticator {
    /// Types in what the page that sets a second factor up shows.
    pub fn from_page(browser: &Browser) -> Self {
        let shown = browser.page().text_by_id("factor-secret").expect("the secret");
        let secret = shown.replace(' ', "");
        let totp = Builder::new().with_secret(Secret::try_from_base32(&secret).expect("Base32")).build_noncompliant();
        Self { secret, totp }
    }

    pub fn secret_in_hex(&self) -> String {
        self.totp.secret().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub fn code(&self, at: Timestamp) -> String {
        self.totp.generate(u64::try_from(at.micros() / 1_000_000).expect("after 1970")).to_string()
    }
}

/// Somebody with a second factor, who has just set it up in this browser.
pub struct Enrolled {
    pub browser: Browser,
    pub email: String,
    pub app: Authenticator,
    pub recovery_codes: Vec<String>,
}

impl TestPortal {
    /// Signs a person in and sets a second factor up. Time goes on by a step, so that the app shows another code.
    pub fn enrolled(&self, person: Person, company: &str) -> Enrolled {
        let mut browser = self.signed_in(person, company);
        browser.visit("/account/second-factor");
        let app = Authenticator::from_page(&browser);
        browser.fill("Code", &app.code(self.clock.now()));
        browser.press("Turn on second factor");
        let recovery_codes = recovery_codes_on(&browser);
        self.clock.advance(super::SECOND * 30);
        Enrolled { browser, email: person.email(company), app, recovery_codes }
    }
}

impl Enrolled {
    /// A browser that has given the password and is asked for the second factor.
    pub fn half_signed_in(&self, portal: &TestPortal) -> Browser {
        let mut browser = Browser::new(&portal.url);
        let page = browser.try_sign_in(&self.email, PASSWORD);
        assert_eq!(page.heading(), "Your second factor", "{}", page.text());
        browser
    }
}

/// The codes on the page that shows them.
pub fn recovery_codes_on(browser: &Browser) -> Vec<String> {
    let page = browser.page();
    assert_eq!(page.heading(), "Your recovery codes", "{}", page.text());
    let codes = page.text_by_id("recovery-codes").expect("the codes");
    codes.split_whitespace().map(ToOwned::to_owned).collect()
}
