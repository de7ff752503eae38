//! Every page, as it stands in the browser: sound markup, addresses that lead somewhere, headers that protect it.

use std::collections::BTreeSet;

use keywright::domain::client::ClientType;
use keywright::portal::routes::ROUTES;
use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html, Selector};

use crate::support::{Authenticator, Browser, CALLBACK, CHALLENGE, PASSWORD, Person, TestPortal, Wrong, answered};

fn select(css: &str) -> Selector {
    Selector::parse(css).expect("a selector")
}

fn named(element: ElementRef<'_>) -> String {
    let about = element.value();
    format!("<{} id={:?} class={:?}>", about.name(), about.attr("id"), about.attr("class"))
}

/// Whether an address belongs to a route, with anything in the place of `{…}`.
fn is_route(method: &str, address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    ROUTES.iter().any(|route| {
        let (pattern, path): (Vec<_>, Vec<_>) = (route.path.split('/').collect(), path.split('/').collect());
        let static_file = route.path.starts_with("/static/") && path.get(1) == Some(&"static");
        let fits = pattern.len() == path.len()
            && pattern.iter().zip(&path).all(|(want, part)| want == part || want.starts_with('{') && !part.is_empty());
        route.method == method && (static_file || fits)
    })
}

/// What is wrong with a page.
fn faults(html: &str, headers: &HeaderMap) -> Vec<String> {
    let mut faults = Vec::new();
    let document = Html::parse_document(html);
    let all = |css: &str| document.select(&select(css)).collect::<Vec<_>>();

    for error in document.errors.iter().filter(|error| !error.contains("self-closing")) {
        faults.push(format!("the parser says: {error}"));
    }
    let mut ids = BTreeSet::new();
    for element in all("[id]") {
        let id = element.value().attr("id").expect("an id");
        if id.is_empty() || id.contains(char::is_whitespace) || !ids.insert(id.to_owned()) {
            faults.push(format!("the id {id:?} stands twice or is none"));
        }
    }
    for attribute in ["aria-describedby", "aria-labelledby", "aria-controls", "for", "popovertarget", "list", "form"] {
        for element in all(&format!("[{attribute}]")) {
            let wanted = element.value().attr(attribute).expect("it has one");
            if wanted.trim().is_empty() {
                faults.push(format!("{} has an empty {attribute}", named(element)));
            }
            faults.extend(
                wanted
                    .split_whitespace()
                    .filter(|id| !ids.contains(*id))
                    .map(|id| format!("{attribute}={id:?} names nothing")),
            );
        }
    }
    for (attribute, mark) in [("data-copy", "#"), ("data-disables", ""), ("data-reveal", ""), ("data-suffix-from", "")]
    {
        for element in all(&format!("[{attribute}]")) {
            let wanted = element.value().attr(attribute).expect("it has one").trim_start_matches(mark);
            if !ids.contains(wanted) {
                faults.push(format!("{attribute}={wanted:?} names nothing"));
            }
        }
    }
    if all("h1").len() != 1 {
        faults.push(format!("{} h1", all("h1").len()));
    }
    let titles: Vec<_> = all("head > title").iter().map(|title| title.text().collect::<String>()).collect();
    if !matches!(titles.as_slice(), [title] if title.ends_with(" · Keywright") && title.len() > " · Keywright".len())
    {
        faults.push(format!("the title {titles:?}"));
    }
    if all("html[lang=en]").len() != 1 || all("main#main").len() != 1 {
        faults.push("no language, or no main".into());
    }
    // Fields have a label, a name from elsewhere, or are not for people.
    for field in all("input, select, textarea") {
        let about = field.value();
        let unseen = about.attr("type") == Some("hidden") || about.attr("aria-hidden") == Some("true");
        let labelled = about.attr("id").is_some_and(|id| !all(&format!("label[for={id:?}]")).is_empty());
        if !unseen && !labelled && about.attr("aria-label").is_none() && about.attr("aria-labelledby").is_none() {
            faults.push(format!("{} has no label", named(field)));
        }
    }
    for control in all("button, a[href]") {
        let text: String = control.text().collect();
        if text.trim().is_empty() && control.value().attr("aria-label").is_none() {
            faults.push(format!("{} has no name", named(control)));
        }
    }
    for image in all("img") {
        if image.value().attr("alt").is_none() {
            faults.push(format!("{} has no alt", named(image)));
        }
    }
    // Nothing that the policy would block.
    for element in all("*") {
        let inline = element.value().attrs().find(|(name, _)| *name == "style" || name.starts_with("on"));
        if let Some((name, _)) = inline {
            faults.push(format!("{} has {name}", named(element)));
        }
    }
    for element in
        all("style, script:not([src]), base, iframe, object, embed, [href^=\"javascript:\"], meta[http-equiv]")
    {
        faults.push(format!("{} in the page", named(element)));
    }
    for form in all("form") {
        let about = form.value();
        let (method, action) = (about.attr("method").unwrap_or("get"), about.attr("action").unwrap_or_default());
        if !is_route(&method.to_ascii_lowercase(), action) {
            faults.push(format!("a form goes to {method} {action:?}, which is no route"));
        }
        if form.select(&select("button:not([type=button])")).next().is_none() {
            faults.push(format!("the form to {action:?} has no button"));
        }
    }
    for link in all("a[href]") {
        let to = link.value().attr("href").expect("an address");
        let fits = match to.strip_prefix('#') {
            Some(id) => ids.contains(id),
            None if to.starts_with("https://") || to.starts_with("mailto:") => true,
            None => is_route("get", to),
        };
        if !fits {
            faults.push(format!("a link leads to {to:?}"));
        }
    }
    // Headers.
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().expect("text"));
    let policy = header("content-security-policy");
    for part in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'"]
    {
        if !policy.contains(part) {
            faults.push(format!("the policy lacks {part}"));
        }
    }
    if policy.contains("unsafe") {
        faults.push("the policy allows what is inline".into());
    }
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        if header(name) != value {
            faults.push(format!("{name}: {:?}", header(name)));
        }
    }
    faults
}

