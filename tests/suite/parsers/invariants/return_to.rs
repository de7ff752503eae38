use keywright::domain::client::{ClientInput, ClientType};
use keywright::domain::protocol::params::Params;
use keywright::domain::protocol::return_to::{Answer, ReturnTo};
use url::Url;

use super::registered::{self, ISSUER};
use super::{choice, first_line, text};

/// An answer goes to a URL that the client has registered and nowhere else, whatever is asked, and carries what it must.
/// The first line is the registered URL, the rest the request.
pub fn return_to(data: &[u8]) {
    let Some((chosen, rest)) = choice(data) else { return };
    let Some((url, query)) = text(rest).map(first_line) else { return };
    let client_type = if chosen & 1 == 1 { ClientType::Native } else { ClientType::AuthorizationCode };
    let input = ClientInput { name: "App".into(), redirect_urls: url.into(), ..ClientInput::blank(client_type) };
    let Ok(settings) = registered::settings(client_type, &input, false) else { return };
    let registered = registered::registered(registered::client(client_type, settings), false);
    let Ok(params) = Params::parse(query.as_bytes()) else { return };
    let Ok(to) = ReturnTo::read(&params, &registered) else { return };

    let own = registered.client.settings.redirect_urls[0].as_str();
    let is_loopback = own.starts_with("http://127.0.0.1") || own.starts_with("http://[::1]");
    assert!(to.redirect_url() == own || (client_type == ClientType::Native && is_loopback), "{}", to.redirect_url());
    assert_eq!(to.is_named(), params.get("redirect_uri").is_some());
    let (wanted, own) = (Url::parse(to.redirect_url()).expect("a URL"), Url::parse(own).expect("a URL"));
    assert_eq!((wanted.scheme(), wanted.host(), wanted.path()), (own.scheme(), own.host(), own.path()));
    assert_eq!(wanted.query(), own.query());

    let fields = vec![("code", "a code & more".to_owned())];
    let sent: Vec<(String, String)> = match to.answer(fields, ISSUER) {
        Answer::Form { action, fields } => {
            assert_eq!(action, to.redirect_url());
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        }
        Answer::Location(location) => {
            assert!(location.starts_with(to.redirect_url()) && location.bytes().all(|byte| byte.is_ascii_graphic()));
            let there = Url::parse(&location).expect("a URL");
            assert_eq!((there.scheme(), there.host(), there.port()), (wanted.scheme(), wanted.host(), wanted.port()));
            assert_eq!(there.path(), wanted.path());
            let carried = there.fragment().or(there.query()).expect("an answer");
            let own = wanted.query().filter(|_| there.fragment().is_none());
            let own = own.map_or(0, |query| url::form_urlencoded::parse(query.as_bytes()).count());
            url::form_urlencoded::parse(carried.as_bytes()).into_owned().skip(own).collect()
        }
    };
    let state = params.get("state").map(|state| ("state".to_owned(), state.to_owned()));
    let mut expected = vec![("code".to_owned(), "a code & more".to_owned())];
    expected.extend(state);
    expected.push(("iss".to_owned(), ISSUER.to_owned()));
    assert_eq!(sent, expected);
}
