//! What is needed from the user before anything is issued. Asked anew at every step, of what the database says then.

use super::{Asked, Declined};
use crate::clock::Timestamp;
use crate::db::{self, Reader};
use crate::domain::account::Account;
use crate::domain::id::{AccountId, SessionId};
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::service::Environment;
use crate::operations::Operations;

/// Who is signed in, as their session says.
#[derive(Clone, Copy, Debug)]
pub struct AtBrowser {
    pub session: SessionId,
    pub account: AccountId,
    /// When they signed in, with all that their account asks for: a password given since is not as much.
    pub signed_in_at: Timestamp,
    /// By their password, and not by the word of another provider.
    pub by_password: bool,
}

/// Who is signed in, as the database confirms.
#[derive(Clone, Debug)]
pub struct User {
    pub session: SessionId,
    pub account: Account,
    pub authenticated_at: Timestamp,
    pub by_password: bool,
    pub second_factor: bool,
}

/// What comes next.
#[derive(Clone, Debug)]
pub enum Step {
    /// `again` where they have to prove it anew: somebody is signed in, and that is not enough, or might be where another
    /// provider says who comes.
    SignIn { again: bool },
    /// The service is in sandbox, and the user is not one of its test users.
    NotATestUser(User),
    /// The user has no second factor, and needs one.
    SecondFactor(User),
    /// The user is asked whether the application may have these scopes.
    Consent(User),
    /// Nothing more is needed.
    Issue(User),
}

impl Operations {
    /// What comes next for a request that came at `asked_at`.
    ///
    /// # Errors
    /// Where the request wants no user to be asked and one would have to be, and where the user is not the one whom the
    /// request names although they have just signed in for it.
    pub fn next_step(&self, asked: &Asked, browser: Option<AtBrowser>, asked_at: Timestamp) -> Result<Step, Declined> {
        let step = self.step(asked, browser, asked_at).map_err(|refusal| asked.declined(refusal))?;
        if !asked.request.prompt.none {
            return Ok(step);
        }
        let (user, fault) = match step {
            Step::Issue(_) => return Ok(step),
            Step::SignIn { .. } => return Err(asked.declined(Fault::LoginRequired)),
            Step::NotATestUser(user) => (user, Fault::NotATestUser),
            Step::SecondFactor(user) => (user, Fault::InteractionRequired),
            Step::Consent(user) => (user, Fault::ConsentRequired),
        };
        // What is missing would tell who comes by. Those alone hear it to whom the application is nothing new.
        let is_known = self.db.read(|reader| is_known(reader, asked, &user)).map_err(|error| asked.declined(error))?;
        Err(asked.declined(if is_known { fault } else { Fault::LoginRequired }))
    }

    /// Who is signed in, if the database confirms it.
    pub fn user_at(&self, browser: AtBrowser) -> db::Result<Option<User>> {
        self.db.read(|reader| user(reader, browser))
    }

    fn step(&self, asked: &Asked, browser: Option<AtBrowser>, asked_at: Timestamp) -> Result<Step, Refusal> {
        let meant = self.subjects_meant(asked)?;
        let request = &asked.request;
        let Some(browser) = browser else {
            return Ok(Step::SignIn { again: request.prompt.wants_sign_in() || request.max_age.is_some() });
        };
        let Some(user) = self.user_at(browser)? else { return Ok(Step::SignIn { again: true }) };
        let signed_in_for_this = user.authenticated_at >= asked_at;
        let too_old = request.max_age.is_some_and(|limit| self.now().since(user.authenticated_at) > limit);
        if !signed_in_for_this && (request.prompt.wants_sign_in() || too_old || meant.somebody) {
            return Ok(Step::SignIn { again: true });
        }
        let client = &asked.registered.client;
        if !meant.subjects.iter().all(|subject| self.is_known_as(client, user.account.id, subject)) {
            // They had their chance to be somebody else.
            return if signed_in_for_this {
                Err(Fault::LoginRequired.into())
            } else {
                Ok(Step::SignIn { again: true })
            };
        }
        let service = asked.registered.service.id;
        if asked.registered.service.environment == Environment::Sandbox
            && !self.db.read(|reader| db::test_users::includes(reader, service, &user.account.email.key()))?
        {
            return Ok(Step::NotATestUser(user));
        }
        let (account, tenant) = (user.account.id, asked.registered.tenant.id);
        let own = self.db.read(|reader| db::tenants::membership(reader, account, Some(tenant)))?;
        let company_wants_factor = own.as_ref().is_some_and(|member| member.policy.second_factor_required);
        if !user.second_factor && (company_wants_factor || request.wants_second_factor) {
            return Ok(Step::SecondFactor(user));
        }
        if request.prompt.consent || asked.may_be_imitated() {
            return Ok(Step::Consent(user));
        }
        // A company decides for its own people whether they are asked. Everybody else is: whoever registers a client must
        // not learn who comes by.
        if client.settings.require_consent || own.is_none() {
            // Also to no scope at all: that they are signed in here is told, too.
            let given = self.db.read(|reader| db::consents::scopes(reader, account, client.uid))?;
            if !given.is_some_and(|given| asked.to_consent().iter().all(|scope| given.contains(scope))) {
                return Ok(Step::Consent(user));
            }
        }
        Ok(Step::Issue(user))
    }
}

/// Whether the user belongs to the company of the application, or has let it in before.
fn is_known(reader: &mut Reader<'_>, asked: &Asked, user: &User) -> db::Result<bool> {
    let (account, registered) = (user.account.id, &asked.registered);
    Ok(db::tenants::membership(reader, account, Some(registered.tenant.id))?.is_some()
        || db::consents::scopes(reader, account, registered.client.uid)?.is_some())
}

/// The account behind a session, unless it is gone, was never activated, or has another password since.
fn user(reader: &mut Reader<'_>, browser: AtBrowser) -> db::Result<Option<User>> {
    let account = match db::accounts::find(reader, browser.account) {
        Ok((account, _)) => account,
        Err(db::Error::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    if account.activated_at.is_none() || account.password_changed_at > browser.signed_in_at {
        return Ok(None);
    }
    let second_factor = db::second_factors::is_set_up(reader, account.id)?;
    let AtBrowser { session, signed_in_at: authenticated_at, by_password, .. } = browser;
    Ok(Some(User { session, account, authenticated_at, by_password, second_factor }))
}
