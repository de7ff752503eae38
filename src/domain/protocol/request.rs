//! The meaning of an authorization request (RFC 6749 §4.1.1, RFC 7636, OpenID Connect Core §3) for the client that makes
//! it. What would be wrong with it is answered to the application; where that is, `return_to` has found out before.

use std::time::Duration;

use serde_json::Value;

use super::fault::{Fault, Refusal};
use super::params::{Params, words};
use super::registered::Registered;
use super::return_to::ReturnTo;
use crate::domain::client::ResponseType;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    pub response_type: ResponseType,
    pub scopes: Vec<String>,
    /// Empty where there is none.
    pub nonce: String,
    /// The S256 challenge; empty where there is none.
    pub code_challenge: String,
    pub prompt: Prompt,
    /// How old the sign-in may be.
    pub max_age: Option<Duration>,
    /// What the application believes the user signs in with; empty where it says nothing.
    pub login_hint: String,
    pub id_token_hint: Option<String>,
    /// OpenID Connect Core §5.5, as JSON; empty where there are none.
    pub claims: String,
    /// Whom the claims name: nobody else will do (OpenID Connect Core §5.5.1).
    pub subject: Option<String>,
    /// The claims want `acr` 2 and nothing less (OpenID Connect Core §5.5.1.1).
    pub wants_second_factor: bool,
}

/// What the user is asked for, or not, whatever is known of them (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Nothing: there is an answer without asking, or an error.
    pub none: bool,
    /// To prove who they are.
    pub login: bool,
    pub consent: bool,
    /// Which of their accounts it is.
    pub select_account: bool,
}

impl Prompt {
    /// Whoever is signed in has to do it again, or somebody else does.
    pub const fn wants_sign_in(self) -> bool {
        self.login || self.select_account
    }
}

impl AuthorizationRequest {
    /// `catalogue` has the names of the tenant's scopes.
    ///
    /// # Errors
    /// Refusals that are answered to the application.
    pub fn read(
        params: &Params,
        registered: &Registered,
        return_to: &ReturnTo,
        catalogue: &[String],
    ) -> Result<Self, Refusal> {
        if params.get("request").is_some() {
            return Err(Fault::RequestObject.into());
        }
        if let Some(elsewhere) = params.get("request_uri") {
            return Err(Refusal::comparing(Fault::RequestUriForeign, "", elsewhere));
        }
        if params.get("registration").is_some() {
            return Err(Fault::RegistrationParameter.into());
        }
        let response_type = response_type(params, registered)?;
        return_to.check_mode(params)?;
        let scopes = scopes(params, registered, catalogue)?;
        if response_type.has_id_token() && !scopes.iter().any(|scope| scope == "openid") {
            let received = format!("scope={}", params.get("scope").unwrap_or_default());
            return Err(Refusal::comparing(Fault::ParameterInvalid, "A scope with openid, for an ID token", received));
        }
        let nonce = params.get("nonce").unwrap_or_default().to_owned();
        if response_type.has_id_token() && nonce.is_empty() {
            return Err(Fault::NonceMissing.into());
        }
        let claims = claims(params)?;
        Ok(Self {
            response_type,
            scopes,
            nonce,
            code_challenge: code_challenge(params, registered, response_type)?,
            prompt: prompt(params)?,
            max_age: max_age(params)?,
            login_hint: params.get("login_hint").unwrap_or_default().to_owned(),
            id_token_hint: params.get("id_token_hint").map(ToOwned::to_owned),
            claims: claims.text,
            subject: claims.subject,
            wants_second_factor: claims.wants_second_factor,
        })
    }
}

/// The words in any order (RFC 6749 §3.1.1).
fn response_type(params: &Params, registered: &Registered) -> Result<ResponseType, Refusal> {
    let wanted = params.need("response_type")?;
    let allowed = &registered.client.settings.response_types;
    let own = || allowed.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join("\n");
    let sorted = |text| {
        let mut words = words(text);
        words.sort_unstable();
        words
    };
    let Some(kind) = ResponseType::ALL.iter().copied().find(|kind| sorted(kind.as_str()) == sorted(wanted)) else {
        return Err(Refusal::comparing(Fault::ResponseTypeUnknown, own(), wanted));
    };
    if !allowed.contains(&kind) {
        return Err(Refusal::comparing(Fault::ResponseTypeNotAllowed, own(), wanted));
    }
    let is_legacy = kind.exposes_token() || !kind.has_code();
    if is_legacy && !registered.tenant.policy.legacy_grants {
        return Err(Refusal::comparing(Fault::LegacySwitchedOff, "", wanted));
    }
    Ok(kind)
}

