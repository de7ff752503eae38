//! *Try it*: the grant of a client in sandbox, run for the developer who looks at the client. Nothing here is easier than
//! at the endpoints: the request is read, the user checked and the code redeemed by the same operations. Only the
//! client need not prove who it is, and a user who has just asked for it is not asked for consent.

use super::authorization::{AtBrowser, Declined, Issued, Step};
use super::clients::Caller;
use super::requests::Tokens;
use crate::access::{Permit, act};
use crate::crypto::{hashing, random};
use crate::db;
use crate::domain::audit::AuditAction;
use crate::domain::client::GrantType;
use crate::domain::id::ClientUid;
use crate::domain::lifecycle::WrongState;
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::params::Params;
use crate::domain::protocol::registered::Registered;
use crate::domain::protocol::return_to::Answer;
use crate::domain::service::Environment;
use crate::operations::clients::reach;
use crate::operations::{Error, Operations, Result, Target, Who, record};

impl Operations {
    /// Runs the grant of a client whose service is in sandbox, for the person who asks: the tokens, or why there are
    /// none. `person` is how they are signed in.
    pub fn try_client(
        &self,
        permit: &Permit<act::EditClients>,
        uid: ClientUid,
        person: AtBrowser,
    ) -> Result<std::result::Result<Tokens, Refusal>> {
        let registered = self.db.read(|reader| {
            let client = db::clients::find(reader, permit.scope(), uid)?;
            reach(reader, permit, &client)?;
            db::registered::by_client_id(reader, client.client_id.as_str())?.ok_or(Error::NotFound)
        })?;
        if registered.service.environment == Environment::Live {
            return Err(WrongState::because("The service is live: nobody tries things out on its users.").into());
        }
        let client = registered.client.clone();
        let person = AtBrowser { account: permit.actor().membership().account_id, ..person };
        let tokens = match self.tokens_for_trial(registered, person) {
            Ok(tokens) => tokens,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.db.write(|writer| {
            let (now, who) = (self.now(), Who::Person(permit.actor()));
            record(writer, now, who, AuditAction::ClientTried, &Target::Client(&client), &[])
        })?;
        Ok(Ok(tokens))
    }

    fn tokens_for_trial(&self, registered: Registered, person: AtBrowser) -> std::result::Result<Tokens, Refusal> {
        registered.check_status()?;
        let for_users = registered.client.settings.grants.contains(&GrantType::AuthorizationCode);
        let request = if for_users {
            self.code_for_trial(&registered, person)?
        } else {
            vec![("grant_type".to_owned(), GrantType::ClientCredentials.as_str().to_owned())]
        };
        let is_confidential = registered.client.has_secrets();
        let environment = registered.environment(Environment::Sandbox);
        let caller = Caller { registered, environment, is_confidential };
        self.request_tokens(&caller, &Params::from_pairs(request)?).map_err(|refused| refused.refusal)
    }

    /// Signs the person in through the client. Answers with the token request for the code.
    fn code_for_trial(
        &self,
        registered: &Registered,
        person: AtBrowser,
    ) -> std::result::Result<Vec<(String, String)>, Refusal> {
        let settings = &registered.client.settings;
        let redirect_url = settings.redirect_urls.first().map_or(String::new(), |url| url.as_str().to_owned());
        let with_code = settings.response_types.iter().find(|kind| kind.has_code());
        let verifier = random::token();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let params = Params::from_pairs([
            pair("client_id", registered.client.client_id.as_str()),
            pair("response_type", with_code.map_or("code", |kind| kind.as_str())),
            pair("redirect_uri", &redirect_url),
            pair("code_challenge", &hashing::sha256_base64url(&verifier)),
            pair("code_challenge_method", "S256"),
            pair("nonce", &random::token()),
        ])?;
        let asked = self.read_authorization_request(params).map_err(why)?;
        let user = match self.next_step(&asked, Some(person), self.now()).map_err(why)? {
            Step::Issue(user) | Step::Consent(user) => user,
            Step::NotATestUser(_) => return Err(Fault::NotATestUser.into()),
            Step::SecondFactor(_) => return Err(Fault::InteractionRequired.into()),
            Step::SignIn { .. } => return Err(Fault::LoginRequired.into()),
        };
        let Issued::Answered(answer) = self.issue(&asked, &user, None).map_err(why)? else {
            return Err(Fault::Bug.into());
        };
        let code = code_in(&answer).ok_or(Fault::Bug)?;
        Ok(vec![
            pair("grant_type", GrantType::AuthorizationCode.as_str()),
            pair("code", &code),
            pair("redirect_uri", &redirect_url),
            pair("code_verifier", &verifier),
        ])
    }
}

fn why(declined: Declined) -> Refusal {
    declined.refused.refusal
}

fn code_in(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Form { fields, .. } => fields.iter().find(|(name, _)| *name == "code").map(|(_, code)| code.clone()),
        Answer::Location(url) => {
            let fields = url.split(['?', '#']).skip(1);
            let mut pairs = fields.flat_map(|part| url::form_urlencoded::parse(part.as_bytes()));
            pairs.find(|(name, _)| name == "code").map(|(_, code)| code.into_owned())
        }
    }
}
