//! An OAuth client (RFC 6749 §2, RFC 7591 §2): its type, what each type may have, and the meaning of its form.

use std::fmt::Display;

use super::client_id::ClientId;
use super::cors_origin::{self, CorsOrigin};
use super::field_errors::FieldErrors;
use super::id::{ClientUid, ServiceId, TenantId};
use super::lifecycle::State;
use super::redirect_url::{self, RedirectUrl, UrlRules};
use super::role::ClientRoles;
use super::scope::{SYNC_SCOPES, Scope};
use super::service::Environment;
use super::tenant::TenantPolicy;
use super::text;
use super::web_url::WebUrl;
use crate::clock::Timestamp;

/// A set of words with a stored form and a label: one line each.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $stored:literal, $label:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($variant),* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $stored),* }
            }

            pub const fn label(self) -> &'static str {
                match self { $($name::$variant => $label),* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    };
}

words! {
    /// Chosen first and never changed. The stored form is also the last part of the form's address.
    ClientType {
        ClientCredentials = "client-credentials", "Client credentials";
        AuthorizationCode = "authorization-code", "Authorization code, web application";
        Native = "native", "Native, mobile or single-page (PKCE)";
        Hybrid = "hybrid", "Hybrid";
        SyncConnector = "sync-connector", "Sync connector";
        Custom = "custom", "Custom";
    }
}

words! {
    /// RFC 7591 §2 `grant_types`. `password` is not offered at all (RFC 9700 §2.4).
    GrantType {
        AuthorizationCode = "authorization_code", "Authorization code";
        ClientCredentials = "client_credentials", "Client credentials";
        RefreshToken = "refresh_token", "Refresh token";
        Implicit = "implicit", "Implicit";
    }
}

words! {
    /// OAuth 2.0 Multiple Response Type Encoding Practices.
    ResponseType {
        Code = "code", "code";
        CodeIdToken = "code id_token", "code id_token";
        IdToken = "id_token", "id_token";
        CodeToken = "code token", "code token";
        CodeIdTokenToken = "code id_token token", "code id_token token";
        Token = "token", "token";
        IdTokenToken = "id_token token", "id_token token";
    }
}

words! {
    /// `none` is not offered.
    Signing { Rs256 = "RS256", "RS256"; Es256 = "ES256", "ES256"; }
}

words! {
    /// OpenID Connect Core §8.
    SubjectType { Pairwise = "pairwise", "Pairwise per redirect host"; Public = "public", "Public"; }
}

impl ResponseType {
    /// Puts an access token into the browser's address (RFC 9700 §2.1.2).
    pub const fn exposes_token(self) -> bool {
        matches!(self, Self::CodeToken | Self::CodeIdTokenToken | Self::Token | Self::IdTokenToken)
    }

    pub const fn has_code(self) -> bool {
        !matches!(self, Self::IdToken | Self::Token | Self::IdTokenToken)
    }

    /// An ID token comes from the authorization endpoint already.
    pub const fn has_id_token(self) -> bool {
        matches!(self, Self::CodeIdToken | Self::IdToken | Self::CodeIdTokenToken | Self::IdTokenToken)
    }

