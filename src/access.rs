//! Who may do what: one table, and permits that can't be had without asking it.
//!
//! A `Permit` is made here and nowhere else. Operations demand the permit of exactly their action, and database
//! functions take the tenant from it, so "forgot to check" doesn't compile and another tenant's row is out of reach.

use std::marker::PhantomData;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::client::Client;
use crate::domain::id::{AccountId, MemberId, TenantId};
use crate::domain::tenant::TenantPolicy;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Member,
    Developer,
    Approver,
    Administrator,
    /// Decides on release requests of every tenant; named by an operator.
    PlatformApprover,
    /// Runs the deployment.
    Operator,
}

impl Role {
    pub const ALL: [Role; 6] =
        [Role::Member, Role::Developer, Role::Approver, Role::Administrator, Role::PlatformApprover, Role::Operator];
    /// Those that a member can be given. Tenant Member comes with the membership; the last two are the deployment's.
    pub const GIVEN: [Role; 3] = [Role::Developer, Role::Approver, Role::Administrator];

    pub const fn word(self) -> &'static str {
        match self {
            Role::Member => "Tenant Member",
            Role::Developer => "Developer",
            Role::Approver => "Approver",
            Role::Administrator => "Tenant administrator",
            Role::PlatformApprover => "Platform approver",
            Role::Operator => "Operator",
        }
    }

    /// The word in forms and addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Member => "member",
            Role::Developer => "developer",
            Role::Approver => "approver",
            Role::Administrator => "administrator",
            Role::PlatformApprover => "platform-approver",
            Role::Operator => "operator",
        }
    }

    /// A role that a member can be given, from a form's word.
    pub fn given(word: &str) -> Option<Self> {
        Self::GIVEN.into_iter().find(|role| role.as_str() == word)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Services, clients and what is known of secrets, never their values.
    See,
    /// Add and edit a service, manage its test users, request its release.
    EditServices,
    /// Deactivate, delete and reactivate a service.
    ChangeServiceStatus,
    /// Everything about a client that acts for users, and its secrets.
    EditUserClients,
    /// The same for a client that acts on its own.
    EditMachineClients,
    /// Approve and reject release requests, take a service back to sandbox.
    DecideReleases,
    /// Members, roles, communities, scopes, settings, audit log; and switching a safeguard off.
    ManageTenant,
    /// Tenants, platform approvers, default clients, jobs and the outbox of the deployment.
    Operate,
}

impl Action {
    pub const ALL: [Action; 8] = [
        Action::See,
        Action::EditServices,
        Action::ChangeServiceStatus,
        Action::EditUserClients,
        Action::EditMachineClients,
        Action::DecideReleases,
        Action::ManageTenant,
        Action::Operate,
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Yes,
    No,
    /// The tenant's policy decides; and the client may have the role Tenant Member only.
    IfTenantAllows,
}

/// The table of PRODUCT: every role against every action.
pub const fn allows(role: Role, action: Action) -> Rule {
    use Action::*;
    use Rule::*;
    match (role, action) {
        (Role::Member, See) => Yes,
        (Role::Member, EditServices | ChangeServiceStatus | EditUserClients | EditMachineClients) => No,
        (Role::Member, DecideReleases | ManageTenant | Operate) => No,

        (Role::Developer, See | EditServices | EditUserClients) => Yes,
        (Role::Developer, EditMachineClients) => IfTenantAllows,
        (Role::Developer, ChangeServiceStatus | DecideReleases | ManageTenant | Operate) => No,

        (Role::Approver, See | DecideReleases) => Yes,
        (Role::Approver, EditServices | ChangeServiceStatus | EditUserClients | EditMachineClients) => No,
        (Role::Approver, ManageTenant | Operate) => No,

        (Role::Administrator, See | EditServices | ChangeServiceStatus) => Yes,
        (Role::Administrator, EditUserClients | EditMachineClients | ManageTenant) => Yes,
        (Role::Administrator, DecideReleases | Operate) => No,

        (Role::PlatformApprover, DecideReleases) => Yes,
        (Role::PlatformApprover, See | EditServices | ChangeServiceStatus) => No,
        (Role::PlatformApprover, EditUserClients | EditMachineClients | ManageTenant | Operate) => No,

        (Role::Operator, Operate) => Yes,
        (Role::Operator, See | EditServices | ChangeServiceStatus) => No,
        (Role::Operator, EditUserClients | EditMachineClients | DecideReleases | ManageTenant) => No,
    }
}

/// The roles that a member holds beside Tenant Member, which everyone has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    pub developer: bool,
    pub approver: bool,
    pub administrator: bool,
}