struct Walk {
    browser: Browser,
    faults: Vec<String>,
    /// Addresses of static files and pictures that pages name.
    files: BTreeSet<String>,
    /// Links to pages.
    links: BTreeSet<String>,
    seen: usize,
}

impl Walk {
    fn of(browser: Browser) -> Self {
        Self { browser, faults: Vec::new(), files: BTreeSet::new(), links: BTreeSet::new(), seen: 0 }
    }

    fn visit(&mut self, path: &str, status: u16) {
        self.browser.visit(path);
        self.look(path, status);
    }

    /// Looks at the page that the browser shows.
    fn look(&mut self, name: &str, status: u16) {
        let page = self.browser.page();
        self.seen += 1;
        if page.status != status {
            self.faults.push(format!("{name}: {} and not {status}", page.status));
        }
        self.faults.extend(faults(&page.html, &page.headers).into_iter().map(|fault| format!("{name}: {fault}")));
        let document = Html::parse_document(&page.html);
        for (css, attribute) in [("link[href]", "href"), ("script[src]", "src"), ("img[src]", "src")] {
            let selector = select(css);
            let found = document.select(&selector).filter_map(|one| one.value().attr(attribute));
            self.files.extend(found.map(ToOwned::to_owned));
        }
        let selector = select("a[href]");
        let found = document.select(&selector).filter_map(|one| one.value().attr("href"));
        let new: Vec<_> = found.filter(|to| to.starts_with('/') && !self.links.contains(*to)).collect();
        // Followed at once: what a link leads to may end later.
        for link in new {
            let answer = self.browser.http.get(format!("{}{link}", self.browser.base)).send().expect("an answer");
            if answer.status().is_client_error() || answer.status().is_server_error() {
                self.faults.push(format!("{name}: the link to {link} gives {}", answer.status()));
            }
            self.links.insert(link.to_owned());
        }
    }

    fn end(mut self) -> usize {
        for file in &self.files {
            let answer = self.browser.http.get(format!("{}{file}", self.browser.base)).send().expect("an answer");
            let caching = answer.headers()["cache-control"].to_str().expect("text").to_owned();
            if answer.status() != 200 || !caching.contains("immutable") || !caching.contains("max-age=31536000") {
                self.faults.push(format!("{file}: {} {caching}", answer.status()));
            }
        }
        assert!(self.files.iter().any(|file| file.starts_with("/static/css")), "style sheets are named");
        assert!(self.faults.is_empty(), "{} faults:\n{}", self.faults.len(), self.faults.join("\n"));
        self.seen
    }
}

