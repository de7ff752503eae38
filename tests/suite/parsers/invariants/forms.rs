use keywright::domain::client::{ClientInput, ClientType, GrantType};
use keywright::domain::community::{CommunityInput, CommunitySettings};
use keywright::domain::company::{CompanyProfile, PolicyInput, ProfileInput};
use keywright::domain::registration_token::{RegistrationTokenInput, RegistrationTokenSettings};
use keywright::domain::role::{ClientRoles, RoleInput, RoleSettings};
use keywright::domain::scope::{Scope, ScopeInput};
use keywright::domain::secret::{Overlap, SecretInput, SecretSettings};
use keywright::domain::service::{Environment, ServiceInput, ServiceSettings};
use keywright::portal::form::{FormState, SUBMISSION, decoded};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::registered::{NOW, client, settings};
use super::{choice, harms_a_sentence};

/// What is understood of a form is what was typed, and understood the same when the page shows it again. The first byte
/// chooses the form, the rest is its body.
pub fn forms(data: &[u8]) {
    let Some((chosen, body)) = choice(data) else { return };
    match chosen {
        0 => of_service(body),
        1..=6 => of_client(ClientType::ALL[usize::from(chosen) - 1], body),
        7 => of_secret(body),
        8 => of_profile(body),
        9 => of_policy(body),
        10 => of_name(body, |input: RoleInput| RoleSettings::parse(&input).ok().map(|role| role.name)),
        11 => of_name(body, |input: ScopeInput| Scope::parse(&input).ok().map(|scope| scope.name)),
        12 => of_name(body, |input: CommunityInput| CommunitySettings::parse(&input).ok().map(|kept| kept.name)),
        _ => of_name(body, |input: RegistrationTokenInput| {
            let token = RegistrationTokenSettings::parse(&input, NOW).ok()?;
            assert!(token.expires_at > NOW && token.expires_at <= NOW.one_year_later());
            Some(token.description)
        }),
    }
}

/// Reads a form. A field that takes one value is refused when it comes twice, and what was read is read again from what
/// the page would show.
fn read<T: DeserializeOwned + Serialize + Default>(body: &[u8]) -> Option<T> {
    let posted = FormState::posted(decoded(body));
    let times = |name: &str| posted.pairs().iter().filter(|(key, _)| key == name).count();
    // Lists have no place in a form that is empty.
    let single: Vec<String> = FormState::of(&T::default()).pairs().iter().map(|(name, _)| name.clone()).collect();
    let repeated = single.iter().any(|name| name != SUBMISSION && times(name) > 1);
    let read = posted.read::<T>();
    assert_eq!(read.is_err(), repeated, "{:?}", posted.pairs());
    let input = read.ok()?;
    let shown = FormState::of(&input);
    for name in single.iter().filter(|name| *name != SUBMISSION) {
        assert_eq!(shown.value(name), posted.value(name));
    }
    let again: T = shown.read().expect("what is shown can be sent");
    assert_eq!(FormState::of(&again).without(SUBMISSION).pairs(), shown.without(SUBMISSION).pairs());
    Some(input)
}

fn of_service(body: &[u8]) {
    let Some(settings) = read::<ServiceInput>(body).and_then(|input| ServiceSettings::parse(&input).ok()) else {
        return;
    };
    let text = |label: &str| {
        let facts = settings.facts();
        facts.into_iter().find(|(name, _)| *name == label).expect("a setting").1
    };
    is_a_name(&settings.name);
    let shown = ServiceInput {
        name: text("Name"),
        domain: text("Domain"),
        description: text("Description"),
        privacy_policy_url: text("Privacy policy URL"),
        terms_url: text("Terms URL"),
        contact_email: text("Contact e-mail"),
        ..ServiceInput::default()
    };
    assert_eq!(ServiceSettings::parse(&shown), Ok(settings));
}

fn of_client(client_type: ClientType, body: &[u8]) {
    let Some(input) = read::<ClientInput>(body) else { return };
    for legacy in [false, true] {
        let parsed = match settings(client_type, &input, legacy) {
            Ok(parsed) => parsed,
            Err(faults) => {
                assert!(faults.iter().all(|fault| !fault.message.contains(harms_a_sentence)), "{faults:?}");
                continue;
            }
        };
        is_a_name(&parsed.name);
        assert!(!parsed.scopes.is_empty() && (60..=3_600).contains(&parsed.token_lifetime));
        let client = client(client_type, parsed);
        assert!(legacy || !client.settings.response_types.iter().any(|kind| kind.exposes_token()));
        let has_code = client.settings.grants.contains(&GrantType::AuthorizationCode);
        assert!(!has_code || client.has_secrets() || client.settings.require_pkce);
        let shown = ClientInput::of(&client, &ClientRoles::default());
        assert_eq!(settings(client_type, &shown, legacy), Ok(client.settings));
    }
}

fn of_secret(body: &[u8]) {
    let Some(input) = read::<SecretInput>(body) else { return };
    for service in Environment::ALL {
        let Ok(secret) = SecretSettings::parse(&input, service, NOW) else { continue };
        assert!(service == Environment::Live || secret.environment == Environment::Sandbox);
        assert_eq!(secret.expires_at.is_none(), input.never_expires == "yes");
        assert!(secret.expires_at.is_none_or(|at| at > NOW));
    }
    if let Ok(overlap) = Overlap::parse(&input.description, &input.expires_at, NOW) {
        assert!(overlap.end(NOW, None) >= NOW && overlap.end(NOW, Some(NOW)) <= NOW);
    }
}

fn of_profile(body: &[u8]) {
    let Some(profile) = read::<ProfileInput>(body).and_then(|input| CompanyProfile::parse(&input).ok()) else { return };
    is_a_name(&profile.name);
    let shown = ProfileInput {
        name: profile.name.clone(),
        contact_name: profile.contact_name.clone(),
        contact_email: profile.contact_email.clone(),
        website_url: profile.website_url.clone(),
        ..ProfileInput::default()
    };
    assert_eq!(CompanyProfile::parse(&shown), Ok(profile));
}

fn of_policy(body: &[u8]) {
    let Some(policy) = read::<PolicyInput>(body).and_then(|input| input.parse().ok()) else { return };
    assert!(policy.grace_days.is_none_or(|days| (1..=90).contains(&days)));
    assert_eq!(PolicyInput::of(&policy, 1).parse(), Ok(policy));
}

fn of_name<T: DeserializeOwned + Serialize + Default>(body: &[u8], name: impl Fn(T) -> Option<String>) {
    if let Some(name) = read::<T>(body).and_then(name) {
        is_a_name(&name);
    }
}

/// A name shows what is in it: nothing in it is obeyed, or changes the direction of what follows. Joiners are letters of
/// some scripts.
fn is_a_name(name: &str) {
    assert!(!name.is_empty() && name.chars().count() <= 100 && name.trim() == name);
    let harms = |c: char| harms_a_sentence(c) && !matches!(c, '\u{200C}' | '\u{200D}');
    assert!(!name.contains(harms), "{name:?}");
}
