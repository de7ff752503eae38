//! A company with one of each thing, for tests that go through all addresses.

use keywright::access::{Roles, act};
use keywright::crypto::hashing::sha256_of;
use keywright::crypto::random;
use keywright::db;
use keywright::db::invitations::Invitation;
use keywright::domain::account::Account;
use keywright::domain::client::ClientType;
use keywright::domain::community::CommunityInput;
use keywright::domain::external_person::ExternalPerson;
use keywright::domain::id::{
    AccountId, ClientKeyId, ClientUid, CommunityId, CommunityRoleId, IdentityId, InvitationId, MemberId,
    RegistrationTokenId, ReleaseRequestId, RevealId, RoleId, ScopeId, SecretId, ServiceId, SessionId, TestUserId,
};
use keywright::domain::registration_token::RegistrationToken;
use keywright::domain::role::RoleInput;
use keywright::domain::scope::ScopeInput;
use keywright::domain::secret::SecretInput;
use keywright::domain::service::ServiceInput;
use keywright::domain::tenant::SessionLengths;
use keywright::domain::text::Email;
use keywright::operations::fill::Company;
use keywright::operations::sessions::SessionState;

use super::{Person, TestPortal};

/// One of each thing. Nobody has looked at the secret of `reveal` yet; the administrator made it.
#[derive(Clone)]
pub struct Things {
    pub service: ServiceId,
    /// The end of the address of the service's logo.
    pub logo: String,
    /// Acts for users.
    pub client: ClientUid,
    /// Acts on its own.
    pub machine: ClientUid,
    pub secret: SecretId,
    pub machine_secret: SecretId,
    pub key: ClientKeyId,
    pub machine_key: ClientKeyId,
    /// Registers clients of the service.
    pub registration_token: RegistrationTokenId,
    pub reveal: RevealId,
    /// Waits for an approver; the administrator filed it.
    pub request: ReleaseRequestId,
    /// A service that is live and has changed since.
    pub live: ServiceId,
    pub test_user: TestUserId,
    /// A client role of the company's own, that no client holds.
    pub role: RoleId,
    /// A scope of the company's own, that no client uses.
    pub scope: ScopeId,
    /// Somebody who is a member and nothing else.
    pub member: MemberId,
    /// Somebody who is invited.
    pub invitation: InvitationId,
    /// A community that the company owns and its partner is in.
    pub community: CommunityId,
    /// A role of that community's own.
    pub community_role: CommunityRoleId,
    /// A community of the partner's that the company is in.
    pub joined: CommunityId,
    /// A community of the partner's that the company is invited to.
    pub invited: CommunityId,
}

/// The head of a PNG of these sides, which is all that is read of one.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

