//! What an application asks when its user signs out there (OpenID Connect RP-Initiated Logout 1.0 §2).

use crate::domain::client::ClientType;
use crate::domain::id::AccountId;
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::params::Params;
use crate::domain::protocol::registered::Registered;
use crate::domain::redirect_url::RedirectUrl;
use crate::operations::Operations;
use crate::operations::protocol::Refused;

#[derive(Clone, Debug)]
pub struct Logout {
    /// The application, where the request names one.
    pub registered: Option<Registered>,
    /// Whom the hint means.
    subject: Option<String>,
    /// One of the application's logout redirect URLs.
    redirect_url: Option<String>,
    state: Option<String>,
}

impl Operations {
    /// Gives a logout request its meaning.
    ///
    /// # Errors
    /// Refusals that are told to whoever sits at the browser; nobody is sent anywhere.
    pub fn read_logout(&self, params: &Params) -> Result<Logout, Refused> {
        let hint = params.get("id_token_hint").map(|token| self.read_id_token_hint(token)).transpose()?;
        let named = params.get("client_id");
        let client_id = hint.as_ref().map(|hint| hint.client_id.as_str()).or(named);
        let registered = client_id.map(|client_id| self.registered(client_id)).transpose()?;
        let refused = |refusal: Refusal| match &registered {
            Some(registered) => Refused::of(registered, refusal),
            None => refusal.into(),
        };
        if let (Some(hint), Some(named)) = (&hint, named)
            && hint.client_id != named
        {
            return Err(refused(Refusal::comparing(Fault::IdTokenHintInvalid, &hint.client_id, named)));
        }
        let redirect_url = match (params.get("post_logout_redirect_uri"), &registered) {
            (None, _) => None,
            (Some(_), None) => {
                return Err(refused(Refusal::comparing(Fault::ParameterMissing, "id_token_hint or client_id", "")));
            }
            (Some(wanted), Some(registered)) => {
                registered.check_status().map_err(refused)?;
                Some(logout_url(registered, wanted).map_err(refused)?)
            }
        };
        let subject = hint.and_then(|hint| hint.subject);
        Ok(Logout { registered, subject, redirect_url, state: params.get("state").map(ToOwned::to_owned) })
    }

    /// Whether the application has shown that it means this user: then nobody needs to be asked.
    pub fn means(&self, logout: &Logout, account: AccountId) -> bool {
        match (&logout.registered, &logout.subject) {
            (Some(registered), Some(subject)) => self.is_known_as(&registered.client, account, subject),
            _ => false,
        }
    }
}

fn logout_url(registered: &Registered, wanted: &str) -> Result<String, Refusal> {
    let native = registered.client.client_type == ClientType::Native;
    let own = &registered.client.settings.logout_redirect_urls;
    if own.iter().any(|url| url.accepts(wanted, native)) {
        return Ok(wanted.to_owned());
    }
    let own: Vec<&str> = own.iter().map(RedirectUrl::as_str).collect();
    Err(Refusal::comparing(Fault::LogoutRedirectUrlUnknown, own.join("\n"), wanted))
}

impl Logout {
    /// Where the browser goes in the end, with the `state`.
    pub fn location(&self) -> Option<String> {
        let url = self.redirect_url.as_ref()?;
        let Some(state) = &self.state else { return Some(url.clone()) };
        let joint = if url.contains('?') { '&' } else { '?' };
        let state: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
        Some(format!("{url}{joint}{state}"))
    }

    /// The parameters that ask for the same once the user has been asked.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let client_id = self.registered.as_ref().map(|known| known.client.client_id.to_string());
        let fields = [
            ("client_id", client_id),
            ("post_logout_redirect_uri", self.redirect_url.clone()),
            ("state", self.state.clone()),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}