    const fn is_hybrid(self) -> bool {
        matches!(self, Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    fn allowed_by(self, grants: &[GrantType]) -> bool {
        let code = grants.contains(&GrantType::AuthorizationCode);
        match self {
            Self::Code | Self::CodeIdToken => code,
            Self::CodeToken | Self::CodeIdTokenToken => code,
            Self::IdToken | Self::Token | Self::IdTokenToken => grants.contains(&GrantType::Implicit),
        }
    }
}

impl ClientType {
    /// What it is for, for the type chooser.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::ClientCredentials => {
                "A server that acts on its own, without a user: background jobs, service to service."
            }
            Self::AuthorizationCode => "A web application with a server that can keep a secret and signs users in.",
            Self::Native => "A mobile, desktop or single-page application: it can't keep a secret, PKCE protects it.",
            Self::Hybrid => "A web application that also wants an ID token straight from the sign-in page.",
            Self::SyncConnector => {
                "A preset for directory synchronisation: acts on its own, with the sync scopes filled in."
            }
            Self::Custom => "Choose the grant types and response types yourself.",
        }
    }

    /// The grants of a preset type; a custom client's are chosen on the form.
    fn grants(self, refresh: bool) -> Vec<GrantType> {
        let mut grants = match self {
            Self::ClientCredentials | Self::SyncConnector => return vec![GrantType::ClientCredentials],
            Self::AuthorizationCode | Self::Native | Self::Hybrid => vec![GrantType::AuthorizationCode],
            Self::Custom => return Vec::new(),
        };
        if refresh {
            grants.push(GrantType::RefreshToken);
        }
        grants
    }

    /// Never acts for a user, so it has no redirect URLs, consent and the like on its form.
    pub const fn acts_alone(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::SyncConnector)
    }

    /// May get tokens of its own, so it has roles on its form.
    pub const fn may_act_alone(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::SyncConnector | Self::Custom)
    }

    pub const fn shows_grant_types(self) -> bool {
        matches!(self, Self::Custom)
    }

    pub const fn shows_refresh_switch(self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::Native | Self::Hybrid)
    }

    pub const fn shows_response_types(self) -> bool {
        matches!(self, Self::Hybrid | Self::Custom)
    }

    /// PKCE can be switched off only where a secret protects the code as well.
    pub const fn shows_pkce_switch(self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::Hybrid | Self::Custom)
    }

    /// The response types that its form offers.
    pub fn response_types(self, policy: TenantPolicy) -> Vec<ResponseType> {
        let offered = ResponseType::ALL.iter().copied().filter(|kind| policy.legacy_grants || !kind.exposes_token());
        match self {
            Self::Hybrid => offered.filter(|kind| *kind == ResponseType::Code || kind.is_hybrid()).collect(),
            Self::Custom => offered.filter(|kind| policy.legacy_grants || *kind != ResponseType::IdToken).collect(),
            _ => Vec::new(),
        }
    }

    /// The grant types that a custom client's form offers.
    pub fn grant_types(self, policy: TenantPolicy) -> Vec<GrantType> {
        match self {
            Self::Custom => GrantType::ALL
                .iter()
                .copied()
                .filter(|grant| policy.legacy_grants || *grant != GrantType::Implicit)
                .collect(),
            _ => Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub uid: ClientUid,
    pub tenant_id: TenantId,
    pub service_id: ServiceId,
    pub client_id: ClientId,
    pub client_type: ClientType,
    pub settings: ClientSettings,
    /// What depends on it, if it was provisioned with the deployment.
    pub default_purpose: Option<String>,
    pub state: State,
    /// It went with its service and comes back with it.
    pub deleted_with_service: bool,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Client {
    pub fn has_secrets(&self) -> bool {
        has_secrets(self.client_type, &self.settings.grants)
    }

    pub fn acts_alone(&self) -> bool {
        acts_alone(&self.settings.grants)
    }
}

/// Whether a client of this type with these grants proves itself by secrets.
pub fn has_secrets(client_type: ClientType, grants: &[GrantType]) -> bool {
    let needs_one = acts_alone(grants) || grants.contains(&GrantType::AuthorizationCode);
    client_type != ClientType::Native && needs_one
}

/// Whether a client with these grants gets tokens of its own.
pub fn acts_alone(grants: &[GrantType]) -> bool {
    grants.contains(&GrantType::ClientCredentials)
}

/// What lists show of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedClient {
    pub uid: ClientUid,
    pub service_id: ServiceId,
    pub client_id: ClientId,
    pub client_type: ClientType,
    pub name: String,
    pub grants: Vec<GrantType>,
    pub redirect_urls: Vec<String>,
    pub scopes: Vec<String>,
    pub default_purpose: Option<String>,
    pub state: State,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

impl ListedClient {
    pub fn has_secrets(&self) -> bool {
        has_secrets(self.client_type, &self.grants)
    }

    pub fn acts_alone(&self) -> bool {
        acts_alone(&self.grants)
    }
}

/// What a person sets on the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSettings {
    pub name: String,
    pub description: String,
    pub grants: Vec<GrantType>,
    pub response_types: Vec<ResponseType>,
    pub redirect_urls: Vec<RedirectUrl>,
    pub logout_redirect_urls: Vec<RedirectUrl>,
    pub cors_origins: Vec<CorsOrigin>,
    pub website: Option<WebUrl>,
    pub privacy_policy: Option<WebUrl>,
    pub terms: Option<WebUrl>,
    pub scopes: Vec<String>,
    /// Seconds an access token lives.
    pub token_lifetime: i32,
    pub require_consent: bool,
    pub require_pkce: bool,
    pub id_token_signing: Signing,
    pub subject_type: SubjectType,
}

/// The form as typed.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct ClientInput {
    pub name: String,
    pub description: String,
    pub suffix: String,
    pub grant_types: Vec<String>,
    pub response_types: Vec<String>,
    pub redirect_urls: String,
    pub logout_redirect_urls: String,
    pub cors_origins: String,
    pub website_url: String,
    pub privacy_policy_url: String,
    pub terms_url: String,
    pub scopes: Vec<String>,
    pub token_lifetime: String,
    pub allow_refresh: String,
    pub require_consent: String,
    pub require_pkce: String,
    pub id_token_signing: String,
    pub subject_type: String,
    pub roles: Vec<String>,
    pub community_roles: Vec<String>,
    /// The edit form's: active or inactive.
    pub status: String,
    /// The edit form's: the version that the person saw.
    pub version: String,
    /// Warnings that the person has read and accepted.
    pub confirmed: Vec<String>,
}

