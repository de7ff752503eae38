//! Every way in which a request to the protocol endpoints can be refused: one table with the error that the client gets
//! (RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6, and the RFCs of the other endpoints), the sentence that
//! the developer reads, and what mends it.

/// The `error` of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedResponseType,
    InvalidScope,
    AccessDenied,
    ServerError,
    TemporarilyUnavailable,
    LoginRequired,
    ConsentRequired,
    InteractionRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    InvalidRequestUri,
    RegistrationNotSupported,
    /// RFC 6750 §3.1.
    InvalidToken,
    InsufficientScope,
    /// RFC 7009 §2.2.1.
    UnsupportedTokenType,
    /// RFC 7591 §3.2.2.
    InvalidRedirectUri,
    InvalidClientMetadata,
}

impl ErrorCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
        }
    }

    /// The HTTP status of an answer that carries the error in its body. (In a redirect there is none.)
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

/// What mends a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// A field of the client's form, by its name there.
    Field(&'static str),
    /// The client's secrets.
    Secrets,
    /// The client's keys for signed assertions.
    Keys,
    /// The service's test users.
    TestUsers,
    /// The status of the client or of its service.
    Status,
    /// The tenant's settings.
    Settings,
    /// The application: its request is wrong, not its registration.
    Application,
    /// The user, who can begin again.
    User,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident $stored:literal $error:ident $remedy:expr, $sentence:literal;)*) => {
        /// Why a request was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault { $($(#[$doc])* $name),* }

        impl Fault {
            pub const ALL: &'static [Fault] = &[$(Fault::$name),*];

            /// The stored word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Fault::$name => $stored),* }
            }

            /// The `error` that the client is answered with.
            pub const fn error(self) -> ErrorCode {
                match self { $(Fault::$name => ErrorCode::$error),* }
            }

            pub const fn remedy(self) -> Remedy {
                use Remedy::*;
                match self { $(Fault::$name => $remedy),* }
            }

            /// A sentence for developers. It is the answer's `error_description` too, so it holds only the characters
            /// that RFC 6749 allows there, and nothing that a stranger must not learn.
            pub const fn sentence(self) -> &'static str {
                match self { $(Fault::$name => $sentence),* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|fault| fault.as_str() == text)
            }
        }
    };
}

