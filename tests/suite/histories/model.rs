//! One service with its clients, secrets and release requests, as the product says that they behave. It is written from
//! the product's rules alone and uses nothing of the portal, so that the two can't be wrong in the same way by sharing a
//! line.

use super::acts::{Act, Kind, Life, Overlap, Who};

const GRACE: i64 = 14 * 86_400;
const MOST_SECRETS: usize = 10;

/// How an act was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// Not by this person.
    Refused,
    /// There is no such thing, as far as this person is concerned.
    Missing,
    /// Not as things stand.
    WrongState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Active,
    Inactive,
    Deleted { before: Standing, purge_at: i64, with_service: bool },
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Active,
    Inactive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Waiting,
    Approved,
    Rejected,
    Withdrawn,
    Replaced,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    pub kind: Kind,
    pub state: State,
    /// How often it was edited.
    edits: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Secret {
    pub client: usize,
    pub live: bool,
    pub ends: Option<i64>,
    pub exists: bool,
}

/// What an approver judges.
type Judged = (usize, State, Vec<(usize, Client)>, Vec<(usize, Secret)>);

#[derive(Clone, Debug)]
pub struct Request {
    by: Who,
    judged: Judged,
    pub verdict: Verdict,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub began: i64,
    pub now: i64,
    pub service: State,
    pub live: bool,
    edits: usize,
    pub clients: Vec<Client>,
    pub secrets: Vec<Secret>,
    pub requests: Vec<Request>,
    /// What changed at the live service since an approver looked: which client, and who changed it.
    pub changes: Vec<(usize, Who)>,
}

