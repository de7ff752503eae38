//! A service: what a company offers its users, with the clients that sign them in.

use super::field_errors::FieldErrors;
use super::id::{ServiceId, TenantId};
use super::lifecycle::State;
use super::text::{self, Email};
use super::web_url::WebUrl;
use crate::clock::Timestamp;

/// Sandbox until an approver has released the service, then live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Environment {
    Sandbox,
    Live,
}

impl Environment {
    pub const ALL: [Environment; 2] = [Environment::Sandbox, Environment::Live];

    pub const fn as_str(self) -> &'static str {
        match self {
            Environment::Sandbox => "sandbox",
            Environment::Live => "live",
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Environment::Sandbox => "Sandbox",
            Environment::Live => "Live",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|environment| environment.as_str() == text)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub id: ServiceId,
    pub tenant_id: TenantId,
    pub settings: ServiceSettings,
    /// SHA-256 of the logo in hexadecimal, if there is one.
    pub logo_digest: Option<String>,
    pub state: State,
    pub environment: Environment,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a person sets on the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSettings {
    pub name: String,
    pub domain: String,
    pub description: String,
    pub privacy_policy: Option<WebUrl>,
    pub terms: Option<WebUrl>,
    pub contact: Option<Email>,
}

/// The form as typed.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct ServiceInput {
    pub name: String,
    pub domain: String,
    pub description: String,
    pub privacy_policy_url: String,
    pub terms_url: String,
    pub contact_email: String,
    /// The edit form's: active or inactive.
    pub status: String,
    pub remove_logo: String,
    /// The edit form's: the version that the person saw.
    pub version: String,
}

impl ServiceSettings {
    pub const MAX_NAME: usize = 100;
    pub const MAX_DESCRIPTION: usize = 500;

    /// Privacy policy, terms and contact may wait until the release asks for them.
    pub fn parse(input: &ServiceInput) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", "Name", text::name(&input.name, "a name", Self::MAX_NAME));
        let domain = errors.take("domain", "Domain", text::domain_name(&input.domain));
        let description =
            errors.take("description", "Description", text::paragraph(&input.description, Self::MAX_DESCRIPTION));
        let privacy_policy =
            errors.take("privacy_policy_url", "Privacy policy URL", WebUrl::parse_optional(&input.privacy_policy_url));
        let terms = errors.take("terms_url", "Terms URL", WebUrl::parse_optional(&input.terms_url));
        let contact = errors.take("contact_email", "Contact e-mail", optional_email(&input.contact_email));
        match (name, domain, description, privacy_policy, terms, contact) {
            (Some(name), Some(domain), Some(description), Some(privacy_policy), Some(terms), Some(contact)) => {
                Ok(Self { name, domain, description, privacy_policy, terms, contact })
            }
            _ => Err(errors),
        }
    }

    /// Every setting by its label, for before and after in the audit trail.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let url = |url: &Option<WebUrl>| url.as_ref().map_or(String::new(), |url| url.as_str().to_owned());
        vec![
            ("Name", self.name.clone()),
            ("Domain", self.domain.clone()),
            ("Description", self.description.clone()),
            ("Privacy policy URL", url(&self.privacy_policy)),
            ("Terms URL", url(&self.terms)),
            ("Contact e-mail", self.contact.as_ref().map_or(String::new(), |email| email.as_str().to_owned())),
        ]
    }
}

fn optional_email(typed: &str) -> Result<Option<Email>, String> {
    if typed.trim().is_empty() { Ok(None) } else { Email::parse(typed).map(Some) }
}

/// An uploaded logo, checked by its bytes and not by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

impl Logo {
    pub const MAX_BYTES: usize = 512 * 1024;
    pub const MIN_PIXELS: usize = 96;

    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(format!(
                "Choose a picture of at most 512 KiB; this one has {} KiB.",
                bytes.len().div_ceil(1024)
            ));
        }
        let content_type = match imagesize::image_type(&bytes) {
            Ok(imagesize::ImageType::Png) => "image/png",
            Ok(imagesize::ImageType::Jpeg) => "image/jpeg",
            _ => return Err("Choose a PNG or JPEG picture.".into()),
        };
        let size = imagesize::blob_size(&bytes).map_err(|_| "Choose another picture: this one is damaged.")?;
        if size.width < Self::MIN_PIXELS || size.height < Self::MIN_PIXELS {
            return Err(format!(
                "Choose a picture of at least 96 × 96 pixels; this one has {} × {}.",
                size.width, size.height
            ));
        }
        Ok(Self { content_type, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_needs_a_name_and_a_domain() {
        let errors = ServiceSettings::parse(&ServiceInput::default()).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field).collect();
        assert_eq!(fields, ["name", "domain"]);
        let input = ServiceInput { name: "Shop".into(), domain: "shop.example".into(), ..Default::default() };
        assert!(ServiceSettings::parse(&input).is_ok());
    }

    #[test]
    fn a_logo_is_judged_by_its_bytes() {
        let png = |side: u32| {
            let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
            bytes.extend(side.to_be_bytes());
            bytes.extend(side.to_be_bytes());
            bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
            bytes
        };
        assert_eq!(Logo::parse(png(96)).unwrap().content_type, "image/png");
        assert!(Logo::parse(png(95)).unwrap_err().contains("95 × 95"));
        assert!(Logo::parse(b"<svg onload=alert(1)>".to_vec()).is_err());
        let mut large = png(96);
        large.resize(Logo::MAX_BYTES + 1, 0);
        assert!(Logo::parse(large).unwrap_err().contains("512 KiB"));
    }
}
