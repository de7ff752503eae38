//! Taking events out, as narrowed as the list is. A form, since the export stands in the trail itself.

use std::error::Error;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::stream;
use serde::Deserialize;
use tracing::Instrument;

use super::Wanted;
use crate::access::act;
use crate::crowd::off_the_async_threads;
use crate::domain::audit_export::ExportFormat;
use crate::operations::Operations;
use crate::operations::audit::AuditExport;
use crate::portal::PageError;
use crate::portal::form::Posted;
use crate::portal::guard::Guarded;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ExportForm {
    format: String,
}

pub async fn export(
    guarded: Guarded<act::ManageTenant>,
    posted: Posted<ExportForm>,
) -> Result<HttpResponse, PageError> {
    let format = ExportFormat::parse(&posted.input.format)
        .ok_or_else(|| PageError::BadRequest("Choose CSV or JSON Lines.".into()))?;
    let wanted = posted.typed.read::<Wanted>()?.cleaned();
    let narrowing: Vec<String> =
        wanted.narrowing().into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let narrowed = if narrowing.is_empty() { "all".to_owned() } else { narrowing.join(", ") };
    let filter = wanted.filter();
    let export =
        guarded.act(move |permit, operations| operations.export_audit(permit, filter, format, &narrowed)).await??;
    let today = guarded.portal.clock.now().precise();
    let name = format!("audit-log-{}.{}", today.split('T').next().unwrap_or_default(), format.as_str());
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, format.media_type()))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(pieces(Arc::clone(&guarded.portal.operations), export)))
}

/// One piece after the other, each read when the one before is on its way. A fault cuts the answer off, so that half an
/// export is not taken for a whole one.
fn pieces(
    operations: Arc<Operations>,
    export: AuditExport,
) -> impl stream::Stream<Item = Result<Bytes, Box<dyn Error>>> {
    // The pieces are asked for when the request has been answered; what is logged of them belongs to it all the same.
    let span = tracing::Span::current();
    stream::try_unfold(export, move |mut export| {
        let operations = Arc::clone(&operations);
        let piece = async move {
            let work = move || operations.next_of_export(&mut export).map(|piece| (piece, export));
            let read = off_the_async_threads(work).await?;
            let (piece, export) = read.inspect_err(|error| tracing::error!(%error, "an export was cut off"))?;
            Ok::<_, Box<dyn Error>>(piece.map(|piece| (Bytes::from(piece), export)))
        };
        piece.instrument(span.clone())
    })
}
