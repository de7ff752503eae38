//! A browser without scripts that finds fields by their label and buttons by their name, over real HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::cookie::CookieStore;
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::redirect::Policy;
use scraper::{ElementRef, Html, Selector};

pub struct Browser {
    pub http: Client,
    pub base: String,
    /// What it says forms come from: the address that people know the portal by.
    origin: String,
    jar: Arc<reqwest::cookie::Jar>,
    /// What is typed but not sent yet, by field name.
    page: Option<Page>,
}

/// A page as it came, with what was typed into it since.
pub struct Page {
    pub status: u16,
    pub path: String,
    pub headers: HeaderMap,
    pub html: String,
    filled: BTreeMap<String, Vec<String>>,
    file: Option<(String, Vec<u8>)>,
}

fn select(css: &str) -> Selector {
    Selector::parse(css).expect("a selector")
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Browser {
    pub fn new(base: &str) -> Self {
        let jar = Arc::new(reqwest::cookie::Jar::default());
        let http = Client::builder()
            .cookie_provider(Arc::clone(&jar))
            .redirect(Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client");
        Self { http, base: base.to_owned(), origin: base.to_owned(), jar, page: None }
    }

    /// Another tab of the same browser.
    pub fn tab(&self) -> Self {
        self.through(&self.base)
    }

    /// Another tab, which a load balancer sends to the instance at this address.
    pub fn through(&self, instance: &str) -> Self {
        Self {
            http: self.http.clone(),
            base: instance.to_owned(),
            origin: self.origin.clone(),
            jar: Arc::clone(&self.jar),
            page: None,
        }
    }

    /// Another browser that somebody has put copies of this one's cookies for a path into.
    pub fn copied(&self, path: &str) -> Self {
        let copy = Self { origin: self.origin.clone(), ..Self::new(&self.base) };
        let url: url::Url = format!("{}{path}", self.base).parse().expect("a URL");
        let cookies = self.jar.cookies(&url).map(|value| value.to_str().expect("readable cookies").to_owned());
        for cookie in cookies.unwrap_or_default().split("; ").filter(|cookie| !cookie.is_empty()) {
            copy.jar.add_cookie_str(&format!("{cookie}; Path=/"), &url);
        }
        copy
    }

    /// The value of a cookie, as it is sent to a path.
    pub fn cookie(&self, path: &str, name: &str) -> Option<String> {
        let url: url::Url = format!("{}{path}", self.base).parse().expect("a URL");
        let sent = self.jar.cookies(&url)?;
        let sent = sent.to_str().expect("readable cookies").to_owned();
        sent.split("; ")
            .filter_map(|cookie| cookie.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|found| found.1.to_owned())
    }

    pub fn visit(&mut self, path: &str) -> &Page {
        let response = self.http.get(format!("{}{path}", self.base)).send().expect("an answer");
        self.arrive(path, response)
    }

    /// Follows redirects as browsers do after a form: with GET, also to other sites and back.
    fn arrive(&mut self, path: &str, mut response: Response) -> &Page {
        let mut path = path.to_owned();
        let mut url = response.url().clone();
        for _ in 0..12 {
            if !response.status().is_redirection() {
                break;
            }
            let to = response.headers()[LOCATION].to_str().expect("a path");
            url = url.join(to).expect("a URL");
            path = url.as_str().strip_prefix(&self.base).unwrap_or(url.as_str()).to_owned();
            // Nobody answers at an application of the tests: its address is what they want to see.
            if !matches!(url.host_str(), Some("127.0.0.1" | "localhost")) {
                break;
            }
            response = self.http.get(url.clone()).send().expect("an answer");
        }
        self.page = Some(Page {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            path,
            html: response.text().expect("a text"),
            filled: BTreeMap::new(),
            file: None,
        });
        self.page()
    }

    pub fn page(&self) -> &Page {
        self.page.as_ref().expect("a page was visited")
    }

    fn page_mut(&mut self) -> &mut Page {
        self.page.as_mut().expect("a page was visited")
    }

    /// Types into the field with this label.
    pub fn fill(&mut self, label: &str, text: &str) -> &mut Self {
        let name = self.page().name_of(label);
        self.page_mut().filled.insert(name, vec![text.to_owned()]);
        self
    }

    /// Ticks the box or radio button with this label.
    pub fn tick(&mut self, label: &str) -> &mut Self {
        let (name, value, radio) = self.page().choice(label);
        let page = self.page_mut();
        let before = page.filled.get(&name).cloned().unwrap_or_else(|| page.checked_values(&name));
        let mut values = if radio { Vec::new() } else { before };
        values.retain(|ticked| *ticked != value);
        values.push(value);
        page.filled.insert(name, values);
        self
    }

    /// Ticks every box with this label.
    pub fn tick_all(&mut self, label: &str) -> &mut Self {
        let (name, _, _) = self.page().choice(label);
        let document = self.page().document();
        let labels = select("label[for]");
        let labels = document.select(&labels).filter(|found| text_of(*found) == label);
        let values = labels.filter_map(|found| {
            let field = select(&format!("[id=\"{}\"]", found.value().attr("for")?));
            document.select(&field).next()?.value().attr("value").map(ToOwned::to_owned)
        });
        let values = values.collect();
        self.page_mut().filled.insert(name, values);
        self
    }

    pub fn untick(&mut self, label: &str) -> &mut Self {
        let (name, value, _) = self.page().choice(label);
        let page = self.page_mut();
        let mut values = page.filled.get(&name).cloned().unwrap_or_else(|| page.checked_values(&name));
        values.retain(|ticked| *ticked != value);
        page.filled.insert(name, values);
        self
    }

    /// Follows the link with this name.
    pub fn follow(&mut self, name: &str) -> &Page {
        let path = self.page().link(name);
        self.visit(&path)
    }

    /// Presses the button with this name: sends its form.
    pub fn press(&mut self, button: &str) -> &Page {
        let (action, request) = self.submission(button);
        let response = request.send().expect("an answer");
        self.arrive(&action, response)
    }

    /// Presses a button without waiting for more than the first answer.
    pub fn press_raw(&mut self, button: &str) -> Response {
        self.submission(button).1.send().expect("an answer")
    }

    /// What pressing the button would send, to be sent by a thread.
    pub fn pressing(&self, button: &str) -> RequestBuilder {
        self.submission(button).1
    }

    fn submission(&self, button: &str) -> (String, RequestBuilder) {
        let page = self.page();
        let form = page.form_of(button);
        let action = if form.action.is_empty() { page.path.clone() } else { form.action.clone() };
        if !form.post {
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.pairs).finish();
            return (action.clone(), self.http.get(format!("{}{action}?{query}", self.base)));
        }
        let request = self.http.post(format!("{}{action}", self.base)).header("origin", &self.origin);
        let request = request.header("referer", format!("{}{}", self.base, page.path));
        let request = if form.multipart {
            let mut parts = reqwest::blocking::multipart::Form::new();
            for (name, value) in form.pairs {
                parts = parts.text(name, value);
            }
            if let Some((name, bytes)) = &page.file {
                let part = reqwest::blocking::multipart::Part::bytes(bytes.clone()).file_name("file");
                parts = parts.part(name.clone(), part);
            }
            request.multipart(parts)
        } else {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.pairs).finish();
            request.header("content-type", "application/x-www-form-urlencoded").body(body)
        };
        (action, request)
    }

    /// A POST of pairs as a page of the portal would send it.
    pub fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Response {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.http
            .post(format!("{}{path}", self.base))
            .header("origin", &self.origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .expect("an answer")
    }

    /// Tries to sign in, and looks at what comes of it.
    pub fn try_sign_in(&mut self, email: &str, password: &str) -> &Page {
        self.visit("/sign-in");
        self.fill("E-mail", email).fill("Password", password);
        self.press("Sign in")
    }

    /// Whether the portal still knows who this is.
    pub fn is_signed_in(&mut self) -> bool {
        self.visit("/account").heading() == "Account"
    }

    pub fn sign_in(&mut self, email: &str, password: &str) -> &Page {
        self.try_sign_in(email, password);
        assert_eq!(self.page().status, 200, "{email} can't sign in: {}", self.page().text());
        self.page()
    }
}

struct Form {
    action: String,
    post: bool,
    multipart: bool,
    pairs: Vec<(String, String)>,
}

impl Page {
    fn document(&self) -> Html {
        Html::parse_document(&self.html)
    }

    /// Everything a person reads.
    pub fn text(&self) -> String {
        let document = self.document();
        document.select(&select("body")).next().map(text_of).unwrap_or_default()
    }

    pub fn sees(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    pub fn heading(&self) -> String {
        let document = self.document();
        document.select(&select("h1")).next().map(text_of).unwrap_or_default()
    }

    pub fn title(&self) -> String {
        let document = self.document();
        document.select(&select("title")).next().map(text_of).unwrap_or_default()
    }

    /// The text of the element with this id.
    pub fn text_by_id(&self, id: &str) -> Option<String> {
        let document = self.document();
        document.select(&select(&format!("[id=\"{id}\"]"))).next().map(text_of)
    }

    /// The messages of the error summary.
    pub fn errors(&self) -> Vec<String> {
        let document = self.document();
        document.select(&select(".error-summary li")).map(text_of).collect()
    }

    /// What stands in the field with this name.
    pub fn value(&self, name: &str) -> Option<String> {
        let document = self.document();
        let field = document.select(&select(&format!("[name=\"{name}\"]"))).next()?;
        Some(match field.value().name() {
            // The parser drops the line break right after the tag, as browsers do.
            "textarea" => field.text().collect(),
            "select" => field
                .select(&select("option[selected]"))
                .next()
                .and_then(|option| option.value().attr("value"))
                .unwrap_or_default()
                .to_owned(),
            _ => field.value().attr("value").unwrap_or_default().to_owned(),
        })
    }

    pub fn has_button(&self, name: &str) -> bool {
        let document = self.document();
        document.select(&select("button")).any(|button| text_of(button) == name)
    }

    pub fn has_link(&self, name: &str) -> bool {
        let document = self.document();
        document.select(&select("a[href]")).any(|link| text_of(link) == name)
    }

    fn link(&self, name: &str) -> String {
        let document = self.document();
        let links: Vec<_> = document.select(&select("a[href]")).collect();
        let found = links
            .iter()
            .find(|link| text_of(**link) == name)
            .or_else(|| links.iter().find(|link| text_of(**link).starts_with(name)));
        let link = found.unwrap_or_else(|| panic!("no link {name:?} on {}: {}", self.path, self.text()));
        link.value().attr("href").expect("an address").to_owned()
    }

    fn labelled<'a>(&self, document: &'a Html, label: &str) -> ElementRef<'a> {
        let found = document.select(&select("label[for]")).find(|candidate| text_of(*candidate) == label);
        let found = found.unwrap_or_else(|| panic!("no field {label:?} on {}: {}", self.path, self.text()));
        let id = found.value().attr("for").expect("a field");
        document
            .select(&select(&format!("[id=\"{id}\"]")))
            .next()
            .unwrap_or_else(|| panic!("the label {label:?} is for nothing"))
    }

    fn name_of(&self, label: &str) -> String {
        let document = self.document();
        self.labelled(&document, label).value().attr("name").expect("a name").to_owned()
    }

    fn choice(&self, label: &str) -> (String, String, bool) {
        let document = self.document();
        let field = self.labelled(&document, label).value();
        let attribute = |name| field.attr(name).unwrap_or_default().to_owned();
        (attribute("name"), attribute("value"), field.attr("type") == Some("radio"))
    }

    fn checked_values(&self, name: &str) -> Vec<String> {
        let document = self.document();
        document
            .select(&select(&format!("input[name=\"{name}\"][checked]:not([disabled])")))
            .filter_map(|field| field.value().attr("value").map(ToOwned::to_owned))
            .collect()
    }

    /// The form that a button sends, with what stands in its fields.
    fn form_of(&self, button: &str) -> Form {
        let document = self.document();
        let buttons = select("button");
        let named = |form: &ElementRef<'_>, fits: &dyn Fn(&str) -> bool| {
            form.select(&buttons).find(|candidate| fits(&text_of(*candidate))).map(|found| found.value().clone())
        };
        let forms: Vec<_> = document.select(&select("form")).collect();
        let exact = |text: &str| text == button;
        let begins = |text: &str| text.starts_with(button);
        let found = forms
            .iter()
            .find_map(|form| named(form, &exact).map(|pressed| (form, pressed)))
            .or_else(|| forms.iter().find_map(|form| named(form, &begins).map(|pressed| (form, pressed))));
        let (form, pressed) = found.unwrap_or_else(|| panic!("no button {button:?} on {}: {}", self.path, self.text()));
        let mut pairs = Vec::new();
        let mut done = Vec::new();
        for field in form.select(&select("input, textarea, select")) {
            let element = field.value();
            let (Some(name), None) = (element.attr("name"), element.attr("disabled")) else { continue };
            if let Some(filled) = self.filled.get(name) {
                if !done.contains(&name) {
                    pairs.extend(filled.iter().map(|value| (name.to_owned(), value.clone())));
                    done.push(name);
                }
                continue;
            }
            let value = element.attr("value").unwrap_or_default().to_owned();
            match (element.name(), element.attr("type").unwrap_or("text")) {
                ("textarea", _) => pairs.push((name.to_owned(), field.text().collect())),
                ("select", _) => pairs.push((name.to_owned(), self.value(name).unwrap_or_default())),
                (_, "checkbox" | "radio") if element.attr("checked").is_none() => {}
                (_, "file" | "submit") => {}
                _ => pairs.push((name.to_owned(), value)),
            }
        }
        if let (Some(name), Some(value)) = (pressed.attr("name"), pressed.attr("value")) {
            pairs.push((name.to_owned(), value.to_owned()));
        }
        let about = form.value();
        Form {
            action: about.attr("action").unwrap_or_default().to_owned(),
            post: about.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
            multipart: about.attr("enctype") == Some("multipart/form-data"),
            pairs,
        }
    }
}