faults! {
    // The shape of the request.
    Malformed "malformed" InvalidRequest Application, "The request can't be read.";
    ParameterMissing "parameter-missing" InvalidRequest Application, "A parameter is missing.";
    ParameterRepeated "parameter-repeated" InvalidRequest Application, "A parameter is there more than once.";
    ParameterTooLong "parameter-too-long" InvalidRequest Application, "A parameter is too long.";
    ParameterInvalid "parameter-invalid" InvalidRequest Application, "A parameter has a value that is not allowed.";
    CrossOrigin "cross-origin" InvalidRequest Field("cors_origins"), "The request comes from a web page whose origin is not one of the client's CORS origins.";

    // Who the client is.
    ClientUnknown "client-unknown" InvalidClient Application, "There is no client with this client_id.";
    ClientInactive "client-inactive" InvalidClient Status, "The client, or its service, is not active.";
    CredentialsMissing "credentials-missing" InvalidClient Application, "The client must authenticate, and the request has no credentials.";
    CredentialsTwice "credentials-twice" InvalidRequest Application, "The request authenticates the client in more than one way.";
    SecretWrong "secret-wrong" InvalidClient Secrets, "The client secret is not one of this client's.";
    SecretMistyped "secret-mistyped" InvalidClient Secrets, "The client secret is incomplete or mistyped: its checksum is wrong.";
    SecretExpired "secret-expired" InvalidClient Secrets, "The client secret has expired.";
    SecretNotForPublic "secret-not-for-public" InvalidClient Application, "This client has no secrets: send its client_id alone.";
    AssertionInvalid "assertion-invalid" InvalidClient Keys, "The client assertion is not valid.";
    AssertionKeyUnknown "assertion-key-unknown" InvalidClient Keys, "The client assertion is not signed with one of the client's keys.";
    AssertionRepeated "assertion-repeated" InvalidClient Application, "The client assertion was used before: its jti must be new each time.";

    // What the client may do.
    GrantTypeUnknown "grant-type-unknown" UnsupportedGrantType Application, "This grant_type is not offered.";
    GrantTypeNotAllowed "grant-type-not-allowed" UnauthorizedClient Field("grant_types"), "The client may not use this grant type.";
    ResponseTypeUnknown "response-type-unknown" UnsupportedResponseType Application, "This response_type is not offered.";
    ResponseTypeNotAllowed "response-type-not-allowed" UnauthorizedClient Field("response_types"), "The client may not use this response type.";
    LegacySwitchedOff "legacy-switched-off" UnauthorizedClient Settings, "The company has switched legacy grants off, and this response type needs them.";
    ScopeUnknown "scope-unknown" InvalidScope Field("scopes"), "None of the scopes asked for is one of the client's.";
    ScopeNotAllowed "scope-not-allowed" InvalidScope Field("scopes"), "A scope that was asked for is not one of the client's.";
    ScopeExceedsGrant "scope-exceeds-grant" InvalidScope Application, "A scope that was asked for is more than what was granted before.";

    // Where the answer goes.
    RedirectUrlMissing "redirect-url-missing" InvalidRequest Application, "The redirect_uri is missing: OpenID Connect requires it, and so does a client that has more than one.";
    RedirectUrlUnknown "redirect-url-unknown" InvalidRequest Field("redirect_urls"), "The redirect_uri is not one of the client's redirect URLs.";
    LogoutRedirectUrlUnknown "logout-redirect-url-unknown" InvalidRequest Field("logout_redirect_urls"), "The post_logout_redirect_uri is not one of the client's logout redirect URLs.";

    // The authorization request.
    ResponseModeInvalid "response-mode-invalid" InvalidRequest Application, "This response_mode is not offered for this response type.";
    NonceMissing "nonce-missing" InvalidRequest Application, "A nonce is required when an ID token comes from the authorization endpoint.";
    PkceMissing "pkce-missing" InvalidRequest Field("require_pkce"), "The client must use PKCE: send a code_challenge.";
    PkceMethod "pkce-method" InvalidRequest Application, "The code_challenge_method must be S256.";
    PkceChallengeInvalid "pkce-challenge-invalid" InvalidRequest Application, "The code_challenge is not the Base64url of a SHA-256.";
    RequestObject "request-object" RequestNotSupported Application, "The parameter request is not supported: push the request instead.";
    RequestUriForeign "request-uri-foreign" RequestUriNotSupported Application, "Only a request_uri from the pushed authorization request endpoint is supported.";
    RequestUriUnknown "request-uri-unknown" InvalidRequestUri Application, "The request_uri is unknown, was used, or has expired.";
    RegistrationParameter "registration-parameter" RegistrationNotSupported Application, "The parameter registration is not supported.";
    PromptInvalid "prompt-invalid" InvalidRequest Application, "The parameter prompt has a value that is not allowed.";
    IdTokenHintInvalid "id-token-hint-invalid" InvalidRequest Application, "The id_token_hint is not an ID token of this issuer for this client.";
    LoginRequired "login-required" LoginRequired User, "Nobody is signed in, or the sign-in is too old.";
    ConsentRequired "consent-required" ConsentRequired User, "The user has not consented to this yet.";
    InteractionRequired "interaction-required" InteractionRequired User, "The user must do something first.";
    TooManyWaiting "too-many-waiting" TemporarilyUnavailable User, "Too many sign-ins were begun from this network. Try again in a few minutes.";
    TooManyPushed "too-many-pushed" TemporarilyUnavailable Application, "The client has pushed too many requests. Try again in a few minutes.";
    ConsentRefused "consent-refused" AccessDenied User, "The user refused.";
    NotATestUser "not-a-test-user" AccessDenied TestUsers, "The service is in sandbox, and this user is not one of its test users.";

    // The code and the tokens.
    NoLongerATestUser "no-longer-a-test-user" InvalidGrant TestUsers, "The tokens would be of the sandbox, and this user is not one of the service's test users.";
    CodeUnknown "code-unknown" InvalidGrant Application, "The code is unknown, or was issued to another client.";
    CodeExpired "code-expired" InvalidGrant Application, "The code has expired: it must be redeemed within 60 seconds.";
    CodeReused "code-reused" InvalidGrant Application, "The code was redeemed before. What was issued for it has ended.";
    CodeRedirectUrl "code-redirect-url" InvalidGrant Application, "The redirect_uri differs from that of the authorization request.";
    VerifierMissing "verifier-missing" InvalidGrant Application, "The code_verifier is missing.";
    VerifierWrong "verifier-wrong" InvalidGrant Application, "The code_verifier does not fit the code_challenge.";
    VerifierUnexpected "verifier-unexpected" InvalidGrant Application, "There is a code_verifier, and the authorization request had no code_challenge.";
    RefreshUnknown "refresh-unknown" InvalidGrant Application, "The refresh token is unknown, or was issued to another client.";
    RefreshReused "refresh-reused" InvalidGrant Application, "The refresh token was used before. All tokens of this sign-in have ended.";
    RefreshExpired "refresh-expired" InvalidGrant User, "The refresh token has expired: the user must sign in again.";
    GrantEnded "grant-ended" InvalidGrant User, "What was granted has ended: the user must sign in again.";
    TokenInvalid "token-invalid" InvalidToken Application, "The access token is not valid.";
    TokenExpired "token-expired" InvalidToken Application, "The access token has expired.";
    TokenMissing "token-missing" InvalidToken Application, "There is no access token in the request.";
    TokenInQuery "token-in-query" InvalidRequest Application, "An access token must not be in the address.";
    TokenWithoutOpenid "token-without-openid" InsufficientScope Field("scopes"), "The access token was not granted the scope openid.";
    TokenOfAnother "token-of-another" InvalidGrant Application, "The token was issued to another client.";
    TokenTypeUnsupported "token-type-unsupported" UnsupportedTokenType Application, "This kind of token can't be revoked.";

    // Registration by machine.
    RegistrationTokenInvalid "registration-token-invalid" InvalidToken Application, "The registration access token is not valid.";
    RegistrationServiceLive "registration-service-live" AccessDenied Application, "The service is live: its clients are changed by people, so that an approver sees it.";
    RegistrationServiceDeleted "registration-service-deleted" AccessDenied Status, "The service of this token is deleted.";
    RegistrationTooMany "registration-too-many" TemporarilyUnavailable Application, "As many clients as may be in a day were registered with this token.";
    MetadataInvalid "metadata-invalid" InvalidClientMetadata Application, "The client metadata is not allowed.";
    MetadataRedirectUri "metadata-redirect-uri" InvalidRedirectUri Field("redirect_urls"), "A redirect URL is not allowed.";

    // Keywright itself.
    Unavailable "unavailable" TemporarilyUnavailable User, "The database can't be reached just now, or too much is going on. Try again in a few seconds.";
    Bug "bug" ServerError User, "A fault of the server, not of the client.";
}

/// A request that was refused: why, and what a developer needs to see to mend it. Never a secret, a code or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub fault: Fault,
    /// What would have been right: each possibility a line. Empty where that goes without saying.
    pub expected: String,
    /// What came, as it came.
    pub received: String,
}

impl Refusal {
    pub fn comparing(fault: Fault, expected: impl Into<String>, received: impl Into<String>) -> Self {
        Self { fault, expected: expected.into(), received: received.into() }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { fault, expected: String::new(), received: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_hold_only_what_the_rfc_allows() {
        for fault in Fault::ALL {
            let allowed = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
            assert!(fault.sentence().chars().all(allowed), "{}", fault.sentence());
            assert_eq!(Fault::parse(fault.as_str()), Some(*fault));
        }
    }
}
