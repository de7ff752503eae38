//! Random histories of a service with its clients, secrets and release requests, lived twice: with the real operations on
//! the real database, and in a model that follows the product's rules. After each step both have given the same answer
//! and look the same from outside. docs/testing.md says how to run many, and what planted faults looked like.

mod acts;
mod model;
mod world;

use std::cell::RefCell;

use keywright::db;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::support::SECOND;
use acts::{Act, History, Kind, Life, Who};
use model::{Answer, Model};
use world::{House, Seen, World};

/// Of each kind. `TEST_HISTORIES=5000` takes a while.
fn how_many() -> u32 {
    std::env::var("TEST_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(50)
}

/// A portal is used for so many histories, one after the other: a new one takes longer than a history.
const IN_ONE_HOUSE: usize = 25;

/// What is there before each history begins.
const BEFORE: [(Who, Act); 4] = [
    (Who::Administrator, Act::AddClient(Kind::Worker)),
    (Who::Administrator, Act::AddSecret(0, Life::Days(90), false)),
    (Who::Developer, Act::AddClient(Kind::Web)),
    (Who::Developer, Act::AddSecret(0, Life::Days(90), false)),
];

#[test]
fn things_come_and_go_by_the_rules() {
    live(&acts::of_lifecycles());
}

#[test]
fn services_go_live_by_the_rules() {
    live(&acts::of_releases());
}

fn live(histories: &impl Strategy<Value = History>) {
    let house = RefCell::new((House::new(), 0));
    let config = Config { cases: how_many(), failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let lived = TestRunner::new(config).run(histories, |history| {
        let (house, lived) = &mut *house.borrow_mut();
        if *lived == IN_ONE_HOUSE {
            (*house, *lived) = (House::new(), 0);
        }
        *lived += 1;
        once(house, &history)
    });
    if let Err(found) = lived {
        panic!("{found}");
    }
}

fn once(house: &House, history: &History) -> Result<(), TestCaseError> {
    let (mut world, mut model) = (World::new(house), Model::new(house.portal.clock.now().seconds()));
    for (step, (who, act)) in BEFORE.iter().chain(history).enumerate() {
        let at = format!("step {}, {who:?}: {act:?}", step as i64 - BEFORE.len() as i64 + 1);
        house.portal.clock.advance(SECOND);
        model.now += 1;
        let trail = events(house);
        let (reasons, answer) = (model.act(*who, *act), world.act(*who, *act));
        let as_it_should = if reasons.is_empty() { answer == Answer::Done } else { reasons.contains(&answer) };
        let why =
            if reasons.is_empty() { "can be done".to_owned() } else { format!("is answered with one of {reasons:?}") };
        prop_assert!(as_it_should, "{at} {why}, and was answered with {answer:?}");
        prop_assert_eq!(world.seen(), Seen::of(&model), "{}", at);
        let written = events(house) - trail;
        let expected = match (act, answer) {
            // The purge writes one for each thing, whosesoever it is.
            (Act::Purge, _) => written,
            (Act::Wait(_), _) => 0,
            // Making a secret, and seeing it.
            (Act::AddSecret(..) | Act::RotateSecret(..), Answer::Done) => 2,
            (_, Answer::Done) => 1,
            _ => 0,
        };
        prop_assert_eq!(written, expected, "{}: events in the trail", at);
    }
    let chain = house.portal.application.operations.verify_audit_chain().expect("the trail can be read");
    prop_assert!(chain.is_ok(), "{chain:?}");
    Ok(())
}

fn events(house: &House) -> i64 {
    house.portal.application.db.read(db::audit::last).expect("the trail")
}
