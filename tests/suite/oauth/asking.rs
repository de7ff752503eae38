//! What the tests of the authorization endpoint share: requests, and the answers that come back.

use std::collections::BTreeMap;

use crate::support::{App, Browser, CALLBACK, CHALLENGE, PASSWORD, Page};

/// The address of a good request, with these parameters in place of its own; an empty value leaves one out.
pub fn request(app: &App, changes: &[(&str, &str)]) -> String {
    let mut params: BTreeMap<&str, &str> = [
        ("response_type", "code"),
        ("client_id", &app.client_id),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile"),
        ("state", "st&te=1"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
    .into();
    params.extend(changes.iter().copied());
    let given = params.into_iter().filter(|(_, value)| !value.is_empty());
    format!("/oauth2/authorize?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish())
}

/// What came back to the application.
#[derive(Debug)]
pub struct Returned(BTreeMap<String, String>);

impl Returned {
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The page is where the application gets its answers.
    pub fn on(page: &Page) -> Self {
        assert!(page.path.starts_with(CALLBACK), "{} is not the application: {}", page.path, page.text());
        Self::at(&page.path)
    }

    pub fn at(address: &str) -> Self {
        let url = url::Url::parse(address).expect("a URL");
        let text = url.fragment().or(url.query()).unwrap_or_default();
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub fn code(&self) -> &str {
        let code = self.get("code");
        assert!(!code.is_empty(), "there is a code: {self:?}");
        code
    }
}

/// Signs in on the page that asks for it.
pub fn give_password<'b>(browser: &'b mut Browser, email: &str) -> &'b Page {
    browser.fill("E-mail", email).fill("Password", PASSWORD);
    browser.press("Sign in")
}