impl Model {
    /// A service in sandbox, with nothing.
    pub fn new(now: i64) -> Self {
        Self {
            began: now,
            now,
            service: State::Active,
            live: false,
            edits: 0,
            clients: Vec::new(),
            secrets: Vec::new(),
            requests: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Whether a token request with this secret is answered with a token.
    pub fn works(&self, secret: usize) -> bool {
        let secret = &self.secrets[secret];
        secret.exists
            && secret.ends.is_none_or(|ends| ends > self.now)
            && self.service == State::Active
            && self.clients[secret.client].state == State::Active
    }

    /// The number of the thing that is `n`th from the newest, if there ever was one.
    pub fn nth(n: usize, count: usize) -> Option<usize> {
        (count > 0).then(|| count - 1 - n % count)
    }

    /// Every reason why it can't be done; none, and it was done.
    pub fn act(&mut self, who: Who, act: Act) -> Vec<Answer> {
        let reasons = self.reasons(who, act);
        if reasons.is_empty() {
            self.done(who, act);
        }
        reasons
    }

    fn reasons(&self, who: Who, act: Act) -> Vec<Answer> {
        if matches!(act, Act::Wait(_) | Act::Purge) {
            return Vec::new();
        }
        if who == Who::Stranger || self.is_gone(act) {
            // Whoever may not do it at all need not be told that there is nothing to do it to.
            return if may(who, act, self.kind_of(act)) {
                vec![Answer::Missing]
            } else {
                vec![Answer::Missing, Answer::Refused]
            };
        }
        let mut reasons = Vec::new();
        if !may(who, act, self.kind_of(act)) || self.is_ones_own(who, act) {
            reasons.push(Answer::Refused);
        }
        if !self.fits(act) {
            reasons.push(Answer::WrongState);
        }
        reasons
    }

    fn client_of(&self, act: Act) -> Option<usize> {
        match act {
            Act::EditClient(n) | Act::DeactivateClient(n) | Act::DeleteClient(n) => Self::nth(n, self.clients.len()),
            Act::ReactivateClient(n, _) | Act::AddSecret(n, _, _) => Self::nth(n, self.clients.len()),
            Act::RotateSecret(n, _) | Act::DeleteSecret(n) => Some(self.secrets[self.secret(n)?].client),
            _ => None,
        }
    }

    fn kind_of(&self, act: Act) -> Kind {
        match act {
            Act::AddClient(kind) => kind,
            _ => self.client_of(act).map_or(Kind::Web, |client| self.clients[client].kind),
        }
    }

    fn secret(&self, n: usize) -> Option<usize> {
        Self::nth(n, self.secrets.len())
    }

    fn request(&self, n: usize) -> Option<usize> {
        Self::nth(n, self.requests.len())
    }

    /// What the act is about was never there, or is there no more.
    fn is_gone(&self, act: Act) -> bool {
        let client_gone = || self.client_of(act).is_none_or(|client| self.clients[client].state == State::Gone);
        self.service == State::Gone
            || match act {
                Act::EditClient(_) | Act::DeactivateClient(_) | Act::DeleteClient(_) => client_gone(),
                Act::ReactivateClient(..) | Act::AddSecret(..) => client_gone(),
                Act::RotateSecret(n, _) | Act::DeleteSecret(n) => {
                    self.secret(n).is_none_or(|secret| !self.secrets[secret].exists)
                }
                Act::Withdraw(n) | Act::Approve(n) | Act::Reject(n) => self.request(n).is_none(),
                _ => false,
            }
    }

    /// Nobody decides on a request that they filed themselves, nor on a change that they made.
    fn is_ones_own(&self, who: Who, act: Act) -> bool {
        match act {
            Act::Approve(n) | Act::Reject(n) => self.request(n).is_some_and(|request| self.requests[request].by == who),
            Act::AcceptChanges => self.changes.iter().any(|(_, by)| *by == who),
            _ => false,
        }
    }

    /// Whether it can be done as things stand, whoever does it.
    fn fits(&self, act: Act) -> bool {
        let client = |act| self.clients[self.client_of(act).expect("a client")].state;
        let waits = |n| self.requests[self.request(n).expect("a request")].verdict == Verdict::Waiting;
        let secret = |n| &self.secrets[self.secret(n).expect("a secret")];
        let there = !is_deleted(self.service);
        match act {
            Act::EditService | Act::AddClient(_) => there,
            Act::DeactivateService => self.service == State::Active,
            Act::DeleteService => there,
            Act::ReactivateService { .. } => self.can_come_back(self.service),
            Act::EditClient(_) | Act::DeleteClient(_) => !is_deleted(client(act)),
            Act::DeactivateClient(_) => client(act) == State::Active,
            Act::ReactivateClient(..) => there && self.can_come_back(client(act)),
            Act::AddSecret(_, _, live) => !is_deleted(client(act)) && self.has_room(act) && (self.live || !live),
            Act::RotateSecret(n, _) => {
                let lives = secret(n).ends.is_none_or(|ends| ends > self.now);
                !is_deleted(client(act)) && self.has_room(act) && lives
            }
            Act::RequestRelease => {
                let asked = self
                    .requests
                    .iter()
                    .any(|request| request.verdict == Verdict::Waiting && request.judged == self.judged());
                there && !self.live && self.is_ready() && !asked
            }
            Act::Withdraw(n) => waits(n),
            Act::Reject(n) => waits(n) && there,
            Act::Approve(n) => {
                let unchanged = self.requests[self.request(n).expect("a request")].judged == self.judged();
                waits(n) && there && unchanged && self.is_ready()
            }
            Act::TakeBack => self.live,
            Act::DeleteSecret(_) | Act::AcceptChanges | Act::Purge | Act::Wait(_) => true,
        }
    }

    fn can_come_back(&self, state: State) -> bool {
        match state {
            State::Inactive => true,
            State::Deleted { purge_at, .. } => self.now < purge_at,
            State::Active | State::Gone => false,
        }
    }

    fn has_room(&self, act: Act) -> bool {
        let client = self.client_of(act);
        self.secrets.iter().filter(|secret| secret.exists && Some(secret.client) == client).count() < MOST_SECRETS
    }

    /// The release checks, as far as these services can break them.
    fn is_ready(&self) -> bool {
        let (_, service, clients, secrets) = self.judged();
        service == State::Active
            && clients.iter().any(|(_, client)| client.state == State::Active)
            && secrets.iter().all(|(_, secret)| secret.ends.is_some())
    }

    fn judged(&self) -> Judged {
        let stays = |client: &Client| !is_deleted(client.state) && client.state != State::Gone;
        let clients = self.clients.iter().enumerate().filter(|(_, client)| stays(client));
        let secrets = self.secrets.iter().enumerate();
        let secrets = secrets.filter(|(_, secret)| secret.exists && stays(&self.clients[secret.client]));
        (
            self.edits,
            self.service,
            clients.map(|(at, client)| (at, client.clone())).collect(),
            secrets.map(|(at, secret)| (at, secret.clone())).collect(),
        )
    }

    fn done(&mut self, who: Who, act: Act) {
        let client = self.client_of(act).unwrap_or(usize::MAX);
        match act {
            Act::EditService => self.edits += 1,
            Act::DeactivateService => self.service = State::Inactive,
            Act::DeleteService => self.delete_service(),
            Act::ReactivateService { undo } => self.reactivate_service(undo),
            Act::AddClient(kind) => {
                self.clients.push(Client { kind, state: State::Active, edits: 0 });
                self.note_change(self.clients.len() - 1, who);
            }
            Act::EditClient(_) => {
                self.clients[client].edits += 1;
                if self.clients[client].kind == Kind::Web {
                    self.note_change(client, who);
                }
            }
            Act::DeactivateClient(_) => self.clients[client].state = State::Inactive,
            Act::DeleteClient(_) => self.clients[client].state = deleted(self.clients[client].state, self.now, false),
            Act::ReactivateClient(_, undo) => {
                if is_deleted(self.clients[client].state) {
                    self.note_change(client, who);
                }
                self.clients[client].state = back(self.clients[client].state, undo);
            }
            Act::AddSecret(_, life, live) => {
                let ends = match life {
                    Life::Never => None,
                    // The form has whole minutes.
                    Life::Days(days) => Some((self.now + i64::from(days) * 86_400) / 60 * 60),
                };
                self.secrets.push(Secret { client, live, ends, exists: true });
            }
            Act::RotateSecret(n, overlap) => {
                let old = self.secret(n).expect("a secret");
                let Secret { live, ends, .. } = self.secrets[old];
                // A year is longer than any history.
                self.secrets.push(Secret { client, live, ends: ends.map(|_| i64::MAX), exists: true });
                let end = self.now + seconds(overlap);
                self.secrets[old].ends = Some(ends.map_or(end, |ends| ends.min(end)));
            }
            Act::DeleteSecret(n) => {
                let secret = self.secret(n).expect("a secret");
                self.secrets[secret].exists = false;
            }
            Act::RequestRelease => {
                for request in self.requests.iter_mut().filter(|request| request.verdict == Verdict::Waiting) {
                    request.verdict = Verdict::Replaced;
                }
                self.requests.push(Request { by: who, judged: self.judged(), verdict: Verdict::Waiting });
            }
            Act::Withdraw(n) => self.decide(n, Verdict::Withdrawn),
            Act::Reject(n) => self.decide(n, Verdict::Rejected),
            Act::Approve(n) => {
                self.decide(n, Verdict::Approved);
                self.live = true;
                self.changes.clear();
            }
            Act::TakeBack => {
                self.live = false;
                self.changes.clear();
                self.secrets.iter_mut().filter(|secret| secret.live).for_each(|secret| secret.exists = false);
            }
            Act::AcceptChanges => self.changes.clear(),
            Act::Purge => self.purge(),
            Act::Wait(seconds) => self.now += i64::from(seconds),
        }
    }

    fn note_change(&mut self, client: usize, who: Who) {
        if self.live {
            self.changes.push((client, who));
        }
    }

    fn decide(&mut self, n: usize, verdict: Verdict) {
        let request = self.request(n).expect("a request");
        self.requests[request].verdict = verdict;
    }

    /// Its clients go with it.
    fn delete_service(&mut self) {
        self.service = deleted(self.service, self.now, false);
        for client in &mut self.clients {
            if matches!(client.state, State::Active | State::Inactive) {
                client.state = deleted(client.state, self.now, true);
            }
        }
    }

    /// Those that went with it come back as they were, not those deleted before.
    fn reactivate_service(&mut self, undo: bool) {
        if is_deleted(self.service) {
            for client in &mut self.clients {
                if matches!(client.state, State::Deleted { with_service: true, .. }) {
                    client.state = back(client.state, true);
                }
            }
        }
        self.service = back(self.service, undo);
    }

    fn purge(&mut self) {
        let now = self.now;
        let due = |state: State| matches!(state, State::Deleted { purge_at, .. } if purge_at <= now);
        for (at, client) in self.clients.iter_mut().enumerate().filter(|(_, client)| due(client.state)) {
            client.state = State::Gone;
            self.secrets.iter_mut().filter(|secret| secret.client == at).for_each(|secret| secret.exists = false);
        }
        if due(self.service) {
            self.service = State::Gone;
            self.changes.clear();
        }
    }
}

/// The product's table of who may do what.
fn may(who: Who, act: Act, kind: Kind) -> bool {
    let administers = matches!(who, Who::Administrator | Who::Stranger);
    let develops = administers || matches!(who, Who::Developer | Who::Both);
    let approves = matches!(who, Who::Approver | Who::Both | Who::Stranger);
    match act {
        Act::DeactivateService | Act::DeleteService | Act::ReactivateService { .. } => administers,
        Act::EditService | Act::RequestRelease | Act::Withdraw(_) => develops,
        Act::Approve(_) | Act::Reject(_) | Act::TakeBack | Act::AcceptChanges => approves,
        Act::Purge | Act::Wait(_) => true,
        // Everything else is about a client or its secrets.
        _ => administers || (develops && kind == Kind::Web),
    }
}

fn is_deleted(state: State) -> bool {
    matches!(state, State::Deleted { .. })
}

fn deleted(state: State, now: i64, with_service: bool) -> State {
    let before = if state == State::Active { Standing::Active } else { Standing::Inactive };
    State::Deleted { before, purge_at: now + GRACE, with_service }
}

fn back(state: State, undo: bool) -> State {
    match state {
        State::Deleted { before: Standing::Inactive, .. } if undo => State::Inactive,
        _ => State::Active,
    }
}

fn seconds(overlap: Overlap) -> i64 {
    match overlap {
        Overlap::None => 0,
        Overlap::Hour => 3_600,
        Overlap::Day => 86_400,
        Overlap::Week => 7 * 86_400,
    }
}
