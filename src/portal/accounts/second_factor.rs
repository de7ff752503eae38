//! One's own second factor: set up with an authenticator app, recovered with codes, removed.

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration;
use actix_web::http::StatusCode;
use askama::Template;
use qrcode::{Color, EcLevel, QrCode};
use serde::Deserialize;

use crate::access::act;
use crate::crypto::totp::TotpSecret;
use crate::db;
use crate::domain::id::AccountId;
use crate::operations::Error;
use crate::operations::accounts::second_factor::{ON_ALREADY, RECOVERY_CODES};
use crate::portal::form::{FormState, Nothing, Posted};
use crate::portal::guard::{Guarded, title};
use crate::portal::shell::{Notice, Shell, go_on, go_to, html};
use crate::portal::{PageError, cookies, paths};

/// Holds the secret while it is being set up: nothing of it stands in the database before a code was right.
const COOKIE: &str = "second_factor";
const KEPT: Duration = Duration::minutes(30);

#[derive(Template)]
#[template(path = "account/second_factor_setup.html")]
struct SetupPage {
    shell: Shell,
    form: FormState,
    qr: Picture,
    secret: String,
    /// The company, where it lets nobody work without one.
    required_by: Option<String>,
}

#[derive(Template)]
#[template(path = "account/second_factor.html")]
struct FactorPage {
    shell: Shell,
    codes_left: i64,
    codes_at_first: usize,
}

#[derive(Template)]
#[template(path = "account/second_factor_removal.html")]
struct RemovalPage {
    shell: Shell,
    codes_left: i64,
    required_by: Option<String>,
}

#[derive(Template)]
#[template(path = "account/recovery_codes.html")]
struct CodesPage {
    shell: Shell,
    lead: &'static str,
    codes: Vec<String>,
}

/// A QR code as the path of an SVG, a unit for each module, with the quiet zone of four around it.
struct Picture {
    side: usize,
    path: String,
}

const QUIET: usize = 4;