/// What the form's meaning depends on.
pub struct FormContext<'a> {
    pub client_type: ClientType,
    pub policy: TenantPolicy,
    pub environment: Environment,
    pub scopes: &'a [Scope],
}

pub const MIN_TOKEN_LIFETIME: i32 = 60;
pub const MAX_TOKEN_LIFETIME: i32 = 3_600;

impl ClientSettings {
    pub const MAX_NAME: usize = 100;
    pub const MAX_DESCRIPTION: usize = 500;

    pub fn parse(input: &ClientInput, context: &FormContext<'_>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let kind = context.client_type;

        let name = errors.take("name", "Name", text::name(&input.name, "a name", Self::MAX_NAME));
        let description =
            errors.take("description", "Description", text::paragraph(&input.description, Self::MAX_DESCRIPTION));
        let (field, label) = match kind {
            ClientType::Custom => ("grant_types", "Grant types"),
            _ => ("allow_refresh", "Allow refresh tokens"),
        };
        let grants = errors.take(field, label, grants(input, context)).unwrap_or_default();
        let response_types = errors
            .take("response_types", "Response types", response_types(input, context, &grants))
            .unwrap_or_default();

        let for_users = !kind.acts_alone();
        let rules =
            || UrlRules { native: kind == ClientType::Native, localhost: context.environment == Environment::Sandbox };
        let (mut redirect_urls, mut logout_redirect_urls, mut cors_origins) = (Vec::new(), Vec::new(), Vec::new());
        if for_users {
            redirect_urls = lines(
                &mut errors,
                "redirect_urls",
                "Redirect URLs",
                redirect_url::parse_url_lines(&input.redirect_urls, rules()),
            );
            let redirects = grants.contains(&GrantType::AuthorizationCode) || grants.contains(&GrantType::Implicit);
            if redirects && redirect_urls.is_empty() && errors.of("redirect_urls").next().is_none() {
                errors.add(
                    "redirect_urls",
                    "Redirect URLs",
                    "Enter at least one redirect URL, like https://app.example.com/callback.",
                );
            }
            logout_redirect_urls = lines(
                &mut errors,
                "logout_redirect_urls",
                "Logout redirect URLs",
                redirect_url::parse_url_lines(&input.logout_redirect_urls, rules()),
            );
            cors_origins = lines(
                &mut errors,
                "cors_origins",
                "CORS origins",
                cors_origin::parse_origin_lines(&input.cors_origins, context.environment == Environment::Sandbox),
            );
        }
        let website = errors.take("website_url", "Website URL", WebUrl::parse_optional(&input.website_url));
        let privacy_policy = errors.take(
            "privacy_policy_url",
            "Alternative privacy policy URL",
            WebUrl::parse_optional(&input.privacy_policy_url),
        );
        let terms = errors.take("terms_url", "Alternative terms URL", WebUrl::parse_optional(&input.terms_url));
        let scopes = errors.take("scopes", "Scopes", scopes(&input.scopes, context.scopes));
        let token_lifetime =
            errors.take("token_lifetime", "Token lifetime (seconds)", token_lifetime(&input.token_lifetime));
        // What the form of the type doesn't show is not taken from it, nor found fault with.
        let shown = |typed: &str, is_shown: bool| if is_shown { typed.to_owned() } else { String::new() };
        let signing = shown(&input.id_token_signing, for_users);
        let id_token_signing =
            errors.take("id_token_signing", "ID token signing", choice(&signing, Signing::Rs256, Signing::parse));
        let subject = shown(&input.subject_type, for_users);
        let subject_type =
            errors.take("subject_type", "Subject", choice(&subject, SubjectType::Pairwise, SubjectType::parse));
        let consent = switch(&shown(&input.require_consent, for_users));
        let require_consent = errors.take("require_consent", "Require user consent", consent);
        let pkce = switch(&shown(&input.require_pkce, kind.shows_pkce_switch()));
        let require_pkce = errors.take("require_pkce", "Require PKCE", pkce);

        match (
            (name, description, website, privacy_policy, terms, scopes),
            (token_lifetime, id_token_signing, subject_type, require_consent, require_pkce),
        ) {
            (
                (Some(name), Some(description), Some(website), Some(privacy_policy), Some(terms), Some(scopes)),
                (Some(token_lifetime), Some(id_token_signing), Some(subject_type), Some(consent), Some(pkce)),
            ) if errors.is_empty() => Ok(Self {
                name,
                description,
                grants,
                response_types,
                redirect_urls,
                logout_redirect_urls,
                cors_origins,
                website,
                privacy_policy,
                terms,
                scopes,
                token_lifetime,
                require_consent: for_users && consent,
                require_pkce: for_users && (pkce || !kind.shows_pkce_switch()),
                id_token_signing,
                subject_type,
            }),
            _ => Err(errors),
        }
    }