/// A scope that nobody knows is ignored; one that others have is not for this client.
fn scopes(params: &Params, registered: &Registered, catalogue: &[String]) -> Result<Vec<String>, Refusal> {
    let own = &registered.client.settings.scopes;
    let Some(wanted) = params.get("scope") else {
        return Ok(own.iter().filter(|scope| *scope != "offline_access").cloned().collect());
    };
    let is = |list: &[String], scope: &str| list.iter().any(|known| known == scope);
    let known: Vec<&str> = words(wanted).into_iter().filter(|scope| is(own, scope) || is(catalogue, scope)).collect();
    let fault = match known.iter().find(|scope| !is(own, scope)) {
        Some(_) => Fault::ScopeNotAllowed,
        None if known.is_empty() => Fault::ScopeUnknown,
        None => return Ok(known.into_iter().map(ToOwned::to_owned).collect()),
    };
    Err(Refusal::comparing(fault, own.join("\n"), words(wanted).join("\n")))
}

/// RFC 7636 §4.3. `plain` would protect nothing, and a challenge without a method is a plain one.
fn code_challenge(params: &Params, registered: &Registered, kind: ResponseType) -> Result<String, Refusal> {
    let method = params.get("code_challenge_method");
    let Some(challenge) = params.get("code_challenge") else {
        let client = &registered.client;
        let required = kind.has_code() && (client.settings.require_pkce || !client.has_secrets());
        return match method {
            None if !required => Ok(String::new()),
            None => Err(Fault::PkceMissing.into()),
            Some(_) => Err(Refusal::comparing(Fault::ParameterMissing, "code_challenge", "")),
        };
    };
    if method != Some("S256") {
        return Err(Refusal::comparing(Fault::PkceMethod, "S256", method.unwrap_or_default()));
    }
    let is_base64url = challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if challenge.len() != 43 || !is_base64url {
        let expected = "43 characters of A-Z, a-z, 0-9, - and _";
        return Err(Refusal::comparing(Fault::PkceChallengeInvalid, expected, challenge));
    }
    Ok(challenge.to_owned())
}

fn prompt(params: &Params) -> Result<Prompt, Refusal> {
    let Some(wanted) = params.get("prompt") else { return Ok(Prompt::default()) };
    let mut prompt = Prompt::default();
    let words = words(wanted);
    let fault = || Refusal::comparing(Fault::PromptInvalid, "none alone\nlogin\nconsent\nselect_account", wanted);
    for word in &words {
        match *word {
            "none" if words.len() == 1 => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            _ => return Err(fault()),
        }
    }
    Ok(prompt)
}

fn max_age(params: &Params) -> Result<Option<Duration>, Refusal> {
    let Some(wanted) = params.get("max_age") else { return Ok(None) };
    let seconds = wanted.parse::<u32>().ok().filter(|_| wanted.bytes().all(|byte| byte.is_ascii_digit()));
    match seconds {
        Some(seconds) => Ok(Some(Duration::from_secs(seconds.into()))),
        None => Err(invalid("max_age", "a whole number of seconds", wanted)),
    }
}

/// What the claims ask for, beside what is told about the user.
#[derive(Debug, Default)]
struct Claims {
    text: String,
    subject: Option<String>,
    wants_second_factor: bool,
}

fn claims(params: &Params) -> Result<Claims, Refusal> {
    let Some(wanted) = params.get("claims") else { return Ok(Claims::default()) };
    let fault = || invalid("claims", "a JSON object with the objects userinfo and id_token", wanted);
    let parsed: Value = serde_json::from_str(wanted).map_err(|_| fault())?;
    let parsed = parsed.as_object().ok_or_else(fault)?;
    let mut claims = Claims { text: wanted.to_owned(), ..Claims::default() };
    for place in ["id_token", "userinfo"] {
        match parsed.get(place) {
            None | Some(Value::Null) => {}
            Some(Value::Object(named)) => {
                let subject = named.get("sub").and_then(|sub| sub.get("value")).and_then(Value::as_str);
                claims.subject = claims.subject.or(subject.map(ToOwned::to_owned));
                if let Some(acr) = named.get("acr") {
                    claims.wants_second_factor |= wants_second_factor(acr)?;
                }
            }
            Some(_) => return Err(fault()),
        }
    }
    Ok(claims)
}