#[test]
fn every_page_of_an_administrator_is_sound() {
    let portal = TestPortal::spawn_with(|config| config.registration_open = true);
    let company = portal.company("northwind");
    let things = portal.things(&company);
    let operations = &portal.application.operations;
    // One of each state, and enough for a second page of the list.
    let permit = portal.confirmed(&company, Person::Administrator);
    for number in 0..30 {
        let kind = ClientType::ALL[number % ClientType::ALL.len()];
        let name = format!("<b>Client</b> \"{number}\" & 'more'");
        let client = portal.client(&company, things.service, kind, &name);
        match number {
            0 => drop(operations.deactivate_client(&permit, client).expect("it rests")),
            1 => drop(operations.delete_client(&permit, client).expect("it goes")),
            _ => {}
        }
    }
    let gone = portal.things(&company);
    let status = portal.confirmed(&company, Person::Administrator);
    let resting = portal.things(&company);
    operations.deactivate_service(&status, resting.service).expect("it rests");
    operations.delete_service(&status, gone.service).expect("it goes");
    operations.fill_default_clients(&company).expect("default clients");
    let empty = portal.service(&company, "Empty");
    portal.another_session(&company, Person::Administrator);

    let mut walk = Walk::of(portal.signed_in(Person::Administrator, "northwind"));
    let mut visited: Vec<String> = Vec::new();
    let (service, client, secret) = (things.service, things.client, things.secret);
    let mut paths: Vec<String> = [
        "/",
        "/register",
        "/password-reset",
        "/account",
        "/services",
        "/services?search=nothing+like+it",
        "/services?sort=created&order=descending&status=deleted",
        "/services/new",
        "/audit",
        "/audit/2",
        "/audit?who=nobody+at+all",
        "/audit?what=clients&on=b",
        "/clients",
        "/clients?page=2",
        "/clients?page=99",
        "/rejections",
        "/clients?search=nothing+like+it",
        "/members",
        "/members?search=nothing+like+it",
        "/members?role=administrator&sort=since&order=descending",
        "/invitations/new",
        "/account/leaving",
        "/settings",
        "/settings/registration-tokens",
        "/settings/registration-tokens/new",
        "/clients?type=native&status=active&environment=sandbox&sort=used&order=descending",
    ]
    .map(ToOwned::to_owned)
    .to_vec();
    let parts = ["", "/edit", "/deactivation", "/deletion", "/clients/new", "/test-users", "/release-requests"];
    paths.extend(parts.map(|part| format!("/services/{service}{part}")));
    // An administrator who is an approver too.
    portal.sql("UPDATE members SET approver = TRUE WHERE administrator = TRUE");
    paths.extend(["", "?search=nothing+like+it", "?show=decided"].map(|part| format!("/reviews{part}")));
    paths.push(format!("/reviews/{}", things.request));
    paths.extend(["/changes", "/taking-back"].map(|part| format!("/reviews/services/{}{part}", things.live)));
    paths.push(format!("/services/{}", things.live));
    paths.extend(ClientType::ALL.iter().map(|kind| format!("/services/{service}/clients/new/{}", kind.as_str())));
    paths
        .extend(["", "/edit", "/deletion", "/secrets/new", "/keys/new"].map(|part| format!("/clients/{client}{part}")));
    paths.push(format!("/client-keys/{}/deletion", things.key));
    paths.push(format!("/settings/registration-tokens/{}/revocation", things.registration_token));
    paths.extend(["/activity", "/try"].map(|part| format!("/clients/{client}{part}")));
    paths.extend(["", "/edit", "/secrets/new"].map(|part| format!("/clients/{}{part}", things.machine)));
    paths.extend(["/rotation", "/deletion"].map(|part| format!("/secrets/{secret}{part}")));
    for list in ["/roles", "/scopes", "/communities"] {
        paths.extend(["", "?search=nothing+like+it", "/new"].map(|part| format!("{list}{part}")));
    }
    paths.extend(["/edit", "/deletion"].map(|part| format!("/roles/{}{part}", things.role)));
    paths.extend(["/edit", "/deletion"].map(|part| format!("/scopes/{}{part}", things.scope)));
    let (community, role) = (format!("/communities/{}", things.community), things.community_role);
    let member = company.people[0].member_id;
    paths.extend(
        ["", "/edit", "/deletion", "/roles/new", "/people", "/people?search=nobody"]
            .map(|part| format!("{community}{part}")),
    );
    paths.extend(["/edit", "/deletion"].map(|part| format!("{community}/roles/{role}{part}")));
    paths.push(format!("{community}/people/{member}"));
    paths.push(format!("{community}/companies/{}/removal", portal.partner().tenant.id));
    paths.extend(["", "/leaving"].map(|part| format!("/communities/{}{part}", things.joined)));
    paths.extend([gone.service, resting.service, empty].map(|id| format!("/services/{id}")));
    paths.extend([gone.client, resting.client].map(|uid| format!("/clients/{uid}")));
    paths.extend(["", "/removal"].map(|part| format!("/members/{}{part}", things.member)));
    let client_id = portal.text(&format!("SELECT client_id AS words FROM clients WHERE uid = '{client}'"));
    let form = [("client_id", client_id.as_str()), ("client_secret", "<b>no secret</b>"), ("grant_type", "x")];
    let refused = answered(portal.http().post(format!("{}/oauth2/token", portal.url)).form(&form));
    portal.application.operations.flush_protocol_log().expect("it is written");
    paths.push(format!("/rejections/{}", refused.text("reference")));
    for path in &paths {
        walk.visit(path, 200);
        visited.push(path.clone());
    }
    // What was good once, what isn't there, what doesn't fit.
    for (path, status) in [
        ("/setup".to_owned(), 410),
        (format!("/reveals/{}", things.reveal), 410),
        ("/invitations/accept?token=nothing".to_owned(), 410),
        ("/nowhere".to_owned(), 404),
        ("/rejections/AAAAAAAAAA".to_owned(), 404),
        (format!("/services/{}/edit", gone.service), 409),
    ] {
        walk.visit(&path, status);
        visited.push(path);
    }
    // A registration token, and the same form again.
    walk.browser.visit("/settings/registration-tokens/new");
    walk.browser.fill("Description", "CI").fill("Service", &service.to_string());
    let again = walk.browser.pressing("Issue token");
    walk.browser.press("Issue token");
    walk.look("the new registration token", 200);
    assert_eq!(again.send().expect("an answer").status(), 410);
    // A secret, from its form to the page that shows it.
    walk.browser.visit(&format!("/clients/{client}/secrets/new"));
    walk.browser.press("Add secret");
    walk.look("the reveal page", 200);
    walk.browser.press("Show secret");
    walk.look("the page with the secret", 200);
    // Forms with faults, and with a question.
    walk.browser.visit("/services/new");
    walk.browser.press("Add service");
    walk.look("the service form with faults", 422);
    for kind in ClientType::ALL {
        walk.browser.visit(&format!("/services/{service}/clients/new/{}", kind.as_str()));
        walk.browser.fill("Website URL", "http://").fill("Token lifetime (seconds)", "1");
        walk.browser.press("Add client");
        walk.look(&format!("the form of {} with faults", kind.as_str()), 422);
    }
    walk.browser.visit(&format!("/clients/{client}/edit"));
    walk.browser.untick("Require PKCE");
    walk.browser.press("Update client");
    walk.look("the client form with a question", 422);
    walk.browser.visit(&format!("/clients/{client}/edit"));
    operations.deactivate_client(&permit, client).expect("it rests");
    walk.browser.press("Update client");
    walk.look("the client form that came too late", 409);
    walk.browser.visit(&format!("/clients/{client}/secrets/new"));
    walk.browser.fill("Expiration date", "yesterday");
    walk.browser.press("Add secret");
    walk.look("the secret form with faults", 422);
    walk.browser.visit(&format!("/secrets/{secret}/rotation"));
    walk.browser.tick("Until a date").fill("Until", "yesterday");
    walk.browser.press("Rotate secret");
    walk.look("the rotation form with faults", 422);
    // A second factor, from its form to its removal.
    walk.visit("/account/second-factor", 200);
    visited.push("/account/second-factor".to_owned());
    let app = Authenticator::from_page(&walk.browser);
    walk.browser.fill("Code", "000000");
    walk.browser.press("Turn on second factor");
    walk.look("the form for a second factor with faults", 422);
    walk.browser.fill("Code", &app.code(portal.clock.now()));
    walk.browser.press("Turn on second factor");
    walk.look("the recovery codes", 200);
    for path in ["/account", "/account/second-factor", "/account/second-factor/removal"] {
        walk.visit(path, 200);
        visited.push(path.to_owned());
    }
    walk.browser.press("Remove second factor");
    walk.look("the account after its second factor went", 200);
    portal.sql("UPDATE tenants SET second_factor_required = TRUE");
    walk.visit("/account/second-factor", 200);
    portal.sql("UPDATE tenants SET second_factor_required = FALSE");
    for (path, button) in [
        ("/roles/new".to_owned(), "Add role"),
        ("/scopes/new".into(), "Add scope"),
        ("/communities/new".into(), "Add community"),
        (format!("{community}/roles/new"), "Add role"),
        (community.clone(), "Invite company"),
    ] {
        walk.browser.visit(&path);
        walk.browser.press(button);
        walk.look(&format!("{path} with faults"), 422);
    }
    for button in ["Update name", "Change password"] {
        walk.browser.visit("/account");
        walk.browser.fill("Name", " ");
        walk.browser.press(button);
        walk.look(&format!("the account after {button}"), 422);
    }
    // People: faults, questions, and what an invitation leads to.
    walk.browser.visit("/invitations/new");
    walk.browser.press("Invite member");
    walk.look("the invitation with faults", 422);
    walk.browser.tick("Developer");
    walk.browser.fill("E-mail", "new+one@example.com");
    walk.browser.press("Invite member");
    walk.look("the list with an invitation", 200);
    let link = portal.invitation_for("new+one@example.com");
    walk.visit(&link, 200);
    let mut stranger = Walk::of(Browser::new(&portal.url));
    stranger.visit(&link, 200);
    stranger.browser.press("Accept invitation");
    stranger.look("the acceptance with faults", 422);
    walk.faults.append(&mut stranger.faults);
    walk.browser.visit(&format!("/members/{}", things.member));
    walk.browser.tick("Approver");
    walk.browser.press("Change roles");
    walk.browser.untick("Approver");
    walk.browser.press("Change roles");
    walk.look("the question before a role goes", 200);
    walk.browser.visit("/account/leaving");
    walk.browser.press("Leave company");
    walk.look("the last administrator stays", 409);
    for (button, field) in [("Update company", "Company name"), ("Change settings", "Days of grace")] {
        walk.browser.visit("/settings");
        walk.browser.fill(field, "\u{202E}");
        walk.browser.press(button);
        walk.look(&format!("the settings after {button}"), 422);
    }
    walk.browser.visit("/settings");
    walk.browser.tick("Allow legacy grants").tick("Require a second factor");
    walk.browser.press("Change settings");
    walk.look("the settings with questions", 422);
    // The operator's own place.
    let operator = portal.operator().1;
    let mut operation = Walk::of(operator);
    for path in [
        "/operation",
        "/operation?search=nothing+like+it",
        "/operation/tenants/new",
        "/operation/approvers",
        "/operation/clients",
        "/operation/health",
    ] {
        operation.visit(path, 200);
        visited.push(path.to_owned());
    }
    for (path, button) in [("/operation/tenants/new", "Add tenant"), ("/operation/approvers", "Name approver")] {
        operation.browser.visit(path);
        operation.browser.press(button);
        operation.look(&format!("{path} with faults"), 422);
    }
    operation.browser.visit("/operation/tenants/new");
    operation.browser.fill("Company name", "<b>South</b>").fill("Contact e-mail", "south@example.com");
    operation.browser.fill("Administrator's e-mail", "south@example.com");
    operation.browser.press("Add tenant");
    operation.look("the list with a tenant that waits", 200);
    operation.browser.follow("Invite administrator");
    let path = operation.browser.page().path.clone();
    operation.look(&path, 200);
    visited.push(path);
    operation.browser.fill("Administrator's e-mail", "");
    operation.browser.press("Invite administrator");
    operation.look("the first administrator with faults", 422);
    operation.browser.visit("/operation/approvers");
    operation.browser.fill("E-mail", &Person::Member.email("northwind"));
    operation.browser.press("Name approver");
    operation.look("the approvers", 200);
    portal.sql("UPDATE outbox SET last_error = '<b>451</b> try later', attempts = 3");
    operation.visit("/operation/health", 200);
    walk.faults.append(&mut operation.faults);
    // With a message on top, and an undo.
    walk.browser.visit(&format!("/services/{empty}/deletion"));
    walk.browser.press("Delete service");
    walk.look("a deleted service with its undo", 200);
    // Asked for the password again.
    portal.clock.advance(16 * crate::support::MINUTE);
    walk.browser.visit(&format!("/secrets/{secret}/deletion"));
    walk.browser.press("Delete secret");
    walk.look("the page that asks for the password", 200);
    walk.browser.fill("Password", "not the password");
    walk.browser.press("Confirm");
    walk.look("the page that asks again", 422);

    // No page was forgotten: those left out lead on, and are visited below or are no pages.
    let elsewhere =
        ["/sign-in", "/sign-in/code", "/register/company", "/activate", "/password-reset/code", "/static/{name:.*}"];
    let another_provider = |path: &str| path.starts_with("/sign-in/external") || path == "/account/identities/new";
    let applications = |path: &str| path.starts_with("/oauth2/") || path == "/account/applications";
    let asked = |path: &str| !elsewhere.contains(&path) && !another_provider(path) && !applications(path);
    for route in ROUTES.iter().filter(|route| route.method == "get" && asked(route.path)) {
        let one = |path: &String| {
            let (pattern, path): (Vec<_>, Vec<_>) =
                (route.path.split('/').collect(), path.split('?').next().unwrap_or_default().split('/').collect());
            pattern.len() == path.len()
                && pattern.iter().zip(&path).all(|(want, part)| want.starts_with('{') || want == part)
        };
        let picture = walk.files.iter().any(&one);
        assert!(visited.iter().any(one) || picture, "nobody looked at {}", route.path);
    }
    assert!(walk.end() > 50);
}

