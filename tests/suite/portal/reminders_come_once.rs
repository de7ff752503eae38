//! People hear of what ends, each time once, whatever restarts and however many instances run; and of nothing that is
//! gone.

use std::thread;

use keywright::access::act;
use keywright::app::Application;
use keywright::clock::Timestamp;
use keywright::crypto::keys::Keys;
use keywright::crypto::random;
use keywright::domain::client::ClientType;
use keywright::domain::id::{ClientUid, SecretId, ServiceId};
use keywright::domain::secret::SecretInput;
use keywright::operations::fill::Company;
use keywright::operations::reminders::Reminded;

use crate::support::{DAY, HOUR, Person, TestPortal};

const NOTHING: Reminded = Reminded { secrets: 0, purges: 0 };

/// A client that acts for users, with a secret of the developer's that lasts for so many days.
fn with_secret(
    portal: &TestPortal,
    company: &Company,
    service: ServiceId,
    name: &str,
    days: u32,
) -> (ClientUid, SecretId) {
    let client = portal.client(company, service, ClientType::AuthorizationCode, name);
    (client, secret(portal, company, client, Person::Developer, days))
}

fn secret(portal: &TestPortal, company: &Company, client: ClientUid, maker: Person, days: u32) -> SecretId {
    let at = portal.clock.now().plus(days * DAY).form_value();
    let input = SecretInput { environment: "sandbox".into(), expires_at: at, ..SecretInput::default() };
    let permit = portal.confirmed::<act::EditClients>(company, maker);
    let operations = &portal.application.operations;
    let made = operations.add_secret(&permit, client, &input, &random::token()).unwrap();
    operations.reveal_secret(&permit, made.ticket, &made.secret).unwrap().secret.id
}

/// Mails that wait for a person, by a part of their subject.
fn mails(portal: &TestPortal, to: &str, subject: &str) -> i64 {
    portal.number(&format!("SELECT count(*) AS n FROM outbox WHERE recipient = '{to}' AND subject LIKE '{subject}'"))
}

/// What a process that has just been started does, while another instance does the same.
fn remind_after_a_restart(portal: &TestPortal) -> Reminded {
    let open = || Application::open_with(&portal.config, portal.clock.clone(), Keys::ephemeral()).unwrap();
    let instances = [open(), open()];
    let runs = thread::scope(|scope| {
        let runs = instances.each_ref().map(|instance| scope.spawn(|| instance.operations.remind(|| true).unwrap()));
        runs.map(|run| run.join().unwrap())
    });
    Reminded { secrets: runs[0].secrets + runs[1].secrets, purges: runs[0].purges + runs[1].purges }
}

