//! What comes in wrong is refused with a page that says so; nothing has changed, and nothing typed is lost. And what is
//! just right is taken.

use keywright::access::{Actor, act};
use keywright::crypto::random;
use keywright::db;
use keywright::domain::client::ClientType;
use keywright::domain::id::{RoleId, ScopeId, TenantId};
use keywright::domain::scope::{CatalogueScope, Scope};
use keywright::operations::fill::Company;
use reqwest::blocking::Response;
use scraper::{Html, Selector};

use crate::support::{Browser, DAY, PASSWORD, Person, TestPortal, Things, png, public_jwk};

/// The forms, each with a base that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Service,
    ServiceEdit,
    Client(ClientType),
    ClientEdit,
    MachineEdit,
    Secret,
    Rotation,
    Key,
    SignIn,
    Name,
    Password,
    Register,
    Company,
    Activate,
    Setup,
    Reset,
    ResetCode,
    SecondFactor,
    SignInCode,
    Invite,
    Roles,
    Accept,
    Profile,
    Rules,
    Role,
    RoleEdit,
    Scope,
    ScopeEdit,
    Community,
    CommunityEdit,
    CommunityRole,
    Invitation,
    PersonRoles,
}

use ClientType::{AuthorizationCode, ClientCredentials, Custom, Hybrid, Native, SyncConnector};
use Form::{
    Accept, Activate, Client, ClientEdit, Invite, Key, MachineEdit, Name, Password, Profile, Register, Reset,
    ResetCode, Roles, Rotation, Rules, SecondFactor, Secret, Service, ServiceEdit, Setup, SignIn, SignInCode,
};

/// What is to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// On to the next page.
    Taken,
    /// On to the next page as if what is forged weren't there: nothing changed.
    Ignored,
    /// A page with this status; nothing changed.
    Refused(u16),
}

use Outcome::{Ignored, Refused, Taken};

const BAD: Outcome = Refused(422);