#[test]
fn the_pages_before_sign_in_are_sound() {
    let portal = TestPortal::spawn_with(|config| config.registration_open = true);
    let mut walk = Walk::of(Browser::new(&portal.url));
    walk.visit("/sign-in", 200);
    let link = portal.application.operations.setup_link().expect("a link").expect("not set up yet");
    let link = link.strip_prefix(&portal.url).expect("a link to this portal").to_owned();
    walk.visit(&link, 200);
    walk.browser.press("Set up Keywright");
    walk.look("the set-up form with faults", 422);
    portal.company("northwind");
    walk.visit("/sign-in?return_to=/clients", 200);
    walk.browser.press("Sign in");
    walk.look("sign-in with faults", 422);
    walk.visit("/register", 200);
    walk.browser.press("Continue");
    walk.look("registration with faults", 422);
    walk.browser.fill("Your name", "Ada").fill("E-mail", "ada@example.com").fill("Password", PASSWORD);
    walk.browser.press("Continue");
    walk.look("the company's form", 200);
    walk.browser.fill("Contact e-mail", "nobody");
    walk.browser.press("Continue");
    walk.look("the company's form with faults", 422);
    walk.browser.fill("Company name", "Ada's").fill("Contact e-mail", "ada@example.com");
    walk.browser.press("Continue");
    walk.look("the form for the code", 200);
    walk.browser.fill("Activation code", "0000-0000");
    walk.browser.press("Activate account");
    walk.look("the form after a wrong code", 422);
    walk.visit("/password-reset", 200);
    walk.browser.press("Send code");
    walk.look("the reset form with faults", 422);
    walk.browser.fill("E-mail", "nobody@example.com");
    walk.browser.press("Send code");
    walk.look("the form for the new password", 200);
    walk.browser.press("Set new password");
    walk.look("the form for the new password with faults", 422);
    // The second step of sign-in.
    let enrolled = portal.enrolled(Person::Developer, "northwind");
    walk.browser.try_sign_in(&enrolled.email, PASSWORD);
    walk.look("the form for a second factor's code", 200);
    walk.browser.fill("Recovery code", "ABCD");
    walk.browser.press("Sign in");
    walk.look("the form for a second factor's code with faults", 422);
    let form = [("email", enrolled.email.as_str()), ("password", PASSWORD), ("carried_to", "/services")];
    let answer = walk.browser.post("/sign-in", &form);
    let headers = answer.headers().clone();
    walk.faults.extend(faults(&answer.text().expect("a page"), &headers));
    // A form whose session has ended.
    walk.browser.http = Browser::new(&portal.url).http;
    let answer = walk.browser.post("/services", &[("name", "<b>Shop</b>")]);
    assert_eq!(answer.status(), 401);
    let headers = answer.headers().clone();
    let html = answer.text().expect("a page");
    walk.faults.extend(faults(&html, &headers));
    assert!(walk.end() > 14);
}

