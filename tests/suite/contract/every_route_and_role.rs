//! Who is answered what, for every address of the portal. The table is there to be read: a change in it is a change of
//! who may do what.

use keywright::domain::id::SessionId;
use keywright::operations::fill::Company;
use keywright::portal::assets;
use keywright::portal::routes::{Access, ROUTES};
use reqwest::blocking::Response;

use crate::support::{Browser, Person, TestPortal, Things};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The page.
    Ok,
    /// Sign in first.
    SignIn,
    /// On to another page than sign-in.
    Onward,
    Forbidden,
    NotFound,
    /// What was good once only.
    Gone,
    /// The form was read and acted on, or its faults were named.
    Accepted,
    /// A request of no application: a page says so.
    Refused,
}

use Answer::{Accepted, Forbidden, Gone, NotFound, Ok, Onward, Refused, SignIn};

/// Those who ask, in the order of the columns. The last administers another company: what has an id is not theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    Anonymous,
    Someone(Person),
    Elsewhere,
}

impl Asking {
    /// Of the first company.
    fn person(self) -> Option<Person> {
        if let Asking::Someone(person) = self { Some(person) } else { None }
    }
}

const COLUMNS: [Asking; 6] = [
    Asking::Anonymous,
    Asking::Someone(Person::Member),
    Asking::Someone(Person::Developer),
    Asking::Someone(Person::Approver),
    Asking::Someone(Person::Administrator),
    Asking::Elsewhere,
];

/// Forms that applications may send: they do what an address does, and change nothing.
const FROM_APPLICATIONS: [&str; 2] = ["/oauth2/authorize", "/oauth2/logout"];

