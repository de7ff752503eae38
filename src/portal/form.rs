//! Forms: what was posted, checked for where it came from, and what a page shows again.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{PageError, Portal};
use crate::crypto::{hashing, random};
use crate::domain::field_errors::FieldErrors;
use crate::operations::Confirmation;

/// The largest form: room for a logo and all texts.
const MAX_BYTES: usize = 1024 * 1024;

/// A posted form: what it means as `T`, and every pair as it was typed.
pub struct Posted<T> {
    pub input: T,
    pub typed: FormState,
    /// The bytes of the file that was chosen, if any.
    pub file: Option<Vec<u8>>,
}

/// A form that is nothing but a button.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub struct Nothing {}

/// On a request whose form the guard reads, to carry it through sign-in: nobody else gets to see it.
pub struct Taken;

/// The field that makes a form good for one thing only, however often it is sent.
pub const SUBMISSION: &str = "submission";

impl<T> Posted<T> {
    /// Stands for this form with this content: the same sent twice is the same, and one that was changed before it was
    /// sent again is another. Without the form's token it is random, so that nothing is mistaken for a repetition.
    pub fn submission(&self) -> String {
        if self.typed.value(SUBMISSION).is_empty() {
            return random::token();
        }
        // What the page that asks for the password adds is not part of the form.
        let content = self.typed.pairs.iter().filter(|(name, _)| !name.starts_with("confirm_"));
        let content: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(content).finish();
        let file = self.file.as_deref().map(hashing::sha256_of).unwrap_or_default();
        hashing::sha256(&format!("{content} {file}"))
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Posted<T> {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // The guard's answer is the request's, as soon as the whole form has come.
        if request.extensions().get::<Taken>().is_some() {
            return Box::pin(std::future::pending());
        }
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            check_origin(&request)?;
            let (pairs, file) = match request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
            {
                Some(kind) if kind.starts_with("application/x-www-form-urlencoded") => {
                    (urlencoded(payload).await?, None)
                }
                Some(kind) if kind.starts_with("multipart/form-data") => multipart(&request, payload).await?,
                // A form without fields, like the button that signs out.
                None => (urlencoded(payload).await?, None),
                Some(_) => return Err(PageError::BadRequest("Only forms are accepted here.".into())),
            };
            let typed = FormState::posted(pairs);
            let input = typed.read()?;
            Ok(Self { input, typed, file })
        })
    }
}

/// A POST must come from a page of this portal: browsers say so in Sec-Fetch-Site or Origin. Without either it is
/// refused: a browser that sends forms sends one of them.
fn check_origin(request: &HttpRequest) -> Result<(), PageError> {
    let portal = request.app_data::<web::Data<Portal>>().ok_or_else(|| PageError::Bug("no portal".into()))?;
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or("unreadable").to_owned());
    let (site, origin) = (header("sec-fetch-site"), header("origin"));
    let site_fits = site.as_deref().is_none_or(|site| site == "same-origin");
    let origin_fits = origin.as_deref().is_none_or(|origin| portal.site.is_own_origin(origin));
    if site_fits && origin_fits && (site.is_some() || origin.is_some()) { Ok(()) } else { Err(PageError::CrossOrigin) }
}

/// Names and values, in the order in which they came.
pub type Pairs = Vec<(String, String)>;

async fn urlencoded(mut payload: Payload) -> Result<Pairs, PageError> {
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| PageError::BadRequest(format!("The form was cut off: {error}.")))?;
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(PageError::TooLarge(MAX_BYTES / 1024));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(decoded(&body))
}

/// The pairs of a body, or of the query of an address: nothing that a browser can send is no form.
pub fn decoded(encoded: &[u8]) -> Pairs {
    url::form_urlencoded::parse(encoded).into_owned().collect()
}