#[test]
fn the_pages_about_another_provider_are_sound() {
    let (portal, provider) = TestPortal::with_fake_provider();
    portal.company("northwind");
    let email = Person::Developer.email("northwind");
    let mut walk = Walk::of(Browser::new(&portal.url));
    walk.visit("/sign-in", 200);
    for (address, verified) in [("nobody@elsewhere.example", true), (email.as_str(), false), ("", false)] {
        provider.person("one", address, verified);
        walk.visit("/sign-in/external", 403);
    }
    provider.does(Some(Wrong::Nonce));
    walk.visit("/sign-in/external", 403);
    provider.does(Some(Wrong::TokenFails));
    walk.visit("/sign-in/external", 503);
    provider.does(None);
    provider.person("one", &email, true);
    walk.visit("/sign-in/external", 200);
    walk.browser.press("Link and sign in");
    walk.look("the form to link with faults", 422);
    walk.browser.fill("Password", PASSWORD);
    walk.browser.press("Link and sign in");
    walk.look("the start page after linking", 200);
    walk.visit("/account", 200);
    provider.person("two", &email, true);
    walk.browser.follow("Link Example ID");
    walk.look("the page that links another", 200);
    walk.browser.press("Link Example ID");
    walk.look("the account with two links", 200);
    assert!(walk.end() > 10);
}