impl Roles {
    /// From the words of a form; `None` where one of them is no role that can be given.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let given: Vec<Role> = words.into_iter().map(Role::given).collect::<Option<_>>()?;
        Some(Self {
            developer: given.contains(&Role::Developer),
            approver: given.contains(&Role::Approver),
            administrator: given.contains(&Role::Administrator),
        })
    }

    /// Those that were given, without Tenant Member.
    pub fn given(self) -> impl Iterator<Item = Role> {
        self.held().skip(1)
    }

    /// "Tenant Member, Developer"
    pub fn in_words(self) -> String {
        self.held().map(Role::word).collect::<Vec<_>>().join(", ")
    }

    pub fn held(self) -> impl Iterator<Item = Role> {
        [
            Some(Role::Member),
            self.developer.then_some(Role::Developer),
            self.approver.then_some(Role::Approver),
            self.administrator.then_some(Role::Administrator),
        ]
        .into_iter()
        .flatten()
    }
}

/// The tenant whose rows may be touched. Only this module makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantScope(TenantId);

impl TenantScope {
    pub const fn id(self) -> TenantId {
        self.0
    }
}

/// What the database says of a signed-in person, for one request.
#[derive(Clone, Debug)]
pub struct Membership {
    pub member_id: MemberId,
    pub account_id: AccountId,
    pub name: String,
    pub email: String,
    pub tenant_id: TenantId,
    pub tenant_name: String,
    pub roles: Roles,
    /// Runs the deployment; a right of the person, in whatever tenant they are.
    pub operator: bool,
    /// Decides on every tenant's release requests.
    pub platform_approver: bool,
    /// Signs in with a second factor.
    pub second_factor: bool,
    pub policy: TenantPolicy,
    /// A session that knows only an older password is worth nothing.
    pub password_changed_at: Timestamp,
}

impl Membership {
    /// Every role that the person holds, in this tenant and in the deployment.
    pub fn held(&self) -> impl Iterator<Item = Role> {
        let everywhere =
            [self.platform_approver.then_some(Role::PlatformApprover), self.operator.then_some(Role::Operator)];
        self.roles.held().chain(everywhere.into_iter().flatten())
    }
}

/// A person acting now: the membership, when the password was last given, and from where.
#[derive(Clone, Debug)]
pub struct Actor {
    membership: Membership,
    password_at: Timestamp,
    address: String,
}

/// The act is not granted to any role that the person holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not granted")]
pub struct Denied {
    /// The roles that would be enough.
    pub needed: Vec<Role>,
}

/// The password was last given longer ago than a sensitive act wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password must be given again")]
pub struct PasswordWanted;

/// How long a password counts for sensitive acts.
pub const PASSWORD_COUNTS_FOR: Duration = Duration::from_secs(15 * 60);

impl Actor {
    pub fn new(membership: Membership, password_at: Timestamp, address: String) -> Self {
        Self { membership, password_at, address }
    }

    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn scope(&self) -> TenantScope {
        TenantScope(self.membership.tenant_id)
    }

    /// Asks the table. Pages ask it to show a control, guards to accept a request.
    pub fn may(&self, action: Action) -> bool {
        self.check(action).is_ok()
    }

    fn check(&self, action: Action) -> Result<(), Denied> {
        let granted = self.membership.held().any(|role| match allows(role, action) {
            Rule::Yes => true,
            Rule::No => false,
            Rule::IfTenantAllows => self.membership.policy.developers_may_add_machine_clients,
        });
        if granted { Ok(()) } else { Err(denied(&[action])) }
    }

    pub fn permit<A: Act>(&self) -> Result<Permit<A>, Denied> {
        if A::ACTIONS.iter().any(|action| self.may(*action)) {
            Ok(Permit { actor: self.clone(), act: PhantomData })
        } else {
            Err(denied(A::ACTIONS))
        }
    }

    /// The question of [`Permit::reaches`], for showing a control.
    pub fn may_edit(&self, acts_alone: bool, has_more_roles: bool) -> bool {
        self.reaches(acts_alone, has_more_roles).is_ok()
    }

    /// Whether [`Actor::may_edit`] depends on the client's roles: a page need not read them otherwise.
    pub fn roles_decide(&self) -> bool {
        self.may(Action::EditMachineClients) && !self.may_give_client_roles()
    }

    fn covers(&self, acts_alone: bool) -> Result<(), Denied> {
        self.check(if acts_alone { Action::EditMachineClients } else { Action::EditUserClients })
    }

    fn reaches(&self, acts_alone: bool, has_more_roles: bool) -> Result<(), Denied> {
        self.covers(acts_alone)?;
        if acts_alone && has_more_roles && !self.may_give_client_roles() {
            return Err(denied(&[Action::ManageTenant]));
        }
        Ok(())
    }

    /// A client may be given roles beside Tenant Member.
    pub fn may_give_client_roles(&self) -> bool {
        self.may(Action::ManageTenant)
    }
}

