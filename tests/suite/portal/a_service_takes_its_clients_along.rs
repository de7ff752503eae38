//! Deleting a service deletes its clients with it; bringing it back brings back exactly those that went with it.

use keywright::access::act;
use keywright::db;
use keywright::domain::client::ClientType;
use keywright::domain::lifecycle::Status;
use keywright::operations::Error;

use crate::support::{DAY, Person, TestPortal};

#[test]
fn exactly_what_went_comes_back() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let active = portal.client(&company, service, ClientType::ClientCredentials, "Active");
    let inactive = portal.client(&company, service, ClientType::ClientCredentials, "Inactive");
    let gone_before = portal.client(&company, service, ClientType::ClientCredentials, "Gone before");
    let operations = &portal.application.operations;
    let clients = portal.confirmed::<act::EditClients>(&company, Person::Administrator);
    let services = portal.confirmed::<act::ChangeServiceStatus>(&company, Person::Administrator);
    operations.deactivate_client(&clients, inactive).unwrap();
    operations.delete_client(&clients, gone_before).unwrap();
    let status = |uid| {
        let read = portal.application.db.read(|reader| db::clients::find(reader, clients.scope(), uid));
        read.unwrap().state.status()
    };

    portal.clock.advance(DAY);
    operations.delete_service(&services, service).unwrap();
    assert_eq!([active, inactive, gone_before].map(status), [Status::Deleted; 3]);
    // None of them can be brought back without its service.
    let refused = operations.reactivate_client(&clients, active, false, "");
    assert!(matches!(refused, Err(Error::WrongState(_))), "{refused:?}");

    portal.clock.advance(12 * DAY);
    operations.reactivate_service(&services, service, true, "").unwrap();
    assert_eq!([active, inactive, gone_before].map(status), [Status::Active, Status::Inactive, Status::Deleted]);

    // The one deleted before keeps its own date.
    portal.clock.advance(2 * DAY);
    let purged = operations.purge(|| true).unwrap();
    assert_eq!(purged.clients.iter().map(|client| client.name.as_str()).collect::<Vec<_>>(), ["Gone before"]);
}
