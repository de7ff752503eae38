//! Browsers forget a chosen file when a form comes back: the page says so, and only then.

use crate::support::{Person, TestPortal};

#[test]
fn a_logo_is_to_be_chosen_again() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let service = portal.service(&company, "Shop");
    let mut browser = portal.signed_in(Person::Administrator, "northwind");
    for (path, button) in
        [("/services/new".to_owned(), "Add service"), (format!("/services/{service}/edit"), "Update service")]
    {
        assert!(!browser.visit(&path).sees("choose it again"));
        browser.fill("Name", "");
        let page = browser.press(button);
        assert!(page.status == 422 && page.sees("choose it again"), "{}", page.text());
    }
    // Nor does the form keep it when somebody else was faster.
    browser.visit(&format!("/services/{service}/edit"));
    portal.sql("UPDATE services SET version = version + 1");
    browser.fill("Name", "Store");
    let page = browser.press("Update service");
    assert!(page.status == 409 && page.sees("choose it again"), "{}", page.text());
}