    pub fn allows_refresh(&self) -> bool {
        self.grants.contains(&GrantType::RefreshToken)
    }

    /// Every setting by its label, for before and after in the audit trail.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let yes_no = |set: bool| if set { "yes" } else { "no" }.to_owned();
        let url = |url: &Option<WebUrl>| url.as_ref().map_or(String::new(), |url| url.as_str().to_owned());
        vec![
            ("Name", self.name.clone()),
            ("Description", self.description.clone()),
            ("Grant types", join(self.grants.iter().map(|grant| grant.as_str()), ", ")),
            ("Response types", join(self.response_types.iter().map(|kind| kind.as_str()), ", ")),
            ("Redirect URLs", join(self.redirect_urls.iter().map(RedirectUrl::as_str), "\n")),
            ("Logout redirect URLs", join(self.logout_redirect_urls.iter().map(RedirectUrl::as_str), "\n")),
            ("CORS origins", join(self.cors_origins.iter().map(CorsOrigin::as_str), "\n")),
            ("Website URL", url(&self.website)),
            ("Alternative privacy policy URL", url(&self.privacy_policy)),
            ("Alternative terms URL", url(&self.terms)),
            ("Scopes", self.scopes.join(" ")),
            ("Token lifetime (seconds)", self.token_lifetime.to_string()),
            ("Require user consent", yes_no(self.require_consent)),
            ("Require PKCE", yes_no(self.require_pkce)),
            ("ID token signing", self.id_token_signing.as_str().to_owned()),
            ("Subject", self.subject_type.as_str().to_owned()),
        ]
    }
}