fn picture(address: &str) -> Result<Picture, PageError> {
    let code = QrCode::with_error_correction_level(address, EcLevel::M)
        .map_err(|_| PageError::Bug("a QR code can't be drawn".into()))?;
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let path = dark.map(|(at, _)| format!("M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET)).collect();
    Ok(Picture { side: width + 2 * QUIET, path })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CodeForm {
    code: String,
}

/// The secret that this browser is setting up for this account.
fn pending(guarded: &Guarded<act::See>, account: AccountId) -> Option<TotpSecret> {
    let kept = zeroize::Zeroizing::new(cookies::sealed_value(&guarded.portal, &guarded.request, COOKIE)?);
    let (owner, hex) = kept.split_once(' ')?;
    let bytes: Option<Vec<u8>> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect();
    (owner == account.to_string()).then(|| TotpSecret::from_bytes(&zeroize::Zeroizing::new(bytes?)))?
}

pub async fn show(guarded: Guarded<act::See>) -> Result<HttpResponse, PageError> {
    draw(&guarded, FormState::empty(), StatusCode::OK).await
}

async fn draw(guarded: &Guarded<act::See>, form: FormState, status: StatusCode) -> Result<HttpResponse, PageError> {
    let seen = guarded
        .read(|permit, reader| Ok(db::second_factors::codes_left(reader, permit.actor().membership().account_id)?))
        .await?;
    let person = seen.permit.actor().membership();
    if person.second_factor {
        let page = FactorPage {
            shell: guarded.shell(&seen, "Second factor"),
            codes_left: seen.data,
            codes_at_first: RECOVERY_CODES,
        };
        return html(status, &page);
    }
    // The same secret again on a reload and in a second tab: the app may have it already.
    let secret = pending(guarded, person.account_id).unwrap_or_else(TotpSecret::draw);
    let issuer = format!("Keywright {}", guarded.portal.site.host());
    let page = SetupPage {
        shell: guarded.shell(&seen, title("Set up second factor", &form)),
        form,
        qr: picture(&secret.address(&issuer, &person.email))?,
        secret: secret.in_groups(),
        required_by: person.policy.second_factor_required.then(|| person.tenant_name.clone()),
    };
    let mut response = html(status, &page)?;
    let value = format!("{} {}", person.account_id, crate::crypto::hex(secret.bytes()));
    let cookie = cookies::sealed_cookie(&guarded.portal, COOKIE, value, paths::SECOND_FACTOR.into(), KEPT);
    response.add_cookie(&cookie).map_err(|_| PageError::Bug("a cookie can't be written".into()))?;
    Ok(response)
}

pub async fn add(guarded: Guarded<act::See>, posted: Posted<CodeForm>) -> Result<HttpResponse, PageError> {
    let Some(secret) = pending(&guarded, guarded.sender()?.account) else {
        let seen = guarded.read(|_, _| Ok(())).await?;
        let text = match seen.permit.actor().membership().second_factor {
            true => ON_ALREADY,
            false => "It took longer than 30 minutes: here is a new secret. Scan it again.",
        };
        return Ok(go_on(&guarded.portal, paths::SECOND_FACTOR, Notice::info(text)));
    };
    let (code, session) = (posted.input.code.clone(), guarded.sender()?.session);
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| operations.add_second_factor(permit, &secret, &code, session))
        .await;
    match done {
        Ok(Ok(codes)) => {
            let lead = "From now on signing in asks for a code of your app. Your other sessions have ended, and so has \
                        what applications held.";
            let mut response = show_codes(&guarded, lead, codes).await?;
            let removal = cookies::removal(&guarded.portal, COOKIE, paths::SECOND_FACTOR.into());
            response.add_cookie(&removal).map_err(|_| PageError::Bug("a cookie can't be removed".into()))?;
            Ok(response)
        }
        Ok(Err(Error::Invalid(errors))) => {
            let form = posted.typed.without("code").with_errors(errors);
            draw(&guarded, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        // The form sent twice, for example: the codes were shown to the first.
        Ok(Err(Error::WrongState(reason))) => {
            Ok(go_on(&guarded.portal, paths::SECOND_FACTOR, Notice::info(reason.to_string())))
        }
        Ok(Err(error)) => Err(error.into()),
        Err(interrupted) => interrupted.answer(),
    }
}

/// The only time that the codes can be read. A session that gets a new key and this page are one answer.
async fn show_codes(
    guarded: &Guarded<act::See>,
    lead: &'static str,
    codes: Vec<String>,
) -> Result<HttpResponse, PageError> {
    let seen = guarded.read(|_, _| Ok(())).await?;
    html(StatusCode::OK, &CodesPage { shell: guarded.shell(&seen, "Your recovery codes"), lead, codes })
}

pub async fn renew_codes(guarded: Guarded<act::See>, posted: Posted<Nothing>) -> Result<HttpResponse, PageError> {
    let session = guarded.sender()?.session;
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| operations.renew_recovery_codes(permit, session))
        .await;
    match done {
        Ok(codes) => show_codes(&guarded, "The codes from before are worth nothing from now on.", codes?).await,
        Err(interrupted) => interrupted.answer(),
    }
}

pub async fn confirm_removal(guarded: Guarded<act::See>) -> Result<HttpResponse, PageError> {
    let seen = guarded
        .read(|permit, reader| Ok(db::second_factors::codes_left(reader, permit.actor().membership().account_id)?))
        .await?;
    let person = seen.permit.actor().membership();
    if !person.second_factor {
        return Ok(go_to(paths::SECOND_FACTOR));
    }
    let page = RemovalPage {
        shell: guarded.shell(&seen, "Remove second factor"),
        codes_left: seen.data,
        required_by: person.policy.second_factor_required.then(|| person.tenant_name.clone()),
    };
    html(StatusCode::OK, &page)
}

pub async fn remove(guarded: Guarded<act::See>, posted: Posted<Nothing>) -> Result<HttpResponse, PageError> {
    let session = guarded.sender()?.session;
    let done = guarded
        .act_confirmed(&posted, move |permit, operations| operations.remove_second_factor(permit, session))
        .await;
    match done {
        Ok(done) => done?,
        Err(interrupted) => return interrupted.answer(),
    }
    Ok(go_on(&guarded.portal, paths::ACCOUNT, Notice::done("Your second factor is removed.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_its_quiet_zone() {
        let drawn =
            picture("otpauth://totp/Keywright:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        // The corner of the first finder pattern.
        assert!(drawn.path.starts_with("M4 4h1v1h-1z"), "{}", &drawn.path[..40]);
        assert!(drawn.side > 2 * QUIET + 20);
    }
}