impl TestPortal {
    pub fn things(&self, company: &Company) -> Things {
        let operations = &self.application.operations;
        let logo = png(128, 128);
        let input = ServiceInput {
            name: "Shop".into(),
            domain: "app.example.com".into(),
            description: "Where people buy.".into(),
            privacy_policy_url: "https://app.example.com/privacy".into(),
            terms_url: "https://app.example.com/terms".into(),
            contact_email: "shop@example.com".into(),
            ..ServiceInput::default()
        };
        let permit_to_edit = self.permit::<act::EditServices>(company, Person::Administrator);
        let service =
            operations.add_service(&permit_to_edit, &input, Some(logo.clone()), &random::token()).expect("a service").0;
        // An identifier is never issued twice, so each name is another.
        let mark = &random::token()[..8];
        let client = self.client(company, service, ClientType::AuthorizationCode, &format!("Web {mark}"));
        let machine = self.client(company, service, ClientType::ClientCredentials, &format!("Worker {mark}"));
        let (secret, _) = self.secret(company, client, "Backend EU");
        let (machine_secret, _) = self.secret(company, machine, "Backend EU");
        let (key, machine_key) = (self.client_key(company, client), self.client_key(company, machine));
        let registration_token = self.kept_registration_token(company, service);
        let wanted = SecretInput {
            environment: "sandbox".into(),
            expires_at: "2027-11-21T12:00".into(),
            ..SecretInput::default()
        };
        let permit = self.confirmed::<act::EditClients>(company, Person::Administrator);
        let unseen = operations.add_secret(&permit, client, &wanted, &random::token()).expect("a secret");
        let logo = sha256_of(&logo)[..16].to_owned();
        operations.add_test_users(&permit_to_edit, service, "tester@example.com").expect("a test user");
        let test_user = self
            .application
            .db
            .read(|reader| db::test_users::of_service(reader, permit_to_edit.scope(), service))
            .expect("the test users")[0]
            .id;
        let (ready, _) = self.ready_service(company, "Ready");
        let request = self.request_release(company, Person::Administrator, ready);
        let (live, _) = self.live_service(company, "Live");
        self.client(company, live, ClientType::AuthorizationCode, &format!("New {mark}"));
        let reveal = unseen.ticket;
        let permit = self.permit::<act::ManageTenant>(company, Person::Administrator);
        let input = RoleInput { name: format!("Role {mark}"), ..RoleInput::default() };
        let (role, _) = operations.add_role(&permit, &input, &random::token()).expect("a role");
        let name = format!("scope.{}", mark.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "x"));
        let input = ScopeInput { name, description: "What it is for".into(), ..ScopeInput::default() };
        let (scope, _) = operations.add_scope(&permit, &input, &random::token()).expect("a scope");
        let (member, invitation) = (self.member(company, mark), self.invitation(company, mark));
        let community = self.community(company, &format!("Owned {mark}"));
        self.invite(company, community, self.partner());
        let partner = self.permit::<act::ManageTenant>(self.partner(), Person::Administrator);
        operations.join_community(&partner, community).expect("it joins");
        let input = RoleInput { name: format!("Role {mark}"), ..RoleInput::default() };
        let added = operations.add_community_role(&permit, community, &input, &random::token());
        let community_role = added.expect("a role").0;
        let [joined, invited] = ["Joined", "Invited"].map(|name| {
            let id = self.community(self.partner(), &format!("{name} {mark}"));
            self.invite(self.partner(), id, company);
            id
        });
        operations.join_community(&permit, joined).expect("it joins");
        Things {
            service,
            logo,
            client,
            machine,
            secret,
            machine_secret,
            key,
            machine_key,
            registration_token,
            reveal,
            request,
            live,
            test_user,
            role,
            scope,
            member,
            invitation,
            community,
            community_role,
            joined,
            invited,
        }
    }

    /// One of however many, issued behind everybody's back and known to nobody.
    fn kept_registration_token(&self, company: &Company, service: ServiceId) -> RegistrationTokenId {
        let (now, issuer) = (self.clock.now(), self.person(company, Person::Administrator));
        let token = RegistrationToken {
            id: RegistrationTokenId::new(1, random::bytes()),
            tenant_id: company.tenant.id,
            service_id: service,
            description: "CI".into(),
            issued_by: issuer.account_id,
            issued_by_name: issuer.name.clone(),
            created_at: now,
            expires_at: now.plus(crate::support::DAY),
            last_used_at: None,
        };
        let made = self
            .application
            .operations
            .fill(|writer| db::registration_tokens::insert(writer, &token, &random::token()));
        made.expect("a token");
        token.id
    }

    /// A further member, who can't sign in.
    fn member(&self, company: &Company, mark: &str) -> MemberId {
        let (now, id) = (self.clock.now(), MemberId::new(1, random::bytes()));
        let account = Account {
            id: AccountId::new(1, random::bytes()),
            email: Email::parse(&format!("{mark}@member.example")).expect("an address"),
            name: format!("Member {mark}"),
            operator: false,
            platform_approver: false,
            activated_at: Some(now),
            password_changed_at: now,
            created_at: now,
        };
        let made = self.application.operations.fill(|writer| {
            db::accounts::insert(writer, &account, "no hash of any password")?;
            db::tenants::insert_member(writer, id, company.tenant.id, account.id, Roles::default(), now)
        });
        made.expect("a member");
        id
    }

    fn invitation(&self, company: &Company, mark: &str) -> InvitationId {
        let now = self.clock.now();
        let invitation = Invitation {
            id: InvitationId::new(1, random::bytes()),
            tenant_id: company.tenant.id,
            email: Email::parse(&format!("{mark}@invited.example")).expect("an address"),
            roles: Roles::default(),
            invited_by: "Somebody".into(),
            created_at: now,
            sent_at: now,
            expires_at: now.plus(crate::support::DAY),
        };
        let made =
            self.application.operations.fill(|writer| db::invitations::insert(writer, &invitation, &random::token()));
        made.expect("an invitation");
        invitation.id
    }

    /// A community that the company owns.
    pub fn community(&self, company: &Company, name: &str) -> CommunityId {
        let permit = self.permit::<act::ManageTenant>(company, Person::Administrator);
        let input = CommunityInput { name: name.into(), ..CommunityInput::default() };
        let added = self.application.operations.add_community(&permit, &input, &random::token());
        added.expect("a community").0
    }

    pub fn invite(&self, company: &Company, community: CommunityId, other: &Company) {
        let permit = self.confirmed::<act::ManageTenant>(company, Person::Administrator);
        let id = other.tenant.id.to_string();
        // Tables of routes make very many of them at one instant.
        let bucket = format!("invitations:{}", company.tenant.id);
        self.application.operations.fill(|writer| db::throttles::clear(writer, &bucket)).expect("forgiven");
        self.application.operations.invite_to_community(&permit, community, &id).expect("an invitation");
    }

    /// Links a person to somebody at another provider.
    pub fn linked_identity(&self, company: &Company, person: Person) -> IdentityId {
        let account = self.permit::<act::See>(company, person).actor().membership().account_id;
        let linked = ExternalPerson {
            issuer: "https://id.example".into(),
            subject: random::token(),
            email: person.email("id"),
            email_verified: true,
        };
        let permit = self.confirmed::<act::See>(company, person);
        let (operations, session) = (&self.application.operations, self.another_session(company, person));
        operations.link_identity(&permit, &linked, "Example ID", session).expect("a link");
        operations.sign_out(account, session).expect("it is no longer needed");
        let found = self.application.db.read(|reader| db::identities::of_account(reader, account));
        found.expect("the links").last().expect("the new one").id
    }

    /// A further session of a person, as if begun in another browser.
    pub fn another_session(&self, company: &Company, person: Person) -> SessionId {
        let account = self.permit::<act::See>(company, person).actor().membership().account_id;
        let now = self.clock.now();
        let sessions = || {
            let found = self
                .application
                .db
                .read(|reader| {
                    db::sessions::of_account(reader, account, now, now.minus(SessionLengths::LONGEST.idle()))
                })
                .expect("the sessions");
            found.into_iter().map(|session| session.id).collect::<Vec<_>>()
        };
        let before = sessions();
        let key = random::token();
        let session = SessionState { account: Some(account), tenant: None, state: "{}" };
        let begun = self.application.operations.begin_session(&key, &session, "192.0.2.7", "Firefox/1", now);
        begun.expect("a session");
        sessions().into_iter().find(|id| !before.contains(id)).expect("it is there")
    }
}