impl ClientInput {
    /// What a new form of a type starts with.
    pub fn blank(client_type: ClientType) -> Self {
        let scopes: &[&str] = match client_type {
            ClientType::SyncConnector => &SYNC_SCOPES,
            ClientType::ClientCredentials => &[],
            _ => &["openid", "profile", "email"],
        };
        let response_types: &[ResponseType] = match client_type {
            ClientType::Hybrid => &[ResponseType::Code, ResponseType::CodeIdToken],
            ClientType::Custom => &[ResponseType::Code],
            _ => &[],
        };
        let grants: &[GrantType] =
            if client_type == ClientType::Custom { &[GrantType::AuthorizationCode] } else { &[] };
        Self {
            scopes: scopes.iter().map(ToString::to_string).collect(),
            response_types: response_types.iter().map(|kind| kind.as_str().to_owned()).collect(),
            grant_types: grants.iter().map(|grant| grant.as_str().to_owned()).collect(),
            token_lifetime: MAX_TOKEN_LIFETIME.to_string(),
            require_pkce: "yes".into(),
            id_token_signing: Signing::Rs256.as_str().into(),
            subject_type: SubjectType::Pairwise.as_str().into(),
            ..Self::default()
        }
    }

    /// What the edit form of a client starts with.
    pub fn of(client: &Client, roles: &ClientRoles) -> Self {
        let settings = &client.settings;
        let yes = |set: bool| if set { "yes".to_owned() } else { String::new() };
        let url = |url: &Option<WebUrl>| url.as_ref().map_or(String::new(), |url| url.as_str().to_owned());
        Self {
            name: settings.name.clone(),
            description: settings.description.clone(),
            suffix: String::new(),
            grant_types: settings.grants.iter().map(|grant| grant.as_str().to_owned()).collect(),
            response_types: settings.response_types.iter().map(|kind| kind.as_str().to_owned()).collect(),
            redirect_urls: join(settings.redirect_urls.iter().map(RedirectUrl::as_str), "\n"),
            logout_redirect_urls: join(settings.logout_redirect_urls.iter().map(RedirectUrl::as_str), "\n"),
            cors_origins: join(settings.cors_origins.iter().map(CorsOrigin::as_str), "\n"),
            website_url: url(&settings.website),
            privacy_policy_url: url(&settings.privacy_policy),
            terms_url: url(&settings.terms),
            scopes: settings.scopes.clone(),
            token_lifetime: settings.token_lifetime.to_string(),
            allow_refresh: yes(settings.allows_refresh()),
            require_consent: yes(settings.require_consent),
            require_pkce: yes(settings.require_pkce),
            id_token_signing: settings.id_token_signing.as_str().into(),
            subject_type: settings.subject_type.as_str().into(),
            roles: roles.tenant.iter().map(|(id, _)| id.to_string()).collect(),
            community_roles: roles.community.iter().map(|role| role.id.to_string()).collect(),
            status: client.state.status().as_str().into(),
            version: client.version.to_string(),
            confirmed: Vec::new(),
        }
    }
}

fn join<'a>(parts: impl Iterator<Item = &'a str>, separator: &str) -> String {
    parts.collect::<Vec<_>>().join(separator)
}

/// Keeps the good lines; notes every fault under the field.
fn lines<T>(
    errors: &mut FieldErrors,
    field: &'static str,
    label: &'static str,
    parsed: Result<Vec<T>, Vec<String>>,
) -> Vec<T> {
    parsed.unwrap_or_else(|faults| {
        for fault in faults {
            errors.add(field, label, fault);
        }
        Vec::new()
    })
}

fn grants(input: &ClientInput, context: &FormContext<'_>) -> Result<Vec<GrantType>, String> {
    if context.client_type != ClientType::Custom {
        let refresh = context.client_type.shows_refresh_switch() && switch(&input.allow_refresh)?;
        return Ok(context.client_type.grants(refresh));
    }
    let offered = context.client_type.grant_types(context.policy);
    let mut chosen = Vec::new();
    for typed in &input.grant_types {
        match GrantType::parse(typed) {
            Some(GrantType::Implicit) if !context.policy.legacy_grants => {
                return Err("Your company has not switched the implicit grant on.".into());
            }
            Some(grant) if offered.contains(&grant) => chosen.push(grant),
            _ if typed == "password" => {
                return Err(
                    "The password grant is not offered: it hands users' passwords to clients (RFC 9700).".into()
                );
            }
            _ => return Err("Choose only grant types from the list.".into()),
        }
    }
    chosen.sort();
    chosen.dedup();
    let refreshable = chosen.contains(&GrantType::AuthorizationCode);
    match chosen.as_slice() {
        [] => Err("Choose at least one grant type.".into()),
        _ if chosen.contains(&GrantType::RefreshToken) && !refreshable => {
            Err("Refresh token needs Authorization code as well.".into())
        }
        _ => Ok(chosen),
    }
}