/// `{client}`, `{secret}` and `{type}` act for users; `{machine}` stands in their place for those that act on their
/// own. Registration is open and Keywright is set up. A secret to be revealed is one's own where one may have it.
#[rustfmt::skip]
const TABLE: &[(&str, &str, [Answer; 6])] = &[
    //                                                    anonymous member     developer  approver   administr. elsewhere
    ("get",  "/",                                        [SignIn,   Ok,        Ok,        Ok,        Ok,        Ok]),
    ("post", "/theme",                                   [Accepted, Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),

    // Without a request of an application there is nothing to answer, and nothing that waits.
    ("get",  "/oauth2/authorize",                        [Refused,  Refused,   Refused,   Refused,   Refused,   Refused]),
    ("post", "/oauth2/authorize",                        [Refused,  Refused,   Refused,   Refused,   Refused,   Refused]),
    ("get",  "/oauth2/authorize/{waiting}",              [Gone,     Gone,      Gone,      Gone,      Gone,      Gone]),
    ("post", "/oauth2/authorize/{waiting}",              [Gone,     Gone,      Gone,      Gone,      Gone,      Gone]),
    ("get",  "/oauth2/authorize/{waiting}/logo",         [NotFound, NotFound,  NotFound,  NotFound,  NotFound,  NotFound]),
    ("get",  "/oauth2/logout",                           [Ok,       Ok,        Ok,        Ok,        Ok,        Ok]),
    ("post", "/oauth2/logout",                           [Accepted, Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("post", "/oauth2/logout/confirmation",              [Accepted, Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("get",  "/account/applications",                    [SignIn,   Ok,        Ok,        Ok,        Ok,        Ok]),
    ("post", "/account/applications/{client}/removal",   [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),

    ("get",  "/setup",                                   [Gone,     Gone,      Gone,      Gone,      Gone,      Gone]),
    ("post", "/setup",                                   [Gone,     Gone,      Gone,      Gone,      Gone,      Gone]),
    ("get",  "/sign-in",                                 [Ok,       Onward,    Onward,    Onward,    Onward,    Onward]),
    ("post", "/sign-in",                                 [Accepted, Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("post", "/sign-out",                                [Accepted, Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("get",  "/register",                                [Ok,       Ok,        Ok,        Ok,        Ok,        Ok]),
    ("post", "/register",                                [Accepted, Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("get",  "/register/company",                        [Onward,   Onward,    Onward,    Onward,    Onward,    Onward]),
    ("post", "/register/company",                        [Accepted, Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("get",  "/activate",                                [Onward,   Onward,    Onward,    Onward,    Onward,    Onward]),
    ("post", "/activate",                                [Accepted, Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("get",  "/password-reset",                          [Ok,       Ok,        Ok,        Ok,        Ok,        Ok]),
    ("post", "/password-reset",                          [Accepted, Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("get",  "/password-reset/code",                     [Onward,   Onward,    Onward,    Onward,    Onward,    Onward]),
    ("post", "/password-reset/code",                     [Accepted, Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("get",  "/account",                                 [SignIn,   Ok,        Ok,        Ok,        Ok,        Ok]),
    ("post", "/account/name",                            [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("post", "/account/password",                        [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("post", "/account/sessions/end-others",             [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    // One's own session; the last column asks for somebody else's.
    ("post", "/account/sessions/{session}/end",          [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  NotFound]),

    ("get",  "/services",                                [SignIn,   Ok,        Ok,        Ok,        Ok,        Ok]),
    ("get",  "/services/new",                            [SignIn,   Forbidden, Ok,        Forbidden, Ok,        Ok]),
    ("post", "/services",                                [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  Accepted]),
    ("get",  "/services/{service}",                      [SignIn,   Ok,        Ok,        Ok,        Ok,        NotFound]),
    ("get",  "/services/{service}/logo/{digest}",        [SignIn,   Ok,        Ok,        Ok,        Ok,        NotFound]),
    ("get",  "/services/{service}/edit",                 [SignIn,   Forbidden, Ok,        Forbidden, Ok,        NotFound]),
    ("post", "/services/{service}/edit",                 [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("get",  "/services/{service}/deactivation",         [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/services/{service}/deactivation",         [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("post", "/services/{service}/reactivation",         [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/services/{service}/deletion",             [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/services/{service}/deletion",             [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),

    ("get",  "/services/{service}/clients/new",          [SignIn,   Forbidden, Ok,        Forbidden, Ok,        NotFound]),
    ("get",  "/services/{service}/clients/new/{type}",   [SignIn,   Forbidden, Ok,        Forbidden, Ok,        NotFound]),
    ("get",  "/services/{service}/clients/new/{machine}",[SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/services/{service}/clients/new/{type}",   [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/services/{service}/clients/new/{machine}",[SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/clients",                                 [SignIn,   Ok,        Ok,        Ok,        Ok,        Ok]),
    ("get",  "/clients/{client}",                        [SignIn,   Ok,        Ok,        Ok,        Ok,        NotFound]),
    ("get",  "/clients/{machine}",                       [SignIn,   Ok,        Ok,        Ok,        Ok,        NotFound]),
    ("get",  "/clients/{client}/edit",                   [SignIn,   Forbidden, Ok,        Forbidden, Ok,        NotFound]),
    ("get",  "/clients/{machine}/edit",                  [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/clients/{client}/edit",                   [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/clients/{machine}/edit",                  [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("post", "/clients/{client}/deactivation",           [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/clients/{machine}/deactivation",          [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("post", "/clients/{client}/reactivation",           [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/clients/{client}/token-revocation",       [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/clients/{machine}/reactivation",          [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/clients/{client}/deletion",               [SignIn,   Forbidden, Ok,        Forbidden, Ok,        NotFound]),
    ("get",  "/clients/{machine}/deletion",              [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/clients/{client}/deletion",               [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/clients/{machine}/deletion",              [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),

    ("get",  "/clients/{client}/activity",               [SignIn,   Ok,        Ok,        Ok,        Ok,        NotFound]),
    ("get",  "/clients/{client}/try",                    [SignIn,   Forbidden, Ok,        Forbidden, Ok,        NotFound]),
    ("get",  "/clients/{machine}/try",                   [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/clients/{client}/try",                    [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/clients/{machine}/try",                   [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/rejections",                              [SignIn,   Ok,        Ok,        Ok,        Ok,        Ok]),
    ("get",  "/rejections/{refused}",                    [SignIn,   Ok,        Ok,        Ok,        Ok,        NotFound]),

    ("get",  "/clients/{client}/secrets/new",            [SignIn,   Forbidden, Ok,        Forbidden, Ok,        NotFound]),
    ("get",  "/clients/{machine}/secrets/new",           [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/clients/{client}/secrets",                [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/clients/{machine}/secrets",               [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/secrets/{secret}/rotation",               [SignIn,   Forbidden, Ok,        Forbidden, Ok,        NotFound]),
    ("get",  "/secrets/{machine}/rotation",              [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/secrets/{secret}/rotation",               [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/secrets/{machine}/rotation",              [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/secrets/{secret}/deletion",               [SignIn,   Forbidden, Ok,        Forbidden, Ok,        NotFound]),
    ("get",  "/secrets/{machine}/deletion",              [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/secrets/{secret}/deletion",               [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/secrets/{machine}/deletion",              [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    // Whoever holds no ticket can't tell one that was used from one that never was.
    ("get",  "/reveals/{reveal}",                        [SignIn,   Forbidden, Ok,        Forbidden, Ok,        Gone]),
    ("post", "/reveals/{reveal}",                        [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  Gone]),

    ("get",  "/clients/{client}/keys/new",               [SignIn,   Forbidden, Ok,        Forbidden, Ok,        NotFound]),
    ("get",  "/clients/{machine}/keys/new",              [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/clients/{client}/keys",                   [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/clients/{machine}/keys",                  [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/client-keys/{key}/deletion",              [SignIn,   Forbidden, Ok,        Forbidden, Ok,        NotFound]),
    ("get",  "/client-keys/{machine}/deletion",          [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/client-keys/{key}/deletion",              [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/client-keys/{machine}/deletion",          [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),

    // Test users and release.
    ("get",  "/services/{service}/test-users",           [SignIn,   Ok,        Ok,        Ok,        Ok,        NotFound]),
    ("post", "/services/{service}/test-users",           [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/services/{service}/test-users/{user}/removal", [SignIn, Forbidden, Accepted, Forbidden, Accepted, NotFound]),
    ("get",  "/services/{service}/release-requests",     [SignIn,   Ok,        Ok,        Ok,        Ok,        NotFound]),
    ("post", "/services/{service}/release-requests",     [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    ("post", "/release-requests/{request}/withdrawal",   [SignIn,   Forbidden, Accepted,  Forbidden, Accepted,  NotFound]),
    // The last column is no approver anywhere; approvers of another company are in a test of their own.
    ("get",  "/reviews",                                 [SignIn,   Forbidden, Forbidden, Ok,        Forbidden, Forbidden]),
    ("get",  "/reviews/{request}",                       [SignIn,   Forbidden, Forbidden, Ok,        Forbidden, Forbidden]),
    ("post", "/reviews/{request}/approval",              [SignIn,   Forbidden, Forbidden, Accepted,  Forbidden, Forbidden]),
    ("post", "/reviews/{request}/rejection",             [SignIn,   Forbidden, Forbidden, Accepted,  Forbidden, Forbidden]),
    ("get",  "/reviews/services/{live}/changes",         [SignIn,   Forbidden, Forbidden, Ok,        Forbidden, Forbidden]),
    ("post", "/reviews/services/{live}/changes",         [SignIn,   Forbidden, Forbidden, Accepted,  Forbidden, Forbidden]),
    ("get",  "/reviews/services/{live}/taking-back",     [SignIn,   Forbidden, Forbidden, Ok,        Forbidden, Forbidden]),
    ("post", "/reviews/services/{live}/taking-back",     [SignIn,   Forbidden, Forbidden, Accepted,  Forbidden, Forbidden]),

    // Members and invitations.
    ("get",  "/members",                                 [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("get",  "/members/{member}",                        [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/members/{member}/roles",                  [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/members/{member}/removal",                [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/members/{member}/removal",                [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/invitations/new",                         [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("post", "/invitations",                             [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  Accepted]),
    ("post", "/invitations/{invitation}/resend",         [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("post", "/invitations/{invitation}/withdrawal",     [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    // Without a token from a mail there is nothing to accept.
    ("get",  "/invitations/accept",                      [Gone,     Gone,      Gone,      Gone,      Gone,      Gone]),
    ("post", "/invitations/accept",                      [Gone,     Gone,      Gone,      Gone,      Gone,      Gone]),
    // The company that one is in; the last column asks for one that is not theirs.
    ("post", "/account/company",                         [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  NotFound]),
    ("get",  "/account/leaving",                         [SignIn,   Ok,        Ok,        Ok,        Ok,        Ok]),
    // Whoever leaves is on their way to sign in; the last administrators stay.
    ("post", "/account/leaving",                         [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),

    // Client roles, scopes, communities.
    ("get",  "/roles",                                   [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("get",  "/roles/new",                               [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("post", "/roles",                                   [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  Accepted]),
    ("get",  "/roles/{role}/edit",                       [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/roles/{role}/edit",                       [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/roles/{role}/deletion",                   [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/roles/{role}/deletion",                   [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/scopes",                                  [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("get",  "/scopes/new",                              [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("post", "/scopes",                                  [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  Accepted]),
    ("get",  "/scopes/{scope}/edit",                     [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/scopes/{scope}/edit",                     [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/scopes/{scope}/deletion",                 [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/scopes/{scope}/deletion",                 [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),

    ("get",  "/communities",                             [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("get",  "/communities/new",                         [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("post", "/communities",                             [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  Accepted]),
    ("get",  "/communities/{community}",                 [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("get",  "/communities/{community}/edit",            [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/communities/{community}/edit",            [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/communities/{community}/deletion",        [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/communities/{community}/deletion",        [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    // A community of another company that this one is in, and one that it is invited to.
    ("get",  "/communities/{joined}/leaving",            [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/communities/{joined}/leaving",            [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("post", "/communities/{invited}/acceptance",        [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("post", "/communities/{invited}/refusal",           [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("post", "/communities/{community}/invitations",     [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("post", "/communities/{community}/companies/{company}/withdrawal",[SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/communities/{community}/companies/{company}/removal",[SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/communities/{community}/companies/{company}/removal",[SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/communities/{community}/roles/new",       [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/communities/{community}/roles",           [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/communities/{community}/roles/{community_role}/edit",[SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/communities/{community}/roles/{community_role}/edit",[SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/communities/{community}/roles/{community_role}/deletion",[SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/communities/{community}/roles/{community_role}/deletion",[SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/communities/{community}/people",          [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("get",  "/communities/{community}/people/{colleague}", [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/communities/{community}/people/{colleague}", [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),

    // The audit log.
    ("post", "/account/mail",                            [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("get",  "/audit",                                   [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("get",  "/audit/{event}",                           [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/audit/export",                            [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  Accepted]),

    // Signing in with more than a password.
    ("get",  "/sign-in/code",                            [Onward,   Onward,    Onward,    Onward,    Onward,    Onward]),
    ("post", "/sign-in/code",                            [Accepted, Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    // No other provider is configured.
    ("get",  "/sign-in/external",                        [NotFound, NotFound,  NotFound,  NotFound,  NotFound,  NotFound]),
    ("get",  "/sign-in/external/callback",               [NotFound, NotFound,  NotFound,  NotFound,  NotFound,  NotFound]),
    ("get",  "/sign-in/external/link",                   [NotFound, NotFound,  NotFound,  NotFound,  NotFound,  NotFound]),
    ("post", "/sign-in/external/link",                   [NotFound, NotFound,  NotFound,  NotFound,  NotFound,  NotFound]),
    ("get",  "/account/identities/new",                  [SignIn,   Onward,    Onward,    Onward,    Onward,    Onward]),
    ("post", "/account/identities",                      [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    // One's own; the last column asks for somebody else's.
    ("post", "/account/identities/{identity}/removal",   [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  NotFound]),
    ("get",  "/account/second-factor",                   [SignIn,   Ok,        Ok,        Ok,        Ok,        Ok]),
    ("post", "/account/second-factor",                   [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("post", "/account/second-factor/recovery-codes",    [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),
    ("get",  "/account/second-factor/removal",           [SignIn,   Onward,    Onward,    Onward,    Onward,    Onward]),
    ("post", "/account/second-factor/removal",           [SignIn,   Accepted,  Accepted,  Accepted,  Accepted,  Accepted]),

    // The company, its settings, and the deployment.
    ("get",  "/settings",                                [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("post", "/settings/company",                        [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  Accepted]),
    ("post", "/settings/rules",                          [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  Accepted]),
    // Nobody's but the operator's, who has a test of their own.
    ("get",  "/settings/registration-tokens",            [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("get",  "/settings/registration-tokens/new",        [SignIn,   Forbidden, Forbidden, Forbidden, Ok,        Ok]),
    ("post", "/settings/registration-tokens",            [SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  Accepted]),
    ("get",  "/settings/registration-tokens/{registration_token}/revocation",[SignIn,   Forbidden, Forbidden, Forbidden, Ok,        NotFound]),
    ("post", "/settings/registration-tokens/{registration_token}/revocation",[SignIn,   Forbidden, Forbidden, Forbidden, Accepted,  NotFound]),
    ("get",  "/operation",                               [SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),
    ("get",  "/operation/tenants/new",                   [SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),
    ("post", "/operation/tenants",                       [SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),
    ("get",  "/operation/tenants/{tenant}/administrator",[SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),
    ("post", "/operation/tenants/{tenant}/administrator",[SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),
    ("get",  "/operation/approvers",                     [SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),
    ("post", "/operation/approvers",                     [SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),
    ("post", "/operation/approvers/{tenant}/dismissal",  [SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),
    ("get",  "/operation/clients",                       [SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),
    ("get",  "/operation/health",                        [SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),
    ("post", "/operation/mail/{tenant}/retry",           [SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),
    ("post", "/operation/mail/{tenant}/discard",         [SignIn,   Forbidden, Forbidden, Forbidden, Forbidden, Forbidden]),

    ("get",  "/static/{name}",                           [Ok,       Ok,        Ok,        Ok,        Ok,        Ok]),
];

/// `/clients/{uid}/edit` as `/clients/{}/edit`.
fn shape(path: &str) -> String {
    let mut rest = path;
    let mut shape = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        shape += before;
        shape += "{}";
        rest = after.split_once('}').expect("a closing brace").1;
    }
    shape + rest
}

struct House {
    portal: TestPortal,
    company: Company,
    browsers: Vec<Browser>,
    things: Things,
}

impl House {
    fn build() -> Self {
        let portal = TestPortal::spawn_with(|config| config.registration_open = true);
        let company = portal.company("northwind");
        portal.company("elsewhere");
        let browsers = COLUMNS.iter().map(|asking| browser(&portal, *asking)).collect();
        let things = portal.things(&company);
        Self { portal, company, browsers, things }
    }

    /// The address with real ids in it, of things that are there now.
    fn address(&self, path: &str, column: usize) -> String {
        let things = &self.things;
        let mut address = path.replace("{service}", &things.service.to_string());
        address = address.replace("{digest}", &things.logo).replace("{client}", &things.client.to_string());
        address = address.replace("{type}", "authorization-code").replace("{secret}", &things.secret.to_string());
        address = address.replace("{request}", &things.request.to_string()).replace("{live}", &things.live.to_string());
        address = address.replace("{user}", &things.test_user.to_string());
        address = address.replace("{role}", &things.role.to_string()).replace("{scope}", &things.scope.to_string());
        for (placeholder, id) in [
            ("{waiting}", "nothing".to_owned()),
            ("{community}", things.community.to_string()),
            ("{community_role}", things.community_role.to_string()),
            ("{registration_token}", things.registration_token.to_string()),
            ("{joined}", things.joined.to_string()),
            ("{invited}", things.invited.to_string()),
            ("{company}", self.portal.partner().tenant.id.to_string()),
            ("{colleague}", self.company.people[0].member_id.to_string()),
        ] {
            address = address.replace(placeholder, &id);
        }
        address = address.replace("/secrets/{machine}", &format!("/secrets/{}", things.machine_secret));
        address = address.replace("/client-keys/{machine}", &format!("/client-keys/{}", things.machine_key));
        address = address.replace("{key}", &things.key.to_string());
        address = address.replace("new/{machine}", "new/client-credentials");
        address = address.replace("{machine}", &things.machine.to_string());
        address = address.replace("{tenant}", &self.company.tenant.id.to_string());
        address = address.replace("{member}", &things.member.to_string());
        address = address.replace("{invitation}", &things.invitation.to_string());
        if address.contains("{event}") {
            let event = format!("SELECT max(seq) AS n FROM audit_events WHERE service_id = '{}'", things.service);
            address = address.replace("{event}", &self.portal.number(&event).to_string());
        }
        if address.contains("{refused}") {
            self.portal.refuses_redirect_url(
                self.company.tenant.id,
                things.client,
                "1F2E3D4C5B",
                "https://else.example",
            );
            self.portal.flush();
            address = address.replace("{refused}", "1F2E3D4C5B");
        }
        if address.contains("{session}") {
            address = address.replace("{session}", &self.session(COLUMNS[column]).to_string());
        }
        if address.contains("{identity}") {
            let person = if let Asking::Someone(person) = COLUMNS[column] { person } else { Person::Member };
            let identity = self.portal.linked_identity(&self.company, person).to_string();
            address = address.replace("{identity}", &identity);
        }
        if path.contains("{reveal}") {
            address = self.reveal(COLUMNS[column], &self.browsers[column]);
        }
        if path.contains("{name}") {
            address = assets::url("css/app.css").to_owned();
        }
        assert!(!address.contains('{'), "nothing was put into {address}");
        address
    }

    fn session(&self, asking: Asking) -> SessionId {
        let person = if let Asking::Someone(person) = asking { person } else { Person::Member };
        self.portal.another_session(&self.company, person)
    }

    fn reveal(&self, asking: Asking, browser: &Browser) -> String {
        match asking {
            Asking::Someone(Person::Developer | Person::Administrator) => {
                let path = format!("/clients/{}/secrets", self.things.client);
                let made = browser.post(&path, &[("environment", "sandbox"), ("never_expires", "yes")]);
                made.headers()["location"].to_str().expect("an address").to_owned()
            }
            _ => format!("/reveals/{}", self.things.reveal),
        }
    }
}

fn browser(portal: &TestPortal, asking: Asking) -> Browser {
    match asking {
        Asking::Anonymous => Browser::new(&portal.url),
        Asking::Someone(person) => portal.signed_in(person, "northwind"),
        Asking::Elsewhere => portal.signed_in(Person::Administrator, "elsewhere"),
    }
}

/// Something good for whichever form it reaches; a form ignores what it doesn't ask for.
fn fields() -> Vec<(&'static str, String)> {
    let suffix = keywright::crypto::random::token()[..12].to_owned();
    [
        ("name", "A name"),
        ("description", "What it is for"),
        ("domain", "app.example.com"),
        ("redirect_urls", "https://app.example.com/callback"),
        ("scopes", "openid"),
        ("token_lifetime", "3600"),
        ("require_pkce", "yes"),
        ("environment", "sandbox"),
        ("never_expires", "yes"),
        ("overlap", "24h"),
        ("status", "active"),
        ("version", "1"),
        ("emails", "somebody@example.com"),
        ("reason", "A reason"),
        ("format", "csv"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into_iter()
    .chain([("suffix", suffix)])
    .collect()
}

fn judge(post: bool, response: &Response) -> Result<Answer, u16> {
    let status = response.status().as_u16();
    let to = response.headers().get("location").map(|to| to.to_str().expect("an address").to_owned());
    // Signing out leads to sign-in as well, with a message.
    let message =
        response.headers().get_all("set-cookie").iter().any(|cookie| cookie.as_bytes().starts_with(b"notice="));
    match (status, to.as_deref()) {
        (303, Some(to)) if to.starts_with("/sign-in") && !message => Result::Ok(SignIn),
        // The form goes along through sign-in.
        (401, None) if post => Result::Ok(SignIn),
        (403, _) => Result::Ok(Forbidden),
        (400, _) => Result::Ok(Refused),
        (404, _) => Result::Ok(NotFound),
        (410, _) => Result::Ok(Gone),
        (200 | 303 | 409 | 422 | 429, _) if post => Result::Ok(Accepted),
        (200, _) => Result::Ok(Ok),
        (303, _) => Result::Ok(Onward),
        _ => Err(status),
    }
}

#[test]
fn every_route_answers_every_role_as_the_table_says() {
    let mut house = House::build();
    let mut wrong = Vec::new();
    for (method, path, row) in TABLE {
        let post = *method == "post";
        for (column, expected) in row.iter().enumerate() {
            let address = house.address(path, column);
            let asking = &house.browsers[column];
            let response = if post {
                let mut fields = fields();
                fields.push(("tenant", house.company.tenant.id.to_string()));
                let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                asking.post(&address, &fields)
            } else {
                asking.http.get(format!("{}{address}", asking.base)).send().expect("an answer")
            };
            let answer = judge(post, &response);
            if answer != Result::Ok(*expected) {
                wrong.push(format!("{method} {path}, {:?}: {answer:?}, not {expected:?}", COLUMNS[column]));
            }
            if answer == Result::Ok(Accepted) {
                if path.contains('{') {
                    house.things = house.portal.things(&house.company);
                }
                if *path == "/account/leaving" {
                    house.portal.comes_back(&house.company, COLUMNS[column].person());
                }
                if matches!(*path, "/sign-out" | "/oauth2/logout/confirmation" | "/account/leaving") {
                    house.browsers[column] = browser(&house.portal, COLUMNS[column]);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers differ from the table:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_has_every_route_and_no_other() {
    let rows: Vec<_> = TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), shape(path))).collect();
    let routes: Vec<_> = ROUTES.iter().map(|route| (route.method.to_owned(), shape(route.path))).collect();
    let missing: Vec<_> = routes.iter().filter(|route| !rows.contains(route)).collect();
    let left_over: Vec<_> = rows.iter().filter(|row| !routes.contains(row)).collect();
    assert!(missing.is_empty(), "routes without a row in the table: {missing:?}");
    assert!(left_over.is_empty(), "rows without a route: {left_over:?}");
    for (at, row) in TABLE.iter().enumerate() {
        let again = TABLE[..at].iter().any(|earlier| (earlier.0, earlier.1) == (row.0, row.1));
        assert!(!again, "{} {} stands twice in the table", row.0, row.1);
    }
}

#[test]
fn what_is_not_for_everybody_asks_to_sign_in() {
    for route in ROUTES {
        for (method, path, row) in TABLE.iter().filter(|row| row.0 == route.method && shape(row.1) == shape(route.path))
        {
            assert_eq!(row[0] == SignIn, route.access != Access::Everybody, "{method} {path}");
        }
    }
}

#[test]
fn forms_from_elsewhere_are_refused() {
    let house = House::build();
    let administrator = COLUMNS.iter().position(|asking| *asking == Asking::Someone(Person::Administrator)).unwrap();
    let anonymous = COLUMNS.iter().position(|asking| *asking == Asking::Anonymous).unwrap();
    let from: [(&str, &[(&str, &str)]); 7] = [
        ("nowhere", &[]),
        ("a foreign origin", &[("origin", "https://evil.example")]),
        ("the same host, another port", &[("origin", "http://127.0.0.1:1")]),
        ("another site", &[("sec-fetch-site", "cross-site")]),
        ("another host of the site", &[("sec-fetch-site", "same-site")]),
        ("an opaque origin", &[("origin", "null")]),
        ("nowhere, says the browser", &[("sec-fetch-site", "none")]),
    ];
    let mut wrong = Vec::new();
    for (_, path, _) in TABLE.iter().filter(|row| row.0 == "post" && !FROM_APPLICATIONS.contains(&row.1)) {
        let address = house.address(path, administrator);
        let before = house.portal.snapshot();
        for (column, (place, headers)) in
            [administrator, anonymous].into_iter().flat_map(|column| from.map(|one| (column, one)))
        {
            let browser = &house.browsers[column];
            let mut request = browser.http.post(format!("{}{address}", browser.base));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let fields = fields();
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
            let response = request.send().expect("an answer");
            let status = response.status().as_u16();
            let page = response.text().expect("a page");
            if status != 403 || !page.contains("not sent from Keywright") {
                wrong.push(format!("{path}, {:?}, from {place}: {status}", COLUMNS[column]));
            }
        }
        let changed = before.differences(&house.portal.snapshot());
        assert!(changed.is_empty(), "{path}: {changed:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nobody_reaches_anothers_session() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    portal.company("elsewhere");
    let session = portal.another_session(&company, Person::Member);
    for browser in [portal.signed_in(Person::Administrator, "northwind"), portal.signed_in(Person::Member, "elsewhere")]
    {
        assert_eq!(browser.post(&format!("/account/sessions/{session}/end"), &[]).status(), 404);
    }
    let mut member = portal.signed_in(Person::Member, "northwind");
    assert!(member.visit("/account").has_button("End this session"), "the session is still there");
}