struct Row {
    form: Form,
    /// In place of the base's values of the same name; `None` leaves the field out.
    fields: Vec<(&'static str, Option<String>)>,
    outcome: Outcome,
}

fn row(form: Form, field: &'static str, value: impl Into<String>, outcome: Outcome) -> Row {
    Row { form, fields: vec![(field, Some(value.into()))], outcome }
}

fn without(form: Form, field: &'static str, outcome: Outcome) -> Row {
    Row { form, fields: vec![(field, None)], outcome }
}

fn several(form: Form, fields: &[(&'static str, &str)], outcome: Outcome) -> Row {
    Row { form, fields: fields.iter().map(|(name, value)| (*name, Some((*value).to_owned()))).collect(), outcome }
}

/// Characters that hide, reorder or break lines.
const HIDDEN: [&str; 12] = [
    "a\0b",
    "a\rb",
    "a\nb",
    "a\r\nb",
    "a\u{1B}b",
    "a\u{202E}b",
    "a\u{200F}b",
    "a\u{200E}b",
    "a\u{200B}b",
    "a\u{2066}b",
    "a\u{FEFF}b",
    "a\u{85}b",
];

fn letters(count: usize) -> String {
    "x".repeat(count)
}

fn url_of(length: usize) -> String {
    let start = "https://app.example.com/";
    format!("{start}{}", "p".repeat(length - start.len()))
}

fn email_of(length: usize) -> String {
    let name = "a".repeat(60);
    let rest = length - name.len() - 1;
    // Labels of at most 63 characters.
    let mut host = String::new();
    while rest - host.len() > 64 {
        host += &"b".repeat(60);
        host.push('.');
    }
    let left = rest - host.len();
    host += &format!("{}.com", "c".repeat(left - 4));
    format!("{name}@{host}")
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().join("\r\n")
}

fn service_rows() -> Vec<Row> {
    let mut rows = vec![
        row(Service, "name", letters(1), Taken),
        row(Service, "name", letters(100), Taken),
        row(Service, "name", "🔑".repeat(100), Taken),
        row(Service, "name", letters(101), BAD),
        row(Service, "name", "🔑".repeat(101), BAD),
        row(Service, "name", "", BAD),
        row(Service, "name", " \t\u{3000} ", BAD),
        row(Service, "name", "<script>alert(1)</script> & \"quotes\" 'too'", Taken),
        row(Service, "domain", "", BAD),
        row(Service, "domain", "https://example.com", BAD),
        row(Service, "domain", "example.com/path", BAD),
        row(Service, "domain", "example.com:443", BAD),
        row(Service, "domain", "localhost", BAD),
        row(Service, "domain", "127.0.0.1", BAD),
        row(Service, "domain", "*.example.com", BAD),
        row(Service, "domain", "-a.example.com", BAD),
        row(Service, "domain", "a..example.com", BAD),
        row(Service, "domain", "user@example.com", BAD),
        row(Service, "domain", format!("{}.com", letters(64)), BAD),
        row(Service, "domain", format!("{}.com", letters(63)), Taken),
        row(Service, "domain", format!("{}com", format!("{}.", letters(62)).repeat(4)), BAD),
        row(Service, "description", letters(500), Taken),
        row(Service, "description", letters(501), BAD),
        row(Service, "description", "first\r\nsecond\r\n\r\nthird", Taken),
        row(Service, "description", format!("{}\r\n{}", letters(250), letters(249)), Taken),
        row(Service, "privacy_policy_url", "http://app.example.com/", BAD),
        row(Service, "privacy_policy_url", "javascript:alert(1)", BAD),
        row(Service, "privacy_policy_url", "https://localhost/", BAD),
        row(Service, "privacy_policy_url", "https://10.0.0.1/", BAD),
        row(Service, "privacy_policy_url", "https://app.example.com/#privacy", Taken),
        row(Service, "privacy_policy_url", url_of(2000), Taken),
        row(Service, "privacy_policy_url", url_of(2001), BAD),
        row(Service, "terms_url", "//app.example.com/terms", BAD),
        row(Service, "terms_url", "https://user:pass@app.example.com/", BAD),
        row(Service, "contact_email", email_of(254), Taken),
        row(Service, "contact_email", email_of(255), BAD),
        row(Service, "contact_email", "ada", BAD),
        row(Service, "contact_email", "ada@example.com\r\nBcc: eve@example.com", BAD),
        row(Service, "contact_email", "ada@exämple.com", BAD),
        row(Service, "contact_email", "Ada <ada@example.com>", BAD),
        without(Service, "name", BAD),
        without(Service, "domain", BAD),
        without(Service, "description", Taken),
        // Forged: no field of the form, so it means nothing.
        row(Service, "environment", "live", Taken),
        row(Service, "tenant_id", "00000000-0000-7000-8000-000000000000", Taken),
        row(ServiceEdit, "status", "deleted", BAD),
        row(ServiceEdit, "status", "ACTIVE", BAD),
        row(ServiceEdit, "status", "", BAD),
        without(ServiceEdit, "status", BAD),
        row(ServiceEdit, "version", "99", Refused(409)),
        row(ServiceEdit, "version", "0", Refused(409)),
        row(ServiceEdit, "version", "-1", Refused(409)),
        row(ServiceEdit, "version", "1e0", Refused(409)),
        row(ServiceEdit, "version", "99999999999999999999", Refused(409)),
        without(ServiceEdit, "version", Refused(409)),
        row(ServiceEdit, "environment", "live", Ignored),
        row(ServiceEdit, "logo_digest", "00", Ignored),
        row(ServiceEdit, "remove_logo", "maybe", Ignored),
        row(ServiceEdit, "name", letters(101), BAD),
    ];
    for hidden in HIDDEN {
        rows.push(row(Service, "name", hidden, BAD));
        rows.push(row(Service, "domain", format!("{hidden}.example.com"), BAD));
        rows.push(row(Service, "terms_url", format!("https://app.example.com/{hidden}"), BAD));
        rows.push(row(Service, "contact_email", format!("{hidden}@example.com"), BAD));
    }
    for hidden in ["a\0b", "a\u{202E}b", "a\u{200B}b", "a\u{1B}b"] {
        rows.push(row(Service, "description", hidden, BAD));
    }
    rows
}

fn client_rows(foreign: &Foreign) -> Vec<Row> {
    let web = Client(AuthorizationCode);
    let callback = |number: usize| format!("https://app.example.com/callback/{number}");
    let mut rows = vec![
        row(web, "suffix", letters(65), BAD),
        row(web, "suffix", "Upper", BAD),
        row(web, "suffix", "a-b", BAD),
        row(web, "suffix", "a.b", BAD),
        row(web, "suffix", "ä", BAD),
        row(web, "suffix", foreign.used_suffix.as_str(), BAD),
        row(web, "description", letters(501), BAD),
        row(web, "redirect_urls", "", BAD),
        row(web, "redirect_urls", lines(10, callback), Taken),
        row(web, "redirect_urls", lines(11, callback), BAD),
        row(web, "redirect_urls", lines(2, |_| callback(1)), BAD),
        row(web, "redirect_urls", url_of(2000), Taken),
        row(web, "redirect_urls", url_of(2001), BAD),
        row(web, "redirect_urls", "http://app.example.com/callback", BAD),
        row(web, "redirect_urls", "https://app.example.com/callback#fragment", BAD),
        row(web, "redirect_urls", "https://app.example.com/callback#", BAD),
        row(web, "redirect_urls", "https://*.example.com/callback", BAD),
        row(web, "redirect_urls", "https://ada@app.example.com/callback", BAD),
        row(web, "redirect_urls", "https://app.example.com/../callback", BAD),
        row(web, "redirect_urls", "https://app.example.com\\callback", BAD),
        row(web, "redirect_urls", "javascript:alert(1)", BAD),
        row(web, "redirect_urls", "data:text/html,x", BAD),
        row(web, "redirect_urls", "file:///etc/passwd", BAD),
        row(web, "redirect_urls", "com.example.app:/callback", BAD),
        row(web, "redirect_urls", "https://bücher.example/callback", BAD),
        row(web, "redirect_urls", "https://app.example.com:99999/callback", BAD),
        row(web, "redirect_urls", "\u{202E}https://app.example.com/callback", BAD),
        row(web, "redirect_urls", "https://app.example.com/a\0b", BAD),
        row(web, "redirect_urls", "https://app.example.com/a\rb", BAD),
        row(web, "logout_redirect_urls", lines(10, callback), Taken),
        row(web, "logout_redirect_urls", lines(11, callback), BAD),
        row(web, "logout_redirect_urls", "http://app.example.com/", BAD),
        row(web, "cors_origins", "https://app.example.com/", BAD),
        row(web, "cors_origins", "null", BAD),
        row(web, "cors_origins", "*", BAD),
        row(web, "cors_origins", "https://app.example.com?x", BAD),
        row(web, "cors_origins", lines(10, |number| format!("https://app{number}.example.com")), Taken),
        row(web, "cors_origins", lines(11, |number| format!("https://app{number}.example.com")), BAD),
        row(web, "website_url", "ftp://app.example.com", BAD),
        row(web, "privacy_policy_url", "https://printer.local/", BAD),
        row(web, "terms_url", "not a url", BAD),
        row(web, "token_lifetime", "60", Taken),
        row(web, "token_lifetime", "3600", Taken),
        row(web, "token_lifetime", "59", BAD),
        row(web, "token_lifetime", "3601", BAD),
        row(web, "token_lifetime", "-60", BAD),
        row(web, "token_lifetime", "+60", BAD),
        row(web, "token_lifetime", "60.5", BAD),
        row(web, "token_lifetime", "٦٠٠", BAD),
        row(web, "token_lifetime", "99999999999999999999", BAD),
        row(web, "token_lifetime", "", BAD),
        without(web, "token_lifetime", BAD),
        without(web, "scopes", BAD),
        without(web, "name", BAD),
        without(web, "redirect_urls", BAD),
        row(web, "scopes", "everything", BAD),
        row(web, "scopes", foreign.scope, BAD),
        row(web, "scopes", "openid\0", BAD),
        row(web, "id_token_signing", "none", BAD),
        row(web, "id_token_signing", "HS256", BAD),
        row(web, "subject_type", "secret", BAD),
        row(web, "allow_refresh", "on", BAD),
        row(web, "require_consent", "true", BAD),
        row(web, "require_pkce", "no", BAD),
        // Switching PKCE off asks back first.
        row(web, "require_pkce", "", BAD),
        // A client of this type has no roles and no grants of its choice: fields of other forms mean nothing.
        row(web, "client_type", "client-credentials", Taken),
        row(web, "grant_types", "client_credentials", Taken),
        row(Client(Native), "redirect_urls", "com.example.app:/callback", Taken),
        row(Client(Native), "redirect_urls", "myapp:/callback", BAD),
        row(Client(Native), "redirect_urls", "com.example.app://callback", BAD),
        row(Client(Native), "require_pkce", "", Taken),
        row(Client(Native), "require_pkce", "no", Taken),
        row(Client(ClientCredentials), "allow_refresh", "on", Taken),
        row(Client(ClientCredentials), "require_consent", "on", Taken),
        row(Client(ClientCredentials), "require_pkce", "no", Taken),
        row(Client(ClientCredentials), "id_token_signing", "none", Taken),
        row(Client(ClientCredentials), "subject_type", "secret", Taken),
        row(Client(Hybrid), "allow_refresh", "on", BAD),
        row(Client(Custom), "require_pkce", "no", BAD),
        row(Client(Hybrid), "response_types", "token", BAD),
        row(Client(Hybrid), "response_types", "code token", BAD),
        row(Client(Hybrid), "response_types", "code", BAD),
        row(Client(Hybrid), "response_types", "code code", BAD),
        without(Client(Hybrid), "response_types", BAD),
        row(Client(Custom), "grant_types", "password", BAD),
        row(Client(Custom), "grant_types", "implicit", BAD),
        row(Client(Custom), "grant_types", "refresh_token", BAD),
        row(Client(Custom), "grant_types", "urn:ietf:params:oauth:grant-type:device_code", BAD),
        without(Client(Custom), "grant_types", BAD),
        row(Client(Custom), "response_types", "none", BAD),
        without(Client(Custom), "response_types", BAD),
        row(Client(ClientCredentials), "roles", foreign.role.to_string(), BAD),
        row(Client(ClientCredentials), "roles", "administrator", BAD),
        row(Client(ClientCredentials), "roles", foreign.member_role.to_string(), BAD),
        // The role of an administrator asks back first.
        row(Client(ClientCredentials), "roles", foreign.administrator_role.to_string(), BAD),
        row(Client(ClientCredentials), "redirect_urls", "javascript:alert(1)", Taken),
        row(Client(SyncConnector), "scopes", "everything", BAD),
        row(Client(SyncConnector), "token_lifetime", "0", BAD),
        row(ClientEdit, "version", "99", Refused(409)),
        row(ClientEdit, "version", "0", Refused(409)),
        row(ClientEdit, "version", "one", Refused(409)),
        without(ClientEdit, "version", Refused(409)),
        row(ClientEdit, "status", "deleted", BAD),
        row(ClientEdit, "status", "live", BAD),
        without(ClientEdit, "status", BAD),
        row(ClientEdit, "client_type", "native", Ignored),
        row(ClientEdit, "suffix", "another", Ignored),
        row(ClientEdit, "client_id", "another", Ignored),
        row(ClientEdit, "service_id", foreign.things.service.to_string(), Ignored),
        row(ClientEdit, "environment", "live", Ignored),
        row(ClientEdit, "roles", foreign.role.to_string(), Ignored),
        row(ClientEdit, "confirmed", "everything", Ignored),
        row(ClientEdit, "name", letters(101), BAD),
        row(MachineEdit, "roles", foreign.role.to_string(), BAD),
        row(MachineEdit, "grant_types", "authorization_code", Ignored),
        row(MachineEdit, "scopes", foreign.scope, BAD),
        several(web, &[("name", ""), ("token_lifetime", "1"), ("redirect_urls", "x"), ("description", "kept")], BAD),
    ];
    for kind in ClientType::ALL {
        rows.push(row(Client(*kind), "name", letters(100), Taken));
        rows.push(row(Client(*kind), "name", letters(101), BAD));
        rows.push(row(Client(*kind), "name", "", BAD));
        rows.push(row(Client(*kind), "description", letters(500), Taken));
        rows.push(row(Client(*kind), "description", "a\0b", BAD));
    }
    for hidden in HIDDEN {
        rows.push(row(web, "name", hidden, BAD));
        rows.push(row(web, "suffix", hidden, BAD));
        rows.push(row(web, "cors_origins", format!("https://{hidden}.example.com"), BAD));
    }
    rows
}

fn secret_rows() -> Vec<Row> {
    let mut rows = vec![
        row(Secret, "description", letters(200), Taken),
        row(Secret, "description", letters(201), BAD),
        row(Secret, "environment", "live", BAD),
        row(Secret, "environment", "production", BAD),
        row(Secret, "environment", "", BAD),
        without(Secret, "environment", BAD),
        row(Secret, "expires_at", "2026-11-21T12:00", BAD),
        row(Secret, "expires_at", "2026-11-21T12:01", Taken),
        row(Secret, "expires_at", "2126-10-28T12:00", Taken),
        row(Secret, "expires_at", "2126-10-28T12:01", BAD),
        row(Secret, "expires_at", "1999-01-01T00:00", BAD),
        row(Secret, "expires_at", "2027-02-30T12:00", BAD),
        row(Secret, "expires_at", "tomorrow", BAD),
        row(Secret, "expires_at", "2027-11-21T12:00\0", BAD),
        row(Secret, "expires_at", "999999-01-01T00:00", BAD),
        row(Secret, "expires_at", "", BAD),
        without(Secret, "expires_at", BAD),
        row(Secret, "never_expires", "no", BAD),
        several(Secret, &[("never_expires", "yes"), ("expires_at", "")], Taken),
        several(Key, &[], Taken),
        row(Key, "jwk", "", BAD),
        row(Key, "jwk", "{", BAD),
        row(Key, "jwk", "[]", BAD),
        row(Key, "jwk", "{\"keys\":[]}", BAD),
        row(Key, "jwk", "{\"kty\":\"EC\",\"crv\":\"P-384\"}", BAD),
        row(Key, "jwk", letters(64 * 1024 + 1), BAD),
        without(Key, "jwk", BAD),
        row(Rotation, "overlap", "now", Taken),
        row(Rotation, "overlap", "7d", Taken),
        row(Rotation, "overlap", "forever", BAD),
        row(Rotation, "overlap", "", BAD),
        without(Rotation, "overlap", BAD),
        several(Rotation, &[("overlap", "date"), ("until", "2026-11-21T12:01")], Taken),
        several(Rotation, &[("overlap", "date"), ("until", "2027-11-22T12:00")], Taken),
        several(Rotation, &[("overlap", "date"), ("until", "2026-11-21T12:00")], BAD),
        several(Rotation, &[("overlap", "date"), ("until", "2027-11-22T12:01")], BAD),
        several(Rotation, &[("overlap", "date"), ("until", "")], BAD),
        several(Rotation, &[("overlap", "date"), ("until", "soon\0")], BAD),
        several(Rotation, &[("overlap", "date"), ("until", "9999-99-99T99:99")], BAD),
    ];
    rows.extend(HIDDEN.map(|hidden| row(Secret, "description", hidden, BAD)));
    rows
}

fn account_rows() -> Vec<Row> {
    let long = |count: usize| "correct horse battery staple ".chars().cycle().take(count).collect::<String>();
    let mut rows = vec![
        row(SignIn, "email", "", BAD),
        row(SignIn, "email", "nobody@example.com", BAD),
        row(SignIn, "email", "a\0b@example.com", BAD),
        row(SignIn, "email", "\0", BAD),
        row(SignIn, "email", letters(10_000), BAD),
        row(SignIn, "email", "\u{202E}moc.elpmaxe@ada", BAD),
        row(SignIn, "password", "", BAD),
        row(SignIn, "password", "\0", BAD),
        without(SignIn, "password", BAD),
        without(SignIn, "email", BAD),
        row(SignIn, "return_to", "https://evil.example/", Taken),
        row(SignIn, "return_to", "/\r\nSet-Cookie: a=b", Taken),
        row(Name, "name", letters(100), Taken),
        row(Name, "name", letters(101), BAD),
        row(Name, "name", "", BAD),
        without(Name, "name", BAD),
        row(Password, "current_password", "not the password", BAD),
        row(Password, "new_password", "1234567", BAD),
        row(Password, "new_password", "password", BAD),
        row(Password, "new_password", long(129), BAD),
        row(Password, "new_password", "", BAD),
        without(Password, "new_password", BAD),
        without(Password, "current_password", BAD),
        row(Register, "name", letters(100), Taken),
        row(Register, "name", letters(101), BAD),
        row(Register, "name", "", BAD),
        row(Register, "email", email_of(254), Taken),
        row(Register, "email", email_of(255), BAD),
        row(Register, "email", "ada@@example.com", BAD),
        row(Register, "email", "", BAD),
        row(Register, "password", long(128), Taken),
        row(Register, "password", long(129), BAD),
        row(Register, "password", "short", BAD),
        row(Register, "password", "Northwind1", BAD),
        without(Register, "password", BAD),
        without(Register, "name", BAD),
        row(Form::Company, "company", letters(101), BAD),
        row(Form::Company, "company", "", BAD),
        row(Form::Company, "company", "a\0b", BAD),
        row(Form::Company, "company", "a\u{202E}b", BAD),
        row(Form::Company, "contact_email", "nobody", BAD),
        row(Form::Company, "contact_email", email_of(255), BAD),
        without(Form::Company, "contact_email", BAD),
        row(Activate, "code", "", BAD),
        row(Activate, "code", "0000-0000", BAD),
        row(Activate, "code", "\0", BAD),
        without(Activate, "code", BAD),
        row(Reset, "email", "", BAD),
        row(Reset, "email", "a\0b@example.com", BAD),
        row(Reset, "email", email_of(255), BAD),
        without(Reset, "email", BAD),
        row(ResetCode, "code", "", BAD),
        row(ResetCode, "code", "0000-0000\u{202E}", BAD),
        row(ResetCode, "password", "short", BAD),
        row(ResetCode, "password", long(129), BAD),
        without(ResetCode, "code", BAD),
        without(ResetCode, "password", BAD),
        row(SecondFactor, "code", "", BAD),
        row(SecondFactor, "code", letters(10_000), BAD),
        row(SecondFactor, "code", "00000\0", BAD),
        row(SecondFactor, "code", "\u{202E}000000", BAD),
        row(SecondFactor, "code", "٠٠٠٠٠٠", BAD),
        row(SecondFactor, "code", "-00001", BAD),
        row(SecondFactor, "secret", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", BAD),
        without(SecondFactor, "code", BAD),
        row(SignInCode, "code", "", BAD),
        row(SignInCode, "code", letters(10_000), BAD),
        row(SignInCode, "code", "\0", BAD),
        row(SignInCode, "code", "+00000", BAD),
        row(SignInCode, "account", "00000000-0000-7000-8000-000000000000", BAD),
        without(SignInCode, "code", BAD),
        row(Setup, "company", letters(101), BAD),
        row(Setup, "company", "", BAD),
        row(Setup, "name", letters(101), BAD),
        row(Setup, "email", "nobody", BAD),
        row(Setup, "password", "short", BAD),
        row(Setup, "token", "", Refused(410)),
        row(Setup, "token", "\0", Refused(410)),
        row(Setup, "token", letters(64), Refused(410)),
        without(Setup, "token", Refused(410)),
        without(Setup, "company", BAD),
    ];
    for hidden in ["a\0b", "a\r\nb", "a\u{202E}b", "a\u{200B}b"] {
        rows.push(row(Name, "name", hidden, BAD));
        rows.push(row(Register, "name", hidden, BAD));
        rows.push(row(Setup, "name", hidden, BAD));
    }
    rows
}

fn people_rows() -> Vec<Row> {
    let invited = || format!("{}@example.com", &random::token()[..16]);
    let mut rows = vec![
        row(Invite, "email", invited(), Taken),
        row(Invite, "email", format!("{}@example.com", "a".repeat(64)), Taken),
        row(Invite, "email", email_of(254), Taken),
        row(Invite, "email", email_of(255), BAD),
        row(Invite, "email", "", BAD),
        row(Invite, "email", "nobody", BAD),
        row(Invite, "email", "ada@example.com\r\nBcc: x@example.com", BAD),
        row(Invite, "email", "a\0b@example.com", BAD),
        row(Invite, "email", "administrator@northwind.example", BAD),
        row(Invite, "email", "ADMINISTRATOR@Northwind.Example", BAD),
        row(Invite, "roles", "operator", BAD),
        row(Invite, "roles", "member", BAD),
        row(Invite, "roles", "", BAD),
        row(Invite, "roles", "\0", BAD),
        without(Invite, "email", BAD),
        without(Invite, "roles", Taken),
        row(Roles, "roles", "administrator", Taken),
        row(Roles, "roles", "platform-approver", BAD),
        row(Roles, "roles", "Administrator", BAD),
        row(Roles, "before", "developer", Refused(409)),
        row(Roles, "before", "\0", Refused(409)),
        without(Roles, "before", Taken),
        row(Accept, "name", letters(100), Taken),
        row(Accept, "name", letters(101), BAD),
        row(Accept, "name", "", BAD),
        row(Accept, "password", "short", BAD),
        row(Accept, "password", "password", BAD),
        without(Accept, "password", BAD),
        row(Accept, "token", "", Refused(410)),
        row(Accept, "token", "\0", Refused(410)),
        row(Accept, "token", letters(10_000), Refused(410)),
        without(Accept, "token", Refused(410)),
        row(Accept, "email", "somebody@else.example", Taken),
        row(Profile, "name", letters(100), Taken),
        row(Profile, "name", letters(101), BAD),
        row(Profile, "name", " ", BAD),
        row(Profile, "contact_name", letters(100), Taken),
        row(Profile, "contact_name", letters(101), BAD),
        row(Profile, "contact_name", "", Taken),
        row(Profile, "contact_email", "nobody", BAD),
        row(Profile, "contact_email", "", BAD),
        row(Profile, "website_url", "https://example.com/#about", Taken),
        row(Profile, "website_url", "http://example.com", BAD),
        row(Profile, "website_url", "javascript:alert(1)", BAD),
        row(Profile, "website_url", "https://127.0.0.1/", BAD),
        row(Profile, "version", "0", Refused(409)),
        row(Profile, "version", "", Refused(409)),
        without(Profile, "version", Refused(409)),
        row(Rules, "grace_days", "1", Taken),
        row(Rules, "grace_days", "90", Taken),
        row(Rules, "grace_days", "0", BAD),
        row(Rules, "grace_days", "91", BAD),
        row(Rules, "grace_days", "1.5", BAD),
        row(Rules, "grace_days", "-1", BAD),
        row(Rules, "grace_days", "99999999999999999999", BAD),
        row(Rules, "session_idle_minutes", "5", Taken),
        row(Rules, "session_idle_minutes", "1440", Taken),
        row(Rules, "session_idle_minutes", "4", BAD),
        row(Rules, "session_idle_minutes", "1441", BAD),
        without(Rules, "session_idle_minutes", BAD),
        row(Rules, "session_hours", "168", Taken),
        row(Rules, "session_hours", "169", BAD),
        row(Rules, "session_hours", "0", BAD),
        row(Rules, "session_hours", "", BAD),
        row(Rules, "legacy_grants", "yes", BAD),
        row(Rules, "version", "\0", Refused(409)),
    ];
    for hidden in HIDDEN {
        rows.push(row(Profile, "name", hidden, BAD));
        rows.push(row(Profile, "contact_name", hidden, BAD));
        rows.push(row(Accept, "name", hidden, BAD));
    }
    rows
}

fn shared_rows(foreign: &Foreign) -> Vec<Row> {
    use Form::{Community, CommunityEdit, CommunityRole, Invitation, PersonRoles, Role, RoleEdit, Scope, ScopeEdit};
    let mut rows = Vec::new();
    for form in [Role, RoleEdit, Community, CommunityEdit, CommunityRole] {
        // A name is taken once.
        let letter = if matches!(form, RoleEdit | CommunityEdit) { "ö" } else { "🔑" };
        rows.extend([
            row(form, "name", letter.repeat(100), Taken),
            row(form, "name", letters(101), BAD),
            row(form, "name", "", BAD),
            row(form, "name", " \t\u{3000} ", BAD),
            row(form, "description", letters(500), Taken),
            row(form, "description", letters(501), BAD),
            without(form, "name", BAD),
        ]);
        rows.extend(HIDDEN.map(|hidden| row(form, "name", hidden, BAD)));
    }
    for form in [RoleEdit, ScopeEdit, CommunityEdit] {
        rows.extend(["99", "0", "-1", "1e0"].map(|version| row(form, "version", version, Refused(409))));
        rows.push(without(form, "version", Refused(409)));
    }
    rows.extend([
        row(Role, "name", "Tenant Member", BAD),
        row(Role, "name", "tenant ADMINISTRATOR", BAD),
        row(CommunityRole, "name", "community administrator", BAD),
        row(Scope, "name", letters(64), Taken),
        row(Scope, "name", letters(65), BAD),
        row(Scope, "name", "openid", BAD),
        row(Scope, "description", letters(500), Taken),
        several(ScopeEdit, &[("name", "other"), ("description", "What it is for")], Ignored),
        row(Invitation, "company_id", "", BAD),
        row(Invitation, "company_id", "\0", BAD),
        row(Invitation, "company_id", "01900000-0000-7000-8000-000000000000", BAD),
        row(Invitation, "company_id", foreign.company.to_string().replace('-', ""), BAD),
        row(Invitation, "company_id", foreign.company.to_string().to_uppercase(), Taken),
        row(Invitation, "company_id", letters(10_000), BAD),
        without(Invitation, "company_id", BAD),
        row(PersonRoles, "roles", "1", BAD),
        row(PersonRoles, "roles", foreign.things.community_role.to_string(), BAD),
        row(MachineEdit, "community_roles", foreign.things.community_role.to_string(), BAD),
        row(MachineEdit, "community_roles", "\0", BAD),
        row(ClientEdit, "community_roles", foreign.things.community_role.to_string(), Ignored),
        row(Client(ClientCredentials), "community_roles", foreign.things.community_role.to_string(), BAD),
    ]);
    for form in [Scope, ScopeEdit] {
        rows.extend([row(form, "description", "", BAD), row(form, "description", letters(501), BAD)]);
        rows.extend(HIDDEN.map(|hidden| row(form, "description", hidden, BAD)));
    }
    for name in ["", " ", "Orders", "a b", "a,b", "a\"b", "a\\b", "a%b", "ä", "a*", "<b>"] {
        rows.push(row(Scope, "name", name, BAD));
    }
    rows.extend(HIDDEN.map(|hidden| row(Scope, "name", hidden, BAD)));
    rows
}

/// Another company's things, and a few of one's own that ask back.
struct Foreign {
    company: TenantId,
    things: Things,
    role: RoleId,
    scope: &'static str,
    member_role: RoleId,
    administrator_role: RoleId,
    used_suffix: String,
}

/// What stands in a field, or is chosen from a list.
fn value_in(page: &Html, name: &str) -> Option<String> {
    let css = format!("input[name={name:?}], select[name={name:?}] option[selected]");
    let found = page.select(&Selector::parse(&css).expect("a selector")).next()?;
    found.value().attr("value").map(ToOwned::to_owned)
}

struct House {
    portal: TestPortal,
    company: Company,
    things: Things,
    foreign: Foreign,
    browser: Browser,
    /// The one on its way through registration and the forgotten password.
    visitor: Browser,
    /// A portal that is not set up yet.
    bare: TestPortal,
    bare_browser: Browser,
    setup_token: String,
    /// Where an invitation that nobody has accepted yet leads; made where it is needed.
    invitation: String,
}

impl House {
    fn build() -> Self {
        let portal = TestPortal::spawn_with(|config| config.registration_open = true);
        let company = portal.company("northwind");
        let elsewhere = portal.company("elsewhere");
        let foreign_things = portal.things(&elsewhere);
        let operations = &portal.application.operations;
        let scope = Scope { name: "elsewhere.read".into(), description: "Theirs alone.".into() };
        let id = ScopeId::new(1, random::bytes());
        let theirs = CatalogueScope { id, scope, built_in: false, version: 1 };
        operations.fill(|writer| db::scopes::insert(writer, elsewhere.tenant.id, &theirs)).expect("a scope");
        let role_of = |company: &Company, name: &str| {
            let actor = Actor::new(company.people[0].clone(), portal.clock.now(), String::new());
            let roles = portal.application.db.read(|reader| db::roles::all(reader, actor.scope())).expect("roles");
            let found = roles.iter().find(|role| role.settings.name.eq_ignore_ascii_case(name));
            found.unwrap_or_else(|| panic!("no role {name}")).id
        };
        let things = portal.things(&company);
        let used = portal.client(&company, things.service, Native, "usedbefore");
        operations
            .delete_client(&portal.confirmed::<act::EditClients>(&company, Person::Administrator), used)
            .expect("gone");
        let foreign = Foreign {
            company: elsewhere.tenant.id,
            things: foreign_things,
            role: role_of(&elsewhere, "Tenant Administrator"),
            scope: "elsewhere.read",
            member_role: elsewhere.member_role,
            administrator_role: role_of(&company, "Tenant Administrator"),
            used_suffix: "usedbefore".into(),
        };
        portal.enrolled(Person::Approver, "northwind");
        let browser = portal.signed_in(Person::Administrator, "northwind");
        let visitor = Browser::new(&portal.url);
        let bare = TestPortal::spawn();
        let link = bare.application.operations.setup_link().expect("a link").expect("not set up yet");
        let setup_token = link.split_once("token=").expect("a token").1.to_owned();
        let bare_browser = Browser::new(&bare.url);
        Self {
            portal,
            company,
            things,
            foreign,
            browser,
            visitor,
            bare,
            bare_browser,
            setup_token,
            invitation: String::new(),
        }
    }

    /// Where a form goes, with what it takes.
    fn base(&self, form: Form) -> (String, Vec<(&'static str, String)>) {
        let things = &self.things;
        let owned = |fields: &[(&'static str, &str)]| {
            fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>()
        };
        let fresh = || format!("Name {}", &random::token()[..16]);
        let suffix = random::token()[..16].to_owned();
        let service = [
            ("name", "Shop"),
            ("domain", "app.example.com"),
            ("description", "Where people buy."),
            ("privacy_policy_url", "https://app.example.com/privacy"),
            ("terms_url", "https://app.example.com/terms"),
            ("contact_email", "shop@example.com"),
        ];
        let for_users = [
            ("redirect_urls", "https://app.example.com/callback"),
            ("require_pkce", "yes"),
            ("id_token_signing", "RS256"),
            ("subject_type", "pairwise"),
        ];
        match form {
            Service => ("/services".into(), owned(&service)),
            ServiceEdit => {
                let mut fields = owned(&service);
                fields.extend(owned(&[("status", "active"), ("version", "1")]));
                (format!("/services/{}/edit", things.service), fields)
            }
            Client(kind) => {
                let mut fields = owned(&[("name", "A client"), ("token_lifetime", "3600"), ("scopes", "email")]);
                fields.push(("suffix", suffix));
                if !kind.acts_alone() {
                    fields.extend(owned(&for_users));
                }
                if kind == Native {
                    fields.retain(|(name, _)| *name != "require_pkce");
                }
                match kind {
                    Hybrid => fields.push(("response_types", "code id_token".into())),
                    Custom => {
                        fields.extend(owned(&[("grant_types", "authorization_code"), ("response_types", "code")]));
                    }
                    _ => {}
                }
                (format!("/services/{}/clients/new/{}", things.service, kind.as_str()), fields)
            }
            ClientEdit | MachineEdit => {
                let uid = if form == ClientEdit { things.client } else { things.machine };
                let page = self.browser.http.get(format!("{}/clients/{uid}/edit", self.browser.base)).send();
                let page = Html::parse_document(&page.and_then(Response::text).expect("a page"));
                let value = |name: &'static str| value_in(&page, name).map(|value| (name, value));
                let mut fields: Vec<_> =
                    ["name", "token_lifetime", "version", "status"].into_iter().filter_map(value).collect();
                if form == ClientEdit {
                    fields.extend(owned(&for_users));
                    fields.extend(["openid", "profile", "email"].map(|scope| ("scopes", scope.to_owned())));
                } else {
                    fields.push(("scopes", "roles".into()));
                }
                (format!("/clients/{uid}/edit"), fields)
            }
            Secret => (
                format!("/clients/{}/secrets", things.client),
                owned(&[("description", "Backend EU"), ("environment", "sandbox"), ("expires_at", "2027-11-21T12:00")]),
            ),
            Key => (format!("/clients/{}/keys", things.client), vec![("jwk", public_jwk().to_string())]),
            Rotation => (format!("/secrets/{}/rotation", things.secret), owned(&[("overlap", "24h")])),
            SignIn => {
                let email = Person::Member.email("northwind");
                ("/sign-in".into(), owned(&[("email", &email), ("password", PASSWORD), ("return_to", "/")]))
            }
            Name => ("/account/name".into(), owned(&[("name", "Ada")])),
            Password => (
                "/account/password".into(),
                owned(&[("current_password", PASSWORD), ("new_password", "another long test password")]),
            ),
            Register => {
                let fields = [("name", "Ada"), ("email", "northwind@example.com"), ("password", PASSWORD)];
                ("/register".into(), owned(&fields))
            }
            Form::Company => {
                ("/register/company".into(), owned(&[("company", "Ada's"), ("contact_email", "ada@example.com")]))
            }
            Form::Role => ("/roles".into(), owned(&[("name", &fresh())])),
            Form::RoleEdit => (format!("/roles/{}/edit", things.role), owned(&[("name", &fresh()), ("version", "1")])),
            Form::Scope => {
                let name = format!("s{}", &keywright::crypto::hashing::sha256(&fresh())[..12]);
                ("/scopes".into(), owned(&[("name", &name), ("description", "See your orders")]))
            }
            Form::ScopeEdit => (
                format!("/scopes/{}/edit", things.scope),
                owned(&[("description", "See your orders"), ("version", "1")]),
            ),
            Form::Community => ("/communities".into(), owned(&[("name", &fresh())])),
            Form::CommunityEdit => {
                let fields = [("name", fresh()), ("version", "1".into())];
                (format!("/communities/{}/edit", things.community), fields.to_vec())
            }
            Form::CommunityRole => (format!("/communities/{}/roles", things.community), owned(&[("name", &fresh())])),
            Form::Invitation => (
                format!("/communities/{}/invitations", things.community),
                owned(&[("company_id", &self.foreign.company.to_string())]),
            ),
            Form::PersonRoles => (
                format!("/communities/{}/people/{}", things.community, self.company.people[3].member_id),
                owned(&[("roles", &things.community_role.to_string())]),
            ),
            Activate => ("/activate".into(), owned(&[("code", "0000-0000")])),
            Setup => {
                let fields =
                    [("company", "Ours"), ("name", "Ada"), ("email", "ada@example.com"), ("password", PASSWORD)];
                let mut fields = owned(&fields);
                fields.push(("token", self.setup_token.clone()));
                ("/setup".into(), fields)
            }
            Invite => {
                let email = format!("{}@example.com", &random::token()[..16]);
                ("/invitations".into(), owned(&[("email", &email), ("roles", "developer")]))
            }
            Roles => (format!("/members/{}/roles", things.member), owned(&[("roles", "developer"), ("before", "")])),
            Accept => {
                let token = self.invitation.split_once('=').expect("a token").1;
                ("/invitations/accept".into(), owned(&[("token", token), ("name", "Nora"), ("password", PASSWORD)]))
            }
            Profile => {
                let fields = [("name", "northwind"), ("contact_email", "office@example.com")];
                let mut fields = owned(&fields);
                fields.push(("version", self.version()));
                ("/settings/company".into(), fields)
            }
            Rules => {
                let mut fields = owned(&[("session_idle_minutes", "120"), ("session_hours", "12")]);
                fields.push(("version", self.version()));
                ("/settings/rules".into(), fields)
            }
            Reset => ("/password-reset".into(), owned(&[("email", "nobody@example.com")])),
            SecondFactor => ("/account/second-factor".into(), owned(&[("code", "no code")])),
            SignInCode => ("/sign-in/code".into(), owned(&[("code", "no code")])),
            ResetCode => {
                let fields = [("code", "0000-0000"), ("password", "another long test password")];
                ("/password-reset/code".into(), owned(&fields))
            }
        }
    }

    fn browser(&self, form: Form) -> &Browser {
        match form {
            SignIn | SignInCode | Register | Form::Company | Activate | Reset | ResetCode | Accept => &self.visitor,
            Setup => &self.bare_browser,
            _ => &self.browser,
        }
    }

    fn portal(&self, form: Form) -> &TestPortal {
        if form == Setup { &self.bare } else { &self.portal }
    }

    /// Of the company, as its settings have it now.
    fn version(&self) -> String {
        let id = self.company.tenant.id;
        self.portal.number(&format!("SELECT CAST(version AS BIGINT) AS n FROM tenants WHERE id = '{id}'")).to_string()
    }

    /// Brings the visitor to where the form is, and fresh things where the last row used them up.
    fn ready(&mut self, form: Form) {
        match form {
            SignIn => self.visitor = Browser::new(&self.portal.url),
            SecondFactor => {
                self.browser.visit("/account/second-factor");
            }
            SignInCode => {
                self.visitor = Browser::new(&self.portal.url);
                self.visitor.try_sign_in(&Person::Approver.email("northwind"), PASSWORD);
            }
            Accept => {
                self.visitor = Browser::new(&self.portal.url);
                if self.invitation.is_empty() {
                    let email = format!("{}@example.com", &random::token()[..16]);
                    self.browser.post("/invitations", &[("email", &email)]);
                    self.invitation = self.portal.invitation_for(&email);
                }
            }
            Form::Company | Activate => {
                self.visitor = Browser::new(&self.portal.url);
                self.send(Register, &self.base(Register).1);
                if form == Activate {
                    self.send(Form::Company, &self.base(Form::Company).1);
                }
            }
            ResetCode => {
                self.visitor = Browser::new(&self.portal.url);
                self.send(Reset, &self.base(Reset).1);
            }
            _ => {}
        }
        self.forgive();
    }

    /// Guessing is slowed down, and asking for codes too: neither is what these rows are about.
    fn forgive(&self) {
        let later = self.portal.clock.now().plus(DAY);
        let forgiven = self.portal.application.operations.fill(|writer| {
            db::throttles::remove_older(writer, later)?;
            Ok(())
        });
        forgiven.expect("forgiven");
    }

    fn send(&self, form: Form, fields: &[(&'static str, String)]) -> Response {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.browser(form).post(&self.base(form).0, &fields)
    }
}

/// The fields of forms elsewhere; on a form that doesn't have them they mean nothing, and come back nowhere.
const FORGED: [&str; 15] = [
    "account",
    "secret",
    "community_roles",
    "environment",
    "tenant_id",
    "client_type",
    "grant_types",
    "service_id",
    "client_id",
    "logo_digest",
    "roles",
    "suffix",
    "redirect_urls",
    "remove_logo",
    "confirmed",
];

/// What is wrong with the page that refuses a form: it says what to do, its links lead to the fields, and the fields
/// hold what was typed.
fn faults_of_refusal(status: u16, html: &str, typed: &[(&'static str, String)]) -> Vec<String> {
    let document = Html::parse_document(html);
    let select = |css: &str| Selector::parse(css).expect("a selector");
    let count = |css: &str| document.select(&select(css)).count();
    let mut faults = Vec::new();
    if count("h1") != 1 {
        faults.push(format!("{} h1", count("h1")));
    }
    for (name, value) in typed.iter().filter(|(name, _)| name.contains("password")) {
        if value.len() > 8 && html.contains(value.as_str()) {
            faults.push(format!("{name} is in the page"));
        }
    }
    if status != 422 {
        return faults;
    }
    if count(".error-summary") != 1 {
        faults.push(format!("{} error summaries", count(".error-summary")));
    }
    let links: Vec<_> = document
        .select(&select(".error-summary a"))
        .map(|link| link.value().attr("href").unwrap_or_default().to_owned())
        .collect();
    if links.is_empty() {
        faults.push("no link to a field".into());
    }
    for link in links {
        if count(&format!("[id=\"{}\"]", link.trim_start_matches('#'))) != 1 {
            faults.push(format!("{link} leads nowhere"));
        }
    }
    for (name, value) in typed {
        // A code that was tried and wrong is asked for anew; one that was not looked at stays.
        let is_tried_code = *name == "code" && count(".error-summary a[href=\"#code\"]") > 0;
        if name.contains("password") || is_tried_code {
            continue;
        }
        let fields: Vec<_> = document.select(&select(&format!("[name=\"{name}\"]"))).collect();
        if fields.is_empty() {
            if !FORGED.contains(name) {
                faults.push(format!("{name} is no field of the page"));
            }
            continue;
        }
        // As a browser reads the page: one kind of line end, and no NUL.
        let wanted = value.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}");
        let one_of = |found: Vec<(Option<&str>, bool)>| {
            let offered = found.iter().any(|(option, _)| *option == Some(value.as_str()));
            !offered || found.iter().any(|(option, chosen)| *option == Some(value.as_str()) && *chosen)
        };
        let field = fields[0];
        let kept = match (field.value().name(), field.value().attr("type")) {
            ("textarea", _) => {
                let text: String = field.text().collect();
                text == wanted.replace('\u{FFFD}', "") || text == wanted
            }
            ("select", _) => one_of(
                field
                    .select(&select("option"))
                    .map(|option| (option.value().attr("value"), option.value().attr("selected").is_some()))
                    .collect(),
            ),
            (_, Some("checkbox" | "radio")) => one_of(
                fields.iter().map(|one| (one.value().attr("value"), one.value().attr("checked").is_some())).collect(),
            ),
            _ => field.value().attr("value") == Some(wanted.as_str()),
        };
        if !kept {
            faults.push(format!("{name} has lost {value:?}"));
        }
    }
    faults
}

fn shortened(value: &str) -> String {
    let head: String = value.chars().take(40).collect();
    if head.len() < value.len() {
        format!("{head:?}… ({} characters)", value.chars().count())
    } else {
        format!("{head:?}")
    }
}

#[test]
fn every_field_takes_what_is_right_and_refuses_what_is_not() {
    let mut house = House::build();
    let mut rows = service_rows();
    rows.extend(client_rows(&house.foreign));
    rows.extend(secret_rows());
    rows.extend(account_rows());
    rows.extend(people_rows());
    rows.extend(shared_rows(&house.foreign));
    assert!(rows.len() > 150, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for Row { form, fields, outcome } in &rows {
        house.ready(*form);
        let (path, mut sent) = house.base(*form);
        for (name, value) in fields {
            sent.retain(|(field, _)| field != name);
            sent.extend(value.clone().map(|value| (*name, value)));
        }
        let before = house.portal(*form).snapshot();
        let pairs: Vec<_> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let response = house.browser(*form).post(&path, &pairs);
        let status = response.status().as_u16();
        let to = response.headers().get("location").map(|to| to.to_str().expect("an address").to_owned());
        let html = response.text().expect("a page");
        let changed = before.differences(&house.portal(*form).snapshot());
        let mut faults = Vec::new();
        match outcome {
            Taken | Ignored if status != 303 => {
                let errors = Html::parse_document(&html);
                let errors: Vec<_> = errors
                    .select(&Selector::parse(".error-summary").expect("a selector"))
                    .map(|found| found.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "))
                    .collect();
                faults.push(format!("{status} and not taken: {errors:?}"));
            }
            Taken if !to.as_deref().is_some_and(|to| to.starts_with('/') && !to.starts_with("//")) => {
                faults.push(format!("it leads to {to:?}"));
            }
            Refused(expected) if status != *expected => faults.push(format!("{status} {to:?} and not {expected}")),
            Refused(_) => faults = faults_of_refusal(status, &html, &sent),
            _ => {}
        }
        if *outcome != Taken && !changed.is_empty() {
            faults.push(format!("changed: {changed:?}"));
        }
        let what: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{name} = {}", value.as_deref().map_or("nothing".into(), shortened)))
            .collect();
        wrong.extend(faults.into_iter().map(|fault| format!("{form:?}, {}: {fault}", what.join(", "))));
        if status == 303 && *form == Accept {
            house.invitation.clear();
        }
        let used_up = matches!(
            form,
            Rotation
                | ClientEdit
                | MachineEdit
                | ServiceEdit
                | Roles
                | Form::RoleEdit
                | Form::ScopeEdit
                | Form::CommunityEdit
                | Form::Invitation
        );
        if status == 303 && used_up && *outcome != Ignored {
            house.things = house.portal.things(&house.company);
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows are wrong:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// A request that is no form of the portal's.
struct Raw {
    what: String,
    path: String,
    content_type: String,
    body: Vec<u8>,
    status: u16,
}

fn encoded(pairs: &[(&str, &str)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

/// A form with parts, by hand: broken ones can't be had otherwise.
fn parts(fields: &[(&str, &str)], file: Option<(&str, &str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    if let Some((name, kind, bytes)) = file {
        let head = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
        );
        body.extend(head.bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--cut--\r\n");
    body
}

#[test]
fn what_is_no_form_of_the_portal_is_refused() {
    const PLAIN: &str = "application/x-www-form-urlencoded";
    const PARTS: &str = "multipart/form-data; boundary=cut";
    const KIB: usize = 1024;
    let house = House::build();
    let shop = [("name", "Shop"), ("domain", "app.example.com")];
    let service = |what: &str, kind: &str, body: Vec<u8>, status: u16| Raw {
        what: what.to_owned(),
        path: "/services".into(),
        content_type: kind.to_owned(),
        body,
        status,
    };
    let logo = |what: &str, name: &str, kind: &str, bytes: &[u8], status| {
        service(what, PARTS, parts(&shop, Some((name, kind, bytes))), status)
    };
    let sized = |length: usize| {
        let mut bytes = png(96, 96);
        bytes.resize(length, 0);
        bytes
    };
    let filled = |length: usize| {
        let mut body = encoded(&shop);
        body.extend(b"&description=");
        body.resize(length, b'x');
        body
    };
    let jpeg = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xFF\xC0\0\x11\x08\0\x80\0\x80\x03\x01\x22\0\x02\x11\x01\x03\x11\x01";
    let mut many_empty = Vec::new();
    while many_empty.len() < 2 * KIB * KIB {
        many_empty
            .extend(format!("--cut\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n\r\n", letters(200)).bytes());
    }
    many_empty.extend(parts(&shop, None));
    let mut preamble = vec![b'x'; 2 * KIB * KIB];
    preamble.extend(b"\r\n");
    preamble.extend(parts(&shop, None));
    let mut headless = b"--cut\r\n\r\nx\r\n".to_vec();
    headless.extend(parts(&shop, None));

    let mut rows = vec![
        service("plain", PLAIN, encoded(&shop), 303),
        service("parts", PARTS, parts(&shop, None), 303),
        service("with a charset", "application/x-www-form-urlencoded; charset=UTF-8", encoded(&shop), 303),
        service("a field twice", PLAIN, encoded(&[("name", "A"), ("name", "B"), ("domain", "app.example.com")]), 400),
        service(
            "a field twice in parts",
            PARTS,
            parts(&[("name", "A"), ("name", "B"), ("domain", "a.example")], None),
            400,
        ),
        service("json", "application/json", b"{\"name\":\"Shop\"}".to_vec(), 400),
        service("text", "text/plain", encoded(&shop), 400),
        service("xml", "application/xml", b"<name>Shop</name>".to_vec(), 400),
        service("nothing said", "", encoded(&[]), 422),
        service("parts without a boundary", "multipart/form-data", parts(&shop, None), 400),
        service("parts of another boundary", "multipart/form-data; boundary=other", parts(&shop, None), 400),
        service("parts cut off", PARTS, parts(&shop, None)[..60].to_vec(), 400),
        service("no end", PARTS, b"--cut\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nShop".to_vec(), 400),
        service("a part without a name", PARTS, headless, 400),
        service("no body", PLAIN, Vec::new(), 422),
        service("bytes that are no text", PLAIN, b"name=%FF%FE&domain=app.example.com".to_vec(), 303),
        service("a broken escape", PLAIN, b"name=%ZZ&domain=app.example.com".to_vec(), 303),
        service("exactly 1 MiB", PLAIN, filled(KIB * KIB), 422),
        service("a byte over 1 MiB", PLAIN, filled(KIB * KIB + 1), 413),
        service("2 MiB", PLAIN, filled(2 * KIB * KIB), 413),
        service("a part over 1 MiB", PARTS, parts(&[("name", &letters(KIB * KIB + 1))], None), 413),
        service("2 MiB of empty parts", PARTS, many_empty, 413),
        service("2 MiB before the first part", PARTS, preamble, 400),
        logo("a file over 1 MiB", "a.png", "image/png", &sized(KIB * KIB + 1), 413),
        logo("a PNG", "a.png", "image/png", &png(96, 96), 303),
        logo("a PNG of 512 KiB", "a.png", "image/png", &sized(512 * KIB), 303),
        logo("a PNG of a byte more", "a.png", "image/png", &sized(512 * KIB + 1), 422),
        logo("a PNG of 513 KiB", "a.png", "image/png", &sized(513 * KIB), 422),
        logo("a PNG 95 wide", "a.png", "image/png", &png(95, 96), 422),
        logo("a PNG 95 high", "a.png", "image/png", &png(96, 95), 422),
        logo("a PNG of no size", "a.png", "image/png", &png(0, 0), 422),
        logo("half a PNG", "a.png", "image/png", &png(96, 96)[..12], 422),
        logo("a PNG that says it is text", "a.txt", "text/plain", &png(96, 96), 303),
        logo("a JPEG", "a.jpg", "image/jpeg", jpeg, 303),
        logo("SVG", "a.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 422),
        logo("SVG that says it is PNG", "a.png", "image/png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422),
        logo("GIF", "a.gif", "image/gif", b"GIF89a\x80\0\x80\0\0\0\0;", 422),
        logo("HTML", "a.html", "text/html", b"<!doctype html><script>alert(1)</script>", 422),
        logo("WebP", "a.webp", "image/webp", b"RIFF\x20\0\0\0WEBPVP8 \x14\0\0\0", 422),
        logo("a long name", &letters(5000), "image/png", &png(96, 96), 303),
        logo("a name that climbs", "../../etc/passwd", "image/png", &png(96, 96), 303),
    ];
    // Things that are not there, or not one's own; and addresses that are none.
    let (own, theirs) = (&house.things, &house.foreign.things);
    let at = |what: &str, path: String, pairs: &[(&str, &str)], status| Raw {
        what: format!("{what}: {path}"),
        path,
        content_type: PLAIN.to_owned(),
        body: encoded(pairs),
        status,
    };
    let client =
        [("name", "A"), ("scopes", "openid"), ("token_lifetime", "60"), ("redirect_urls", "https://a.example/")];
    let secret = [("environment", "sandbox"), ("never_expires", "yes")];
    for (path, fields) in [
        (format!("/services/{}/edit", theirs.service), &shop[..]),
        (format!("/services/{}/deactivation", theirs.service), &[]),
        (format!("/services/{}/deletion", theirs.service), &[]),
        (format!("/services/{}/clients/new/native", theirs.service), &client[..]),
        (format!("/services/{}/clients/new/nothing", own.service), &client[..]),
        (format!("/services/{}/clients/new/Native", own.service), &client[..]),
        (format!("/clients/{}/edit", theirs.client), &client[..]),
        (format!("/clients/{}/deletion", theirs.client), &[]),
        (format!("/clients/{}/secrets", theirs.client), &secret[..]),
        (format!("/clients/{}/secrets", own.service), &secret[..]),
        (format!("/secrets/{}/rotation", theirs.secret), &[("overlap", "now")]),
        (format!("/secrets/{}/deletion", theirs.secret), &[]),
        (format!("/secrets/{}/deletion", own.client), &[]),
        (format!("/members/{}/roles", theirs.member), &[("roles", "administrator")]),
        (format!("/members/{}/removal", theirs.member), &[]),
        (format!("/members/{}/removal", own.invitation), &[]),
        (format!("/invitations/{}/resend", theirs.invitation), &[]),
        (format!("/invitations/{}/withdrawal", theirs.invitation), &[]),
        (format!("/services/{}/deletion", own.service.to_string().to_uppercase()), &[]),
        (format!("/services/{}/deletion", own.service.to_string().replace('-', "")), &[]),
        ("/services/00000000-0000-0000-0000-000000000000/deletion".into(), &[]),
        ("/services/1/deletion".into(), &[]),
        ("/services/%00/deletion".into(), &[]),
        ("/services/%2e%2e/deletion".into(), &[]),
        ("/clients/' OR 1=1 --/deletion".into(), &[]),
    ] {
        rows.push(at("not there", path, fields, 404));
    }
    rows.push(at("somebody else's", format!("/reveals/{}", theirs.reveal), &[], 410));
    rows.push(at("none", format!("/reveals/{}", own.secret), &[], 410));
    rows.push(at("no id", "/reveals/1".into(), &[], 404));

    let mut wrong = Vec::new();
    for row in &rows {
        let before = house.portal.snapshot();
        let mut request = house.browser.http.post(format!("{}{}", house.browser.base, row.path));
        request = request.header("origin", &house.browser.base).body(row.body.clone());
        if !row.content_type.is_empty() {
            request = request.header("content-type", &row.content_type);
        }
        match request.send().and_then(|response| Ok((response.status().as_u16(), response.text()?))) {
            Ok((status, html)) => {
                if status != row.status {
                    wrong.push(format!("{}: {status} and not {}", row.what, row.status));
                } else if status != 303 {
                    let faults = faults_of_refusal(status, &html, &[]);
                    wrong.extend(faults.into_iter().map(|fault| format!("{}: {fault}", row.what)));
                }
                let changed = before.differences(&house.portal.snapshot());
                if status != 303 && !changed.is_empty() {
                    wrong.push(format!("{}: changed {changed:?}", row.what));
                }
            }
            Err(error) => wrong.push(format!("{}: no answer: {error:?}", row.what)),
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn a_secret_is_shown_to_nobody_else() {
    let mut house = House::build();
    let path = format!("/reveals/{}", house.things.reveal);
    let developer = house.portal.signed_in(Person::Developer, "northwind");
    let before = house.portal.snapshot();
    let answer = developer.post(&path, &[]);
    assert_eq!(answer.status(), 410);
    assert!(!answer.text().expect("a page").contains("kws_"), "no secret");
    assert_eq!(house.browser.visit(&path).status, 410, "nor to its maker in a browser that doesn't keep it");
    assert_eq!(before.differences(&house.portal.snapshot()), Vec::<String>::new());
}

#[test]
fn queries_are_read_or_passed_over() {
    let house = House::build();
    let long = letters(10_000);
    let queries = [
        ("search", "%00"),
        ("search", "a%00b"),
        ("search", "%0D%0A"),
        ("search", "%E2%80%AE"),
        ("search", "%E2%80%8B"),
        ("search", "%25"),
        ("search", "_"),
        ("search", "%5C"),
        ("search", "%27%20OR%201=1%20--"),
        ("search", "%FF%FE"),
        ("search", "%F0%9F%94%91"),
        ("search", "%3Cscript%3Ealert(1)%3C%2Fscript%3E"),
        ("search", "%22%3E%3Cb%3E"),
        ("search", long.as_str()),
        ("search", ""),
        ("status", "everything"),
        ("status", "%00"),
        ("environment", "both"),
        ("type", "all"),
        ("service", "1"),
        ("service", "%00"),
        ("service", "00000000-0000-0000-0000-000000000000"),
        ("sort", "password_hash"),
        ("sort", "%27"),
        ("order", "sideways"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "1.5"),
        ("page", "4294967295"),
        ("page", "4294967296"),
        ("page", "99999999999999999999"),
        ("page", "%D9%A2"),
        ("page", "%00"),
        ("unknown", "x"),
        ("return_to", "//evil.example"),
    ];
    let mut wrong = Vec::new();
    let before = house.portal.snapshot();
    let get = |path: &str| {
        let response = house.browser.http.get(format!("{}{path}", house.browser.base)).send().expect("an answer");
        (response.status().as_u16(), response.text().expect("a page"))
    };
    let in_the_log = ["who", "what", "on", "from", "to", "service", "client", "before", "after"];
    let values =
        queries.iter().map(|(_, value)| *value).chain(["9999999999999-01-01", "-1-1", "9223372036854775807-1"]);
    for (name, value) in values.flat_map(|value| in_the_log.map(|name| (name, value))) {
        let path = format!("/audit?{name}={value}");
        let (status, html) = get(&path);
        if status != 200 || html.contains("<script>alert") || html.contains("\"><b>") {
            wrong.push(format!("{}: {status}", shortened(&path)));
        }
    }
    for place in ["/services", "/clients", "/audit", "/members", "/roles", "/scopes", "/communities"] {
        for (name, value) in queries {
            let path = format!("{place}?{name}={value}");
            let (status, html) = get(&path);
            // A page past the end leads to the last one; everything else is read or passed over.
            let past = (name, value) == ("page", "4294967295") && place != "/audit";
            let expected = if past { 303 } else { 200 };
            if status != expected || html.contains("<script>alert") || html.contains("\"><b>") {
                wrong.push(format!("{}: {status}", shortened(&path)));
            }
        }
        let twice =
            if place == "/audit" { ["who=a&who=b", "to=1&to=2"] } else { ["search=a&search=b", "page=1&page=2"] };
        for (query, expected) in [(twice[0], 400), (twice[1], 400), ("search", 200), ("&&&=&", 200)] {
            let (status, html) = get(&format!("{place}?{query}"));
            if status != expected || !html.contains("<h1>") {
                wrong.push(format!("{place}?{query}: {status} and not {expected}"));
            }
        }
    }
    let theirs = get(&format!("/clients?service={}", house.foreign.things.service)).1;
    if theirs.contains(&house.foreign.things.client.to_string()) {
        wrong.push("another company's clients are listed".into());
    }
    let visitor = Browser::new(&house.portal.url);
    for (query, status) in
        [("return_to=a&return_to=b", 400), ("return_to=%00", 200), ("return_to=https://evil.example", 200)]
    {
        let answer = visitor.http.get(format!("{}/sign-in?{query}", visitor.base)).send().expect("an answer");
        let (found, html) = (answer.status().as_u16(), answer.text().expect("a page"));
        if found != status || html.contains("evil.example") {
            wrong.push(format!("/sign-in?{query}: {found}"));
        }
    }
    let changed = before.differences(&house.portal.snapshot());
    assert!(changed.is_empty(), "{changed:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