#[test]
fn over_400_days_with_restarts() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let operations = &portal.application.operations;
    let shop = portal.service(&company, "Shop");
    portal.sql("UPDATE services SET contact_email = 'shop@northwind.example'");
    let (developer, administrator) = (Person::Developer.email("northwind"), Person::Administrator.email("northwind"));
    let begun = portal.clock.now();

    with_secret(&portal, &company, shop, "Kept", 365);
    with_secret(&portal, &company, shop, "Short", 5);
    let (_, deleted) = with_secret(&portal, &company, shop, "Deleted", 365);
    let (_, early) = with_secret(&portal, &company, shop, "Early", 365);
    let (_, late) = with_secret(&portal, &company, shop, "Late", 365);
    let (gone, _) = with_secret(&portal, &company, shop, "Gone", 365);
    let (resting, _) = with_secret(&portal, &company, shop, "Resting", 365);
    let endless = portal.client(&company, shop, ClientType::AuthorizationCode, "Endless");
    portal.secret(&company, endless, "never ends");
    let old = portal.service(&company, "Old");
    for name in ["Old one", "Old two"] {
        with_secret(&portal, &company, old, name, 365);
    }

    let editing = || portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    let changes: [(u32, &dyn Fn()); 6] = [
        (300, &|| drop(operations.rotate_secret(&editing(), early, "7d", "", &random::token()).unwrap())),
        (330, &|| drop(operations.deactivate_client(&editing(), resting).unwrap())),
        (338, &|| {
            drop(operations.rotate_secret(&editing(), late, "date", "2027-11-20T12:00", &random::token()).unwrap())
        }),
        (340, &|| drop(operations.delete_secret(&editing(), deleted).unwrap())),
        (341, &|| {
            let permit = portal.confirmed::<act::ChangeServiceStatus>(&company, Person::Administrator);
            operations.delete_service(&permit, old).unwrap();
        }),
        (350, &|| drop(operations.delete_client(&editing(), gone).unwrap())),
    ];
    let mut written = NOTHING;
    let mut next = 0;
    for run in 0.. {
        let now = portal.clock.now();
        if now.since(begun) > 400 * DAY {
            break;
        }
        while changes.get(next).is_some_and(|(day, _)| now.since(begun) >= *day * DAY) {
            changes[next].1();
            next += 1;
        }
        let reminded = if run % 4 == 0 { remind_after_a_restart(&portal) } else { operations.remind(|| true).unwrap() };
        written.secrets += reminded.secrets;
        written.purges += reminded.purges;
        if run % 10 == 0 {
            operations.purge(|| true).unwrap();
        }
        portal.clock.advance(23 * HOUR);
    }
    assert_eq!(next, changes.len());

    //        client       expires  expired  removed
    let table = [
        ("Kept", 3, 1, 0),
        ("Short", 1, 1, 0),
        ("Deleted", 1, 0, 0),
        ("Early", 0, 0, 0),
        ("Late", 1, 0, 0),
        ("Gone", 1, 0, 2),
        ("Resting", 3, 1, 0),
        ("Endless", 0, 0, 0),
        ("Old one", 1, 0, 0),
        ("Old two", 1, 0, 0),
        ("Old", 0, 0, 2),
    ];
    for (name, expires, expired, removed) in table {
        let subjects = |to: &str| {
            [
                format!("A secret of {name} expires on %"),
                format!("A secret of {name} has expired"),
                format!("{name} will be removed %"),
            ]
            .map(|subject| mails(&portal, to, &subject))
        };
        assert_eq!(subjects(&developer), [expires, expired, 0], "{name}, to its maker");
        let contact = if name.starts_with("Old") { [0; 3] } else { [expires, expired, removed] };
        assert_eq!(subjects("shop@northwind.example"), contact, "{name}, to the contact");
        assert_eq!(subjects(&administrator), [0, 0, removed], "{name}, to the administrator");
    }
    assert_eq!(written, Reminded { secrets: 15, purges: 4 });
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox"), 15 + 13 + 4 + 2);
    // The marks of what is long over are gone.
    portal.clock.advance(100 * DAY);
    operations.remind(|| true).unwrap();
    assert_eq!(portal.number("SELECT count(*) AS n FROM reminders"), 0);
}

#[test]
fn of_those_missed_the_latest_is_written() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let operations = &portal.application.operations;
    let shop = portal.service(&company, "Shop");
    let developer = Person::Developer.email("northwind");
    with_secret(&portal, &company, shop, "Till", 50);
    with_secret(&portal, &company, shop, "Long over", 10);
    portal.clock.advance(49 * DAY + HOUR);
    assert_eq!(operations.remind(|| true).unwrap(), Reminded { secrets: 1, purges: 0 });
    assert_eq!(mails(&portal, &developer, "A secret of Till expires on 10 Jan 2027 12:00 UTC"), 1);
    // The clock is set back, and goes on again.
    for days in [45, 42, 48, 49] {
        portal.clock.set(Timestamp::from_form_value("2026-11-21T12:00").unwrap().plus(days * DAY));
        assert_eq!(operations.remind(|| true).unwrap(), NOTHING, "{days}");
    }
    portal.clock.advance(20 * DAY);
    assert_eq!(operations.remind(|| true).unwrap(), Reminded { secrets: 1, purges: 0 });
    assert_eq!(mails(&portal, &developer, "A secret of Till has expired"), 1);
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox"), 2);
}

