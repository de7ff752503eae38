//! What people try in a history: random acts by random people, most of them such as may succeed.

use proptest::prelude::*;

/// Who tries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Administrator,
    Developer,
    Approver,
    /// Developer and approver at once.
    Both,
    Member,
    /// Holds every role, in another company.
    Stranger,
}

impl Who {
    pub const OF_THE_COMPANY: [Who; 5] = [Who::Administrator, Who::Developer, Who::Approver, Who::Both, Who::Member];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Acts for users.
    Web,
    /// Acts on its own.
    Worker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Days(u32),
    Never,
}

/// The seconds for which an old secret goes on after a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    None,
    Hour,
    Day,
    Week,
}

/// Clients, secrets and requests are counted from the newest, around as often as it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    EditService,
    DeactivateService,
    DeleteService,
    ReactivateService {
        undo: bool,
    },
    AddClient(Kind),
    EditClient(usize),
    DeactivateClient(usize),
    DeleteClient(usize),
    ReactivateClient(usize, Undo),
    AddSecret(usize, Life, IsLive),
    RotateSecret(usize, Overlap),
    DeleteSecret(usize),
    RequestRelease,
    Withdraw(usize),
    Approve(usize),
    Reject(usize),
    TakeBack,
    AcceptChanges,
    Purge,
    /// Time passes, in seconds.
    Wait(u32),
}

pub type Undo = bool;
pub type IsLive = bool;
pub type History = Vec<(Who, Act)>;

/// No history lasts as long as a year, so that what ends in a year never ends in one.
const STEPS: usize = 25;
const LONGEST_WAIT: u32 = 14 * DAY;
const DAY: u32 = 86_400;

/// Histories in which things come and go.
pub fn of_lifecycles() -> impl Strategy<Value = History> {
    prop::collection::vec(prop_oneof![8 => lifecycle(), 2 => release(), 3 => waiting()], 1..=STEPS)
}

/// Histories in which a service goes live and comes back.
pub fn of_releases() -> impl Strategy<Value = History> {
    prop::collection::vec(prop_oneof![4 => lifecycle(), 8 => release(), 2 => live_secret(), 1 => waiting()], 1..=STEPS)
}

fn lifecycle() -> impl Strategy<Value = (Who, Act)> {
    let life = prop_oneof![3 => (1..60u32).prop_map(Life::Days), 1 => Just(Life::Never)];
    let overlap = prop::sample::select(vec![Overlap::None, Overlap::Hour, Overlap::Day, Overlap::Week]);
    let kind = prop::sample::select(vec![Kind::Web, Kind::Worker]);
    let act = prop_oneof![
        1 => Just(Act::EditService),
        2 => Just(Act::DeactivateService),
        2 => Just(Act::DeleteService),
        4 => any::<bool>().prop_map(|undo| Act::ReactivateService { undo }),
        1 => kind.prop_map(Act::AddClient),
        2 => (0..4usize).prop_map(Act::EditClient),
        2 => (0..4usize).prop_map(Act::DeactivateClient),
        2 => (0..4usize).prop_map(Act::DeleteClient),
        4 => (0..4usize, any::<bool>()).prop_map(|(client, undo)| Act::ReactivateClient(client, undo)),
        3 => (0..4usize, life, any::<bool>()).prop_map(|(client, life, live)| Act::AddSecret(client, life, live)),
        3 => (0..6usize, overlap).prop_map(|(secret, overlap)| Act::RotateSecret(secret, overlap)),
        1 => (0..6usize).prop_map(Act::DeleteSecret),
    ];
    (prop_oneof![6 => Just(Who::Administrator), 3 => Just(Who::Developer), 1 => anybody()], act)
}

fn release() -> impl Strategy<Value = (Who, Act)> {
    let asks = prop_oneof![4 => Just(Act::RequestRelease), 1 => (0..3usize).prop_map(Act::Withdraw)];
    let asker = prop::sample::select(vec![Who::Administrator, Who::Developer, Who::Both]);
    let decides = prop_oneof![
        5 => (0..3usize).prop_map(Act::Approve),
        1 => (0..3usize).prop_map(Act::Reject),
        2 => Just(Act::TakeBack),
        1 => Just(Act::AcceptChanges),
    ];
    let decider = prop::sample::select(vec![Who::Approver, Who::Approver, Who::Both]);
    prop_oneof![
        5 => (prop_oneof![6 => asker, 1 => anybody()], asks),
        6 => (prop_oneof![6 => decider, 1 => anybody()], decides),
    ]
}

/// Seldom enough among the others that few would be there when a service is taken back.
fn live_secret() -> impl Strategy<Value = (Who, Act)> {
    (Just(Who::Administrator), (0..2usize).prop_map(|client| Act::AddSecret(client, Life::Never, true)))
}

fn waiting() -> impl Strategy<Value = (Who, Act)> {
    // Each step takes a second of its own: some of these end on an edge, and some just before it.
    let edges = [3_600 - 2, 3_600 - 1, DAY - 1, 7 * DAY - 1, LONGEST_WAIT - 3, LONGEST_WAIT - 2];
    let wait = prop::sample::select([&edges[..], &[1, DAY, LONGEST_WAIT - DAY, LONGEST_WAIT]].concat());
    // Nobody does either: it passes, and the job runs.
    (Just(Who::Administrator), prop_oneof![3 => wait.prop_map(Act::Wait), 2 => Just(Act::Purge)])
}

fn anybody() -> impl Strategy<Value = Who> {
    prop::sample::select(vec![Who::Administrator, Who::Developer, Who::Approver, Who::Both, Who::Member, Who::Stranger])
}