async fn multipart(request: &HttpRequest, payload: Payload) -> Result<(Pairs, Option<Vec<u8>>), PageError> {
    // Counted as it arrives, whatever part it belongs to: a million empty parts weigh too.
    let read = Rc::new(Cell::new(0));
    let counted = payload.map({
        let read = Rc::clone(&read);
        move |chunk| {
            let chunk = chunk?;
            read.set(read.get() + chunk.len());
            if read.get() > MAX_BYTES { Err(PayloadError::Overflow) } else { Ok(chunk) }
        }
    });
    let unreadable = |_| match read.get() > MAX_BYTES {
        true => PageError::TooLarge(MAX_BYTES / 1024),
        false => PageError::BadRequest("The form was cut off or is not a form.".into()),
    };
    let mut parts = Multipart::new(request.headers(), counted);
    let (mut pairs, mut file) = (Vec::new(), None);
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(unreadable)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = part.next().await {
            bytes.extend_from_slice(&chunk.map_err(unreadable)?);
        }
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.content_disposition().is_some_and(|about| about.get_filename().is_some());
        match (is_file, bytes.is_empty()) {
            (true, true) => {}
            (true, false) => file = Some(bytes),
            (false, _) => pairs.push((name, String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
    Ok((pairs, file))
}

/// A form as a page shows it: what was typed, and what is wrong with it.
#[derive(Clone, Default)]
pub struct FormState {
    pairs: Pairs,
    errors: FieldErrors,
    /// What has to be said to be meant.
    confirmations: Vec<Confirmation>,
}

/// An entry of the error summary.
pub struct ShownError {
    pub id: String,
    pub message: String,
}

impl FormState {
    /// A form as it came.
    pub fn posted(pairs: Pairs) -> Self {
        Self { pairs, ..Self::default() }
    }

    /// A form that starts with the values of `input`, good for making one thing.
    pub fn of(input: &impl Serialize) -> Self {
        let query = serde_html_form::to_string(input).unwrap_or_default();
        Self::posted(decoded(query.as_bytes())).with(SUBMISSION, &random::token())
    }

    pub fn empty() -> Self {
        Self::default().with(SUBMISSION, &random::token())
    }

    /// Reads the pairs as a form of type `T`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, PageError> {
        let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.pairs).finish();
        serde_html_form::from_str(&query).map_err(|error| {
            PageError::BadRequest(format!("A field is there more than once or has the wrong form: {error}."))
        })
    }

    /// Puts a value in place of those that a field had.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.pairs.retain(|(key, _)| key != name);
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Forgets a field, a password for example.
    pub fn without(mut self, name: &str) -> Self {
        self.pairs.retain(|(key, _)| key != name);
        self
    }

    pub fn with_errors(mut self, errors: FieldErrors) -> Self {
        self.errors = errors;
        self
    }

    pub fn with_confirmations(mut self, confirmations: Vec<Confirmation>) -> Self {
        self.confirmations = confirmations;
        self
    }

    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    pub fn value(&self, name: &str) -> &str {
        self.pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn checked(&self, name: &str, value: &str) -> bool {
        self.pairs.iter().any(|(key, typed)| key == name && typed == value)
    }

    /// Everything that is wrong with a field, a sentence after the other.
    pub fn error(&self, name: &str) -> Option<String> {
        let messages: Vec<&str> = self.errors.of(name).map(|error| error.message.as_str()).collect();
        (!messages.is_empty()).then(|| messages.join("\n"))
    }

    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Nothing was saved: something is wrong, or not confirmed.
    pub fn is_refused(&self) -> bool {
        self.has_errors() || !self.confirmations.is_empty()
    }

    pub fn errors(&self) -> Vec<ShownError> {
        self.errors
            .iter()
            .map(|error| ShownError { id: error.field.to_owned(), message: error.message.clone() })
            .collect()
    }

    pub fn confirmations(&self) -> &[Confirmation] {
        &self.confirmations
    }

    /// Those that nobody has said to be meant yet.
    pub fn unconfirmed(&self) -> Vec<&Confirmation> {
        self.confirmations.iter().filter(|confirmation| !self.checked("confirmed", confirmation.key)).collect()
    }
}

/// The query of an address. What can't be read counts as absent, except that a field given twice is refused; control
/// characters are dropped, since no list holds them and PostgreSQL takes no NUL.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = PageError;
    type Future = std::future::Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes())
            .map(|(name, value)| {
                (name.into_owned(), value.chars().filter(|c| !c.is_control()).take(2_000).collect::<String>())
            })
            .collect();
        std::future::ready(FormState::posted(pairs).read().map(Query))
    }
}