#[test]
fn whoever_can_do_something_about_it_gets_it() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let operations = &portal.application.operations;
    let shop = portal.service(&company, "Shop");
    let (developer, administrator) = (Person::Developer.email("northwind"), Person::Administrator.email("northwind"));
    let all = || {
        (mails(&portal, &developer, "%"), mails(&portal, &administrator, "%"), mails(&portal, "shop@example.com", "%"))
    };
    let (client, _) = with_secret(&portal, &company, shop, "Till", 40);
    portal.clock.advance(20 * DAY);
    operations.remind(|| true).unwrap();
    assert_eq!(all(), (1, 0, 0), "its maker");

    // The maker's address is the contact's, too: one mail.
    portal.sql(&format!("UPDATE services SET contact_email = '{}'", developer.to_uppercase()));
    portal.clock.advance(13 * DAY);
    operations.remind(|| true).unwrap();
    assert_eq!(all(), (2, 0, 0));

    // No longer theirs to edit: the contact, and without one the administrators.
    portal.sql(&format!(
        "UPDATE members SET developer = FALSE WHERE account_id = (SELECT id FROM accounts WHERE email = '{developer}')"
    ));
    portal.sql("UPDATE services SET contact_email = 'shop@example.com'");
    portal.clock.advance(6 * DAY);
    operations.remind(|| true).unwrap();
    assert_eq!(all(), (2, 0, 1));
    portal.sql("UPDATE services SET contact_email = ''");
    portal.clock.advance(2 * DAY);
    operations.remind(|| true).unwrap();
    assert_eq!(all(), (2, 1, 1));

    // No longer a member at all; and nobody of another company hears of it.
    portal.company("elsewhere");
    secret(&portal, &company, client, Person::Administrator, 10);
    portal.sql(&format!(
        "UPDATE secrets SET created_by_id = (SELECT id FROM accounts WHERE email = '{}')",
        Person::Developer.email("elsewhere")
    ));
    portal.clock.advance(4 * DAY);
    operations.remind(|| true).unwrap();
    assert_eq!(all(), (2, 2, 1));
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox"), 5);
}

#[test]
fn a_service_and_its_clients_make_one_mail_and_a_second_deletion_another() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let operations = &portal.application.operations;
    let shop = portal.service(&company, "Shop");
    for name in ["One", "Two", "Three"] {
        portal.client(&company, shop, ClientType::AuthorizationCode, name);
    }
    let administrator = Person::Administrator.email("northwind");
    let permit = || portal.confirmed::<act::ChangeServiceStatus>(&company, Person::Administrator);
    operations.delete_service(&permit(), shop).unwrap();
    portal.clock.advance(11 * DAY - HOUR);
    assert_eq!(operations.remind(|| true).unwrap(), NOTHING);
    portal.clock.advance(HOUR);
    assert_eq!(operations.remind(|| true).unwrap(), Reminded { secrets: 0, purges: 1 });
    let letters = portal.mail_to(&administrator);
    assert_eq!(letters.len(), 1);
    let letter = letters[0].replace("=\r\n", "");
    assert!(letter.contains("with its 3 clients") && letter.contains(&format!("/services/{shop}")), "{letter}");

    operations.reactivate_service(&permit(), shop, false, "").unwrap();
    portal.clock.advance(3 * DAY);
    assert_eq!(operations.remind(|| true).unwrap(), NOTHING, "it is back");
    operations.delete_service(&permit(), shop).unwrap();
    portal.clock.advance(13 * DAY);
    assert_eq!(operations.remind(|| true).unwrap(), Reminded { secrets: 0, purges: 1 });
    assert_eq!(portal.mail_to(&administrator).len(), 1, "the day before alone: the three days were missed");
}

#[test]
fn one_that_is_stopped_in_the_middle_goes_on_later() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let operations = &portal.application.operations;
    let shop = portal.service(&company, "Shop");
    for number in 0..5 {
        with_secret(&portal, &company, shop, &format!("Till {number}"), 40);
    }
    portal.clock.advance(15 * DAY);
    let mut left = 2;
    let stopped = operations.remind(|| {
        left -= 1;
        left >= 0
    });
    assert_eq!(stopped.unwrap().secrets, 2);
    assert_eq!(operations.remind(|| true).unwrap().secrets, 3);
    assert_eq!(operations.remind(|| true).unwrap(), NOTHING);
    assert_eq!(portal.number("SELECT count(*) AS n FROM outbox"), 5);
}

#[test]
fn a_rotated_secret_says_that_it_is_meant_to_end() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let shop = portal.service(&company, "Shop");
    let (client, secret) = with_secret(&portal, &company, shop, "Till", 20);
    let mut browser = portal.signed_in(Person::Developer, "northwind");
    let page = format!("/clients/{client}");
    assert!(browser.visit(&page).sees("Expires soon"));
    assert!(browser.visit("/").text().contains("Till"), "the start page waits for it");
    let permit = portal.confirmed::<act::EditClients>(&company, Person::Developer);
    portal.application.operations.rotate_secret(&permit, secret, "7d", "", &random::token()).unwrap();
    let shown = browser.visit(&page);
    assert!(shown.sees("Ends after rotation") && !shown.sees("Expires soon") && !shown.sees("A secret expires soon"));
}
