//! Where the answer to an authorization request goes. There is only one way to get a [`ReturnTo`]: the client has
//! registered the URL. So nothing that lacks one can send a browser anywhere (RFC 6749 §4.1.2.1, RFC 9700 §4.11).

use super::fault::{Fault, Refusal};
use super::params::{Params, words};
use super::registered::Registered;
use crate::domain::redirect_url::{RedirectKind, RedirectUrl};

/// How the answer is carried (OAuth 2.0 Multiple Response Type Encoding Practices, OAuth 2.0 Form Post Response Mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

impl ResponseMode {
    pub const ALL: [ResponseMode; 3] = [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo {
    redirect_url: String,
    named: bool,
    mode: ResponseMode,
    state: Option<String>,
}

/// What the browser brings to the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It goes to this URL.
    Location(String),
    /// It posts these fields there.
    Form { action: String, fields: Fields },
}

pub type Fields = Vec<(&'static str, String)>;

impl ReturnTo {
    /// # Errors
    /// Refusals that are told to whoever sits at the browser, and to no application.
    pub fn read(params: &Params, registered: &Registered) -> Result<Self, Refusal> {
        let (redirect_url, named) = match params.get("redirect_uri") {
            Some(wanted) if registered.accepts(wanted) => (wanted.to_owned(), true),
            Some(wanted) => {
                return Err(Refusal::comparing(Fault::RedirectUrlUnknown, registered.redirect_urls(), wanted));
            }
            // OpenID Connect Core §3.1.2.1 wants it named; RFC 6749 §3.1.2.3 where there are several.
            None => match registered.client.settings.redirect_urls.as_slice() {
                [only] if !words(params.get("scope").unwrap_or_default()).contains(&"openid") => {
                    (only.as_str().to_owned(), false)
                }
                _ => return Err(Refusal::comparing(Fault::RedirectUrlMissing, registered.redirect_urls(), "")),
            },
        };
        let mode = Self::allowed_mode(params, &redirect_url).unwrap_or_else(|| default_mode(params));
        Ok(Self { redirect_url, named, mode, state: params.get("state").map(ToOwned::to_owned) })
    }

    /// The mode that the request names, if it may have it.
    fn allowed_mode(params: &Params, redirect_url: &str) -> Option<ResponseMode> {
        let mode = ResponseMode::parse(params.get("response_mode")?)?;
        let allowed = match mode {
            // Addresses are logged and handed on: a token never stands in a query.
            ResponseMode::Query => default_mode(params) == ResponseMode::Query,
            ResponseMode::Fragment => true,
            // An app opens its own scheme as an address; nobody can post to it.
            ResponseMode::FormPost => RedirectUrl::stored(redirect_url.to_owned()).kind() != RedirectKind::PrivateUse,
        };
        allowed.then_some(mode)
    }

    /// # Errors
    /// `Fault::ResponseModeInvalid`, which is answered in the mode that goes without saying.
    pub(super) fn check_mode(&self, params: &Params) -> Result<(), Refusal> {
        let Some(wanted) = params.get("response_mode") else { return Ok(()) };
        if Self::allowed_mode(params, &self.redirect_url).is_some() {
            return Ok(());
        }
        let expected = if default_mode(params) == ResponseMode::Query {
            "query\nfragment\nform_post"
        } else {
            "fragment\nform_post"
        };
        Err(Refusal::comparing(Fault::ResponseModeInvalid, expected, wanted))
    }

    pub fn redirect_url(&self) -> &str {
        &self.redirect_url
    }

    /// Whether the request named the URL, so that the token request must name it too.
    pub fn is_named(&self) -> bool {
        self.named
    }

    /// The answer with these fields, the `state`, and who answers (RFC 9207).
    pub fn answer(&self, mut fields: Fields, issuer: &str) -> Answer {
        fields.extend(self.state.clone().map(|state| ("state", state)));
        fields.push(("iss", issuer.to_owned()));
        if self.mode == ResponseMode::FormPost {
            return Answer::Form { action: self.redirect_url.clone(), fields };
        }
        let encoded: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let joint = match self.mode {
            ResponseMode::Fragment => "#",
            _ if self.redirect_url.contains('?') => "&",
            _ => "?",
        };
        Answer::Location(format!("{}{joint}{encoded}", self.redirect_url))
    }

    /// The answer to a request that is refused; `explained_at` is a page for the client's developers.
    pub fn refusal(&self, refusal: &Refusal, explained_at: String, issuer: &str) -> Answer {
        let fields = vec![
            ("error", refusal.fault.error().as_str().to_owned()),
            ("error_description", refusal.fault.sentence().to_owned()),
            ("error_uri", explained_at),
        ];
        self.answer(fields, issuer)
    }

    /// See [`source_of`].
    pub fn as_source(&self) -> String {
        source_of(&self.redirect_url)
    }
}

/// What a content security policy calls the place of a registered URL: its origin, or the scheme of an app's own.
pub fn source_of(url: &str) -> String {
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    match rest.strip_prefix("//") {
        // A policy has no word for an IPv6 address.
        Some(rest) if rest.starts_with('[') => format!("{scheme}:"),
        Some(rest) => format!("{scheme}://{}", rest.split(['/', '?']).next().unwrap_or_default()),
        None => format!("{scheme}:"),
    }
}

/// Whatever brings more than a code comes in the fragment, which browsers keep to themselves.
fn default_mode(params: &Params) -> ResponseMode {
    let only_code = words(params.get("response_type").unwrap_or_default()).iter().all(|word| *word == "code");
    if only_code { ResponseMode::Query } else { ResponseMode::Fragment }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_origins_and_schemes() {
        for (url, source) in [
            ("https://app.example.com/cb;a?b=c", "https://app.example.com"),
            ("https://app.example.com:8443?b", "https://app.example.com:8443"),
            ("http://127.0.0.1:51004", "http://127.0.0.1:51004"),
            ("http://[::1]:51004/cb", "http:"),
            ("com.example.app:/cb", "com.example.app:"),
        ] {
            assert_eq!(source_of(url), source);
        }
    }

    #[test]
    fn an_answer_is_added_to_the_url_as_it_is() {
        let to =
            |url: &str, mode| ReturnTo { redirect_url: url.into(), named: true, mode, state: Some("a b&c".into()) };
        let answer = |url: &str, mode| match to(url, mode).answer(vec![("code", "x".into())], "https://id.example") {
            Answer::Location(location) => location,
            Answer::Form { action, fields } => format!("{action} {}", fields.len()),
        };
        let rest = "code=x&state=a+b%26c&iss=https%3A%2F%2Fid.example";
        assert_eq!(answer("https://a.example/cb", ResponseMode::Query), format!("https://a.example/cb?{rest}"));
        assert_eq!(
            answer("https://a.example/cb?d=%20", ResponseMode::Query),
            format!("https://a.example/cb?d=%20&{rest}")
        );
        assert_eq!(answer("https://a.example/cb?d", ResponseMode::Fragment), format!("https://a.example/cb?d#{rest}"));
        assert_eq!(answer("https://a.example/cb", ResponseMode::FormPost), "https://a.example/cb 3");
    }
}