fn denied(actions: &[Action]) -> Denied {
    let enough = |role: &Role| actions.iter().any(|action| allows(*role, *action) == Rule::Yes);
    Denied { needed: Role::ALL.into_iter().filter(enough).collect() }
}

/// The kinds of act that a permit can be for. Any of `ACTIONS` is enough for the permit; what it doesn't settle, the
/// operation asks of it.
pub trait Act: Clone + Send + Sync + 'static {
    const ACTIONS: &'static [Action];
}

/// The acts, as types.
pub mod act {
    use super::{Act, Action};

    macro_rules! acts {
        ($($name:ident => $($action:ident)|+;)*) => {$(
            #[derive(Clone, Debug)]
            pub struct $name;
            impl Act for $name {
                const ACTIONS: &'static [Action] = &[$(Action::$action),+];
            }
        )*};
    }

    acts! {
        See => See;
        EditServices => EditServices;
        ChangeServiceStatus => ChangeServiceStatus;
        EditClients => EditUserClients | EditMachineClients;
        DecideReleases => DecideReleases;
        ManageTenant => ManageTenant;
        Operate => Operate;
    }
}

/// Proof that the table granted the act `A` to a person in a tenant.
#[derive(Clone, Debug)]
pub struct Permit<A: Act> {
    actor: Actor,
    act: PhantomData<A>,
}

/// A permit whose holder gave the password within the last 15 minutes.
#[derive(Clone, Debug)]
pub struct Confirmed<A: Act>(Permit<A>);

impl<A: Act> Permit<A> {
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn scope(&self) -> TenantScope {
        self.actor.scope()
    }

    pub fn confirmed(self, now: Timestamp) -> Result<Confirmed<A>, PasswordWanted> {
        // A time of password in the future is a clock that was set back: ask again.
        let given = self.actor.password_at;
        if given <= now && now.since(given) < PASSWORD_COUNTS_FOR { Ok(Confirmed(self)) } else { Err(PasswordWanted) }
    }
}

impl Permit<act::EditClients> {
    /// Whether the permit reaches this client: one that acts for users, or one that acts on its own.
    pub fn covers(&self, acts_alone: bool) -> Result<(), Denied> {
        self.actor.covers(acts_alone)
    }

    /// Whether the permit reaches this client as it is. A client that acts on its own with more than the role Tenant
    /// Member is an administrator's alone: whoever could add a secret to it would have its roles.
    pub fn reaches(&self, client: &Client, has_more_roles: bool) -> Result<(), Denied> {
        self.actor.reaches(client.acts_alone(), has_more_roles)
    }
}

impl Permit<act::DecideReleases> {
    /// The tenant of a release request, if its requests may be decided on with this permit: one's own as its approver,
    /// any as a platform approver.
    pub fn scope_of(&self, tenant: TenantId) -> Option<TenantScope> {
        let member = &self.actor.membership;
        let own = tenant == member.tenant_id && member.roles.approver;
        (own || member.platform_approver).then_some(TenantScope(tenant))
    }

    /// The tenants whose requests may be seen: `None` stands for all.
    pub fn queue(&self) -> Option<TenantScope> {
        (!self.actor.membership.platform_approver).then_some(self.actor.scope())
    }
}

impl Permit<act::Operate> {
    /// Any tenant: whoever runs the deployment reaches them all.
    pub fn scope_of(&self, tenant: TenantId) -> TenantScope {
        TenantScope(tenant)
    }
}

impl<A: Act> std::ops::Deref for Confirmed<A> {
    type Target = Permit<A>;

    fn deref(&self) -> &Permit<A> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as people review it: a change here is a change of who may do what.
    #[test]
    fn the_reviewed_table() {
        let row = |action| Role::ALL.map(|role| allows(role, action));
        use Rule::{IfTenantAllows as Maybe, No, Yes};
        //                                          Member Developer Approver Administrator PlatformApprover Operator
        assert_eq!(row(Action::See), [Yes, Yes, Yes, Yes, No, No]);
        assert_eq!(row(Action::EditServices), [No, Yes, No, Yes, No, No]);
        assert_eq!(row(Action::ChangeServiceStatus), [No, No, No, Yes, No, No]);
        assert_eq!(row(Action::EditUserClients), [No, Yes, No, Yes, No, No]);
        assert_eq!(row(Action::EditMachineClients), [No, Maybe, No, Yes, No, No]);
        assert_eq!(row(Action::DecideReleases), [No, No, Yes, No, Yes, No]);
        assert_eq!(row(Action::ManageTenant), [No, No, No, Yes, No, No]);
        assert_eq!(row(Action::Operate), [No, No, No, No, No, Yes]);
    }
}