fn response_types(
    input: &ClientInput,
    context: &FormContext<'_>,
    grants: &[GrantType],
) -> Result<Vec<ResponseType>, String> {
    if !context.client_type.shows_response_types() {
        let code = grants.contains(&GrantType::AuthorizationCode);
        return Ok(if code { vec![ResponseType::Code] } else { Vec::new() });
    }
    let offered = context.client_type.response_types(context.policy);
    let mut chosen = Vec::new();
    for typed in &input.response_types {
        match ResponseType::parse(typed) {
            Some(kind) if kind.exposes_token() && !context.policy.legacy_grants => {
                return Err(format!(
                    "“{}” puts an access token into the browser's address; your company has not switched that on.",
                    kind.as_str()
                ));
            }
            Some(kind) if offered.contains(&kind) => chosen.push(kind),
            _ => return Err("Choose only response types from the list.".into()),
        }
    }
    chosen.sort();
    chosen.dedup();
    if grants.is_empty() {
        return Ok(chosen);
    }
    if let Some(kind) = chosen.iter().find(|kind| !kind.allowed_by(grants)) {
        return Err(format!("“{}” does not go with the chosen grant types.", kind.as_str()));
    }
    let needs_one = grants.contains(&GrantType::AuthorizationCode) || grants.contains(&GrantType::Implicit);
    if needs_one && chosen.is_empty() {
        return Err("Choose at least one response type.".into());
    }
    if context.client_type == ClientType::Hybrid && !chosen.iter().any(|kind| kind.is_hybrid()) {
        return Err("Choose at least one hybrid response type, like “code id_token”.".into());
    }
    Ok(chosen)
}

fn scopes(typed: &[String], catalogue: &[Scope]) -> Result<Vec<String>, String> {
    if typed.iter().any(|name| !catalogue.iter().any(|scope| scope.name == *name)) {
        return Err("Choose only scopes from the list.".into());
    }
    let chosen: Vec<String> =
        catalogue.iter().filter(|scope| typed.contains(&scope.name)).map(|scope| scope.name.clone()).collect();
    if chosen.is_empty() { Err("Choose at least one scope.".into()) } else { Ok(chosen) }
}

fn token_lifetime(typed: &str) -> Result<i32, String> {
    let fault = || format!("Enter whole seconds from {MIN_TOKEN_LIFETIME} to {MAX_TOKEN_LIFETIME}.");
    let typed = typed.trim();
    if typed.is_empty() || !typed.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(fault());
    }
    let seconds: i32 = typed.parse().map_err(|_| fault())?;
    if (MIN_TOKEN_LIFETIME..=MAX_TOKEN_LIFETIME).contains(&seconds) { Ok(seconds) } else { Err(fault()) }
}

fn choice<T: Display + Copy>(typed: &str, default: T, parse: impl Fn(&str) -> Option<T>) -> Result<T, String> {
    if typed.is_empty() { Ok(default) } else { parse(typed).ok_or_else(|| "Choose one from the list.".to_owned()) }
}

fn switch(typed: &str) -> Result<bool, String> {
    match typed {
        "" => Ok(false),
        "yes" => Ok(true),
        _ => Err("Tick it or leave it.".into()),
    }
}

