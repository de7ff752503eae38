//! However many ask at once, a client never has more than ten secrets.

use std::thread;

use keywright::access::act;
use keywright::crypto::random;
use keywright::db;
use keywright::domain::client::ClientType;
use keywright::domain::secret::SecretInput;
use keywright::operations::Error;

use crate::support::{Person, TestPortal};

#[test]
fn two_hundred_at_once_leave_ten() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    let operations = &portal.application.operations;
    let permit = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    let input = SecretInput { environment: "sandbox".into(), never_expires: "yes".into(), ..SecretInput::default() };

    let (made, refused): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let tries: Vec<_> = (0..200)
            .map(|_| scope.spawn(|| operations.add_secret(&permit, client, &input, &random::token())))
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).partition(Result::is_ok)
    });

    assert_eq!(made.len(), 10);
    for refusal in refused {
        let Err(refusal) = refusal else { unreachable!("only refusals are left") };
        // Whoever finds too many waiting is told to come again.
        let expected = matches!(refusal, Error::WrongState(_) | Error::Db(db::Error::Unavailable(_)));
        assert!(expected, "{refusal}");
    }
    let count = portal.application.db.read(|reader| db::secrets::count(reader, client)).unwrap();
    assert_eq!(count, 10);
}

#[test]
fn two_hundred_posts_at_once_leave_ten() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    let browser = portal.signed_in(Person::Administrator, "northwind");
    let path = format!("/clients/{client}/secrets");

    let answers: Vec<u16> = thread::scope(|scope| {
        let posts: Vec<_> = (0..200)
            .map(|_| {
                scope.spawn(|| {
                    let form = random::token();
                    let pairs = [("environment", "sandbox"), ("never_expires", "yes"), ("submission", form.as_str())];
                    browser.post(&path, &pairs).status().as_u16()
                })
            })
            .collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });

    let of = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((of(303), of(409) + of(503)), (10, 190), "{answers:?}");
    let count = portal.application.db.read(|reader| db::secrets::count(reader, client)).unwrap();
    assert_eq!(count, 10);
}

#[test]
fn the_same_form_twice_makes_one() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let client = portal.client(&company, service, ClientType::ClientCredentials, "Till");
    let operations = &portal.application.operations;
    let permit = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    let input = SecretInput { environment: "sandbox".into(), never_expires: "yes".into(), ..SecretInput::default() };
    let form = random::token();

    let made: Vec<_> = thread::scope(|scope| {
        let tries: Vec<_> =
            (0..8).map(|_| scope.spawn(|| operations.add_secret(&permit, client, &input, &form).unwrap())).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });

    let count = portal.application.db.read(|reader| db::secrets::count(reader, client)).unwrap();
    assert_eq!(count, 1);
    // All lead to one ticket, and one of the values is the secret's: the others were never anybody's.
    assert!(made.iter().all(|one| one.ticket == made[0].ticket));
    let right = made.iter().filter(|one| operations.reveal_secret(&permit, one.ticket, &one.secret).is_ok()).count();
    assert_eq!(right, 1);
}
