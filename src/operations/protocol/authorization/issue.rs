//! The end of a request: a grant with its code, or the user's refusal.

use super::{Asked, Declined, User};
use crate::crypto::hashing::sha256;
use crate::crypto::random;
use crate::db::{self, Writer};
use crate::domain::id::{ConsentId, GrantId};
use crate::domain::protocol::fault::{Fault, Refusal};
use crate::domain::protocol::grant::{CODE_LASTS, Grant, LIVE_AT_MOST, REFRESHING_LASTS, UNREFRESHED_LASTS};
use crate::domain::protocol::return_to::{Answer, Fields};
use crate::operations::protocol::claims;
use crate::operations::protocol::tokens::Beside;
use crate::operations::{Operations, new_id};

/// How a request ended.
pub enum Issued {
    Answered(Answer),
    /// It was answered before: this is the second click, or a page from the past.
    Before,
}

impl Operations {
    /// Issues what was asked for. A request that has waited under `token` is used up by it.
    ///
    /// # Errors
    /// Only where the database fails.
    pub fn issue(&self, asked: &Asked, user: &User, token: Option<&str>) -> Result<Issued, Declined> {
        self.issued(asked, user, token, false).map_err(|refusal| asked.declined(refusal))
    }

    /// The user allows what they were asked. It is remembered, and what was asked for is issued.
    pub fn consent(&self, asked: &Asked, user: &User, token: &str) -> Result<Issued, Declined> {
        self.issued(asked, user, Some(token), true).map_err(|refusal| asked.declined(refusal))
    }

    /// The user goes back to the application without letting it in.
    /// `kept_out`: they are not one of the service's test users.
    pub fn turn_back(&self, asked: &Asked, kept_out: bool, token: &str) -> Result<(), Declined> {
        let removed = self.db.write(|writer| db::authorization_requests::remove(writer, &sha256(token)));
        match removed.map_err(|error| asked.declined(error))? {
            false => Ok(()),
            true => Err(asked.declined(if kept_out { Fault::NotATestUser } else { Fault::ConsentRefused })),
        }
    }

    fn issued(&self, asked: &Asked, user: &User, token: Option<&str>, consents: bool) -> Result<Issued, Refusal> {
        let now = self.now();
        let (registered, request) = (&asked.registered, &asked.request);
        let refreshes = request.response_type.has_code() && registered.client.settings.allows_refresh();
        let grant = Grant {
            id: new_id!(self, GrantId),
            client: registered.client.uid,
            account: user.account.id,
            scopes: request.scopes.clone(),
            environment: registered.service.environment,
            redirect_url: asked.return_to.redirect_url().to_owned(),
            authenticated_at: user.authenticated_at,
            by_password: user.by_password,
            second_factor: user.second_factor,
            nonce: request.nonce.clone(),
            claims: claims::named_and_allowed(registered, &request.claims),
            created_at: now,
            expires_at: now.plus(if refreshes { REFRESHING_LASTS } else { UNREFRESHED_LASTS }),
            ended_at: None,
        };
        let code = request.response_type.has_code().then(random::token);
        let written = self.db.write(|writer| -> Result<bool, Refusal> {
            // Who ended all other sessions meanwhile was told that applications hold nothing any more.
            if !db::sessions::hold(writer, grant.account, user.session)? {
                return Err(Fault::LoginRequired.into());
            }
            if let Some(token) = token
                && !db::authorization_requests::remove(writer, &sha256(token))?
            {
                return Ok(false);
            }
            if consents {
                let id = new_id!(self, ConsentId);
                db::consents::remember(writer, id, grant.account, grant.client, &asked.to_consent(), now)?;
            }
            self.write_grant(writer, asked, &grant, code.as_deref())?;
            Ok(true)
        })?;
        if !written {
            return Ok(Issued::Before);
        }
        let fields = self.fields(asked, &grant, code)?;
        Ok(Issued::Answered(asked.return_to.answer(fields, &self.rules().public_url)))
    }

    /// What the response type promises (OpenID Connect Core §3.2.2.5 and §3.3.2.5).
    fn fields(&self, asked: &Asked, grant: &Grant, code: Option<String>) -> Result<Fields, Refusal> {
        let (registered, response_type) = (&asked.registered, asked.request.response_type);
        let mut fields: Fields = Vec::new();
        let access = match response_type.exposes_token() {
            true => Some(self.mint_access_token(registered, grant, &grant.scopes, grant.environment)?),
            false => None,
        };
        if response_type.has_id_token() {
            let beside = Beside {
                access_token: access.as_ref().map(|access| access.token.as_str()),
                code: code.as_deref(),
                nonce: &grant.nonce,
            };
            fields.push(("id_token", self.mint_id_token(registered, grant, grant.environment, beside)?));
        }
        if let Some(access) = access {
            fields.push(("access_token", access.token));
            fields.push(("token_type", "Bearer".to_owned()));
            fields.push(("expires_in", access.expires_in.to_string()));
            fields.push(("scope", access.scopes.join(" ")));
        }
        fields.extend(code.map(|code| ("code", code)));
        Ok(fields)
    }

    fn write_grant(
        &self,
        writer: &mut Writer<'_>,
        asked: &Asked,
        grant: &Grant,
        code: Option<&str>,
    ) -> Result<(), Refusal> {
        // An application that signs its users in at every visit leaves the tokens of the visits before.
        db::grants::end_oldest(writer, grant.account, grant.client, LIVE_AT_MOST - 1, grant.created_at)?;
        db::grants::insert(writer, grant)?;
        if let Some(code) = code {
            let (named, ends) = (asked.return_to.is_named(), grant.created_at.plus(CODE_LASTS));
            let challenge = &asked.request.code_challenge;
            db::grants::insert_code(writer, &sha256(code), grant.id, named, challenge, ends)?;
        }
        Ok(())
    }
}