impl Display for Signing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Display for SubjectType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Vec<Scope> {
        ["openid", "profile", "email", "directory.read", "directory.write"]
            .map(|name| Scope { name: name.into(), description: String::new() })
            .to_vec()
    }

    fn parse(
        client_type: ClientType,
        legacy: bool,
        change: impl FnOnce(&mut ClientInput),
    ) -> Result<ClientSettings, FieldErrors> {
        let mut input = ClientInput::blank(client_type);
        input.name = "Till".into();
        if input.scopes.is_empty() {
            input.scopes = vec!["openid".into()];
        }
        if !client_type.acts_alone() {
            input.redirect_urls = "https://app.example.com/callback".into();
        }
        change(&mut input);
        let scopes = catalogue();
        ClientSettings::parse(
            &input,
            &FormContext {
                client_type,
                policy: TenantPolicy { legacy_grants: legacy, ..Default::default() },
                environment: Environment::Sandbox,
                scopes: &scopes,
            },
        )
    }

    fn fault(client_type: ClientType, change: impl FnOnce(&mut ClientInput)) -> &'static str {
        parse(client_type, false, change).unwrap_err().iter().next().map_or("none", |error| error.field)
    }

    #[test]
    fn every_type_has_its_grants() {
        let grants = |kind| parse(kind, false, |input| input.allow_refresh = "yes".into()).unwrap().grants;
        use GrantType::*;
        assert_eq!(grants(ClientType::ClientCredentials), [ClientCredentials]);
        assert_eq!(grants(ClientType::SyncConnector), [ClientCredentials]);
        assert_eq!(grants(ClientType::AuthorizationCode), [AuthorizationCode, RefreshToken]);
        assert_eq!(grants(ClientType::Native), [AuthorizationCode, RefreshToken]);
        assert_eq!(grants(ClientType::Hybrid), [AuthorizationCode, RefreshToken]);
        assert_eq!(grants(ClientType::Custom), [AuthorizationCode]);
    }

    #[test]
    fn token_lifetime_has_two_edges() {
        for good in ["60", "3600", " 61 "] {
            assert!(parse(ClientType::Native, false, |input| input.token_lifetime = good.into()).is_ok(), "{good}");
        }
        for bad in ["59", "3601", "", "-60", "60.0", "1e3", "60s", "99999999999999999999", "٦٠"] {
            assert_eq!(fault(ClientType::Native, |input| input.token_lifetime = bad.into()), "token_lifetime", "{bad}");
        }
    }

    #[test]
    fn legacy_grants_wait_for_the_tenants_switch() {
        let implicit = |input: &mut ClientInput| {
            input.grant_types = vec!["implicit".into()];
            input.response_types = vec!["id_token token".into()];
        };
        assert_eq!(fault(ClientType::Custom, implicit), "grant_types");
        let settings = parse(ClientType::Custom, true, implicit).unwrap();
        assert!(!has_secrets(ClientType::Custom, &settings.grants));
        assert_eq!(
            fault(ClientType::Hybrid, |input| input.response_types = vec!["code token".into()]),
            "response_types"
        );
        assert_eq!(fault(ClientType::Custom, |input| input.grant_types = vec!["password".into()]), "grant_types");
    }

    #[test]
    fn pkce_stays_on_where_there_is_no_secret() {
        assert!(parse(ClientType::Native, false, |input| input.require_pkce = String::new()).unwrap().require_pkce);
        assert!(!parse(ClientType::Hybrid, false, |input| input.require_pkce = String::new()).unwrap().require_pkce);
    }

    #[test]
    fn what_a_type_lacks_is_not_taken_from_its_form() {
        let settings = parse(ClientType::ClientCredentials, false, |input| {
            input.redirect_urls = "https://app.example.com/callback".into();
            input.require_consent = "yes".into();
        })
        .unwrap();
        assert!(settings.redirect_urls.is_empty() && !settings.require_consent);
    }

    #[test]
    fn faults_come_in_the_order_of_the_form() {
        let errors = parse(ClientType::Native, false, |input| {
            input.name = String::new();
            input.redirect_urls = String::new();
            input.scopes = vec!["unknown".into()];
            input.token_lifetime = "1".into();
        })
        .unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field).collect();
        assert_eq!(fields, ["name", "redirect_urls", "scopes", "token_lifetime"]);
    }
}