/// Whether an `acr` is essential, and only a second factor is enough for it. One that nobody can reach here is refused
/// (OpenID Connect Core §5.5.1.1).
fn wants_second_factor(acr: &Value) -> Result<bool, Refusal> {
    let one = acr.get("value").into_iter();
    let several = acr.get("values").and_then(Value::as_array).into_iter().flatten();
    let values: Vec<&str> = one.chain(several).filter_map(Value::as_str).collect();
    let is_essential = acr.get("essential").and_then(Value::as_bool).unwrap_or(false);
    if !is_essential || values.is_empty() || values.contains(&"1") {
        return Ok(false);
    }
    match values.contains(&"2") {
        true => Ok(true),
        false => Err(invalid("claims", "an essential acr among 1 and 2", &values.join(", "))),
    }
}

fn invalid(name: &str, expected: &str, received: &str) -> Refusal {
    Refusal::comparing(Fault::ParameterInvalid, format!("{name}: {expected}"), format!("{name}: {received}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, value: &str) -> Params {
        Params::from_pairs([(name.to_owned(), value.to_owned())]).expect("parameters")
    }

    #[test]
    fn prompts_stand_together_except_for_none() {
        let both = prompt(&of("prompt", "login consent")).unwrap();
        assert!(both.login && both.consent && both.wants_sign_in() && !both.none);
        assert!(prompt(&of("prompt", "none")).unwrap().none);
        assert_eq!(prompt(&Params::default()).unwrap(), Prompt::default());
        for bad in ["none login", "consent none", "create", "LOGIN"] {
            assert_eq!(prompt(&of("prompt", bad)).unwrap_err().fault, Fault::PromptInvalid, "{bad}");
        }
    }

    #[test]
    fn an_age_is_a_whole_number_of_seconds() {
        assert_eq!(max_age(&of("max_age", "0")).unwrap(), Some(Duration::ZERO));
        assert_eq!(max_age(&of("max_age", "86400")).unwrap(), Some(Duration::from_secs(86_400)));
        for bad in ["-1", "+1", "1e3", " 1", "4294967296"] {
            assert!(max_age(&of("max_age", bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_essential_level_may_want_a_second_factor() {
        let wants =
            |acr| claims(&of("claims", &format!(r#"{{"id_token":{{"acr":{acr}}}}}"#))).unwrap().wants_second_factor;
        assert!(wants(r#"{"essential":true,"values":["2"]}"#));
        assert!(wants(r#"{"essential":true,"value":"2"}"#));
        let unreachable = claims(&of("claims", r#"{"userinfo":{"acr":{"essential":true,"values":["3"]}}}"#));
        assert_eq!(unreachable.unwrap_err().fault, Fault::ParameterInvalid);
        assert!(wants(r#"{"essential":true,"values":["3","2"]}"#));
        for less in [r#"{"essential":true,"values":["2","1"]}"#, r#"{"values":["2"]}"#, r#"{"essential":true}"#, "null"]
        {
            assert!(!wants(less), "{less}");
        }
    }

    #[test]
    fn claims_are_two_objects_and_may_name_a_subject() {
        let subject = |text| claims(&of("claims", text)).map(|claims| claims.subject);
        assert_eq!(
            subject(r#"{"id_token":{"sub":{"value":"248289761001"}}}"#).unwrap().as_deref(),
            Some("248289761001")
        );
        assert_eq!(subject(r#"{"userinfo":{"name":null},"id_token":null,"other":1}"#).unwrap(), None);
        for bad in ["", "{", "[]", "1", r#"{"id_token":1}"#, r#"{"userinfo":[]}"#] {
            assert_eq!(subject(bad).is_err(), !bad.is_empty(), "{bad}");
        }
    }
}