#[test]
fn what_an_applications_users_see_is_sound() {
    let portal = TestPortal::spawn();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::AuthorizationCode, |form| {
        form.require_consent = "yes".into();
        form.website_url = "https://app.example.com/".into();
        form.logout_redirect_urls = "https://app.example.com/signed-out".into();
    });
    let address = format!(
        "/oauth2/authorize?response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=openid+email\
         &code_challenge={CHALLENGE}&code_challenge_method=S256",
        app.client_id
    );
    let mut walk = Walk::of(Browser::new(&portal.url));
    walk.visit("/oauth2/authorize?client_id=unknown", 400);
    walk.visit(&address, 200);
    walk.browser.fill("E-mail", &Person::Developer.email("northwind")).fill("Password", "wrong");
    walk.browser.press("Sign in");
    walk.look("a mistake at sign-in", 422);
    walk.browser.fill("Password", PASSWORD);
    walk.browser.press("Sign in");
    walk.look("the sandbox page", 403);
    walk.browser = portal.signed_in(Person::Member, "northwind");
    portal.sql("UPDATE tenants SET second_factor_required = TRUE");
    walk.visit(&address, 200);
    assert_eq!(walk.browser.page().heading(), "Set up a second factor first");
    portal.sql("UPDATE tenants SET second_factor_required = FALSE");
    walk.visit(&address, 200);
    assert!(walk.browser.page().heading().starts_with("Allow App"));
    walk.browser.press("Allow");
    walk.visit("/account", 200);
    walk.visit("/account/applications", 200);
    walk.visit("/oauth2/authorize/nothing", 410);
    walk.visit("/oauth2/logout", 200);
    walk.browser.press("Sign out");
    walk.look("signed out", 200);
    assert_eq!(walk.end(), 11);
}

#[test]
fn a_faulty_page_would_be_seen() {
    let html = "<!doctype html><html lang=en><head><title>A · Keywright</title></head><body><main id=main><h1>A</h1>
        <p id=a onclick=b() style=c></p><p id=a aria-describedby=d></p><form method=post action=/nowhere></form><a href=/nowhere>n</a>
        <script>e()</script></main></body></html>";
    let found = faults(html, &HeaderMap::new()).join("\n");
    for wanted in [
        "\"a\" stands twice",
        "has onclick",
        "\"d\" names nothing",
        "/nowhere\", which is no route",
        "leads to",
        "<script",
        "lacks default-src",
        "cache-control",
    ] {
        assert!(found.contains(wanted), "{wanted} in {found}");
    }
}
