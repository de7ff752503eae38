//! Answers that are complete leave as gzip, where the client takes it. actix's own middleware hands each body to another
//! thread, and makes a compressor of 300 KiB for it: together that costs more than compressing a page. Here each thread
//! that answers keeps one.

use std::cell::RefCell;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, AcceptEncoding, Encoding, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use flate2::{Compress, Compression, FlushCompress, Status};

/// Bytes. What is smaller fits into a packet as it is.
const WORTH_IT: usize = 1_024;

/// The window of gzip (RFC 1951 §3.2.5), as a power of two.
const WINDOW_BITS: u8 = 15;

thread_local! {
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new_gzip(Compression::fast(), WINDOW_BITS));
}

/// Compresses texts. What is sent piece by piece, a download, stays as it is.
pub async fn compress(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let gzip_is_taken = takes_gzip(&request);
    let answer = next.call(request).await?.map_into_boxed_body();
    if !is_text(answer.headers()) {
        return Ok(answer);
    }
    let (request, response) = answer.into_parts();
    let (mut response, body) = response.into_parts();
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let body = match body.try_into_bytes() {
        Ok(whole) if gzip_is_taken && whole.len() >= WORTH_IT => match gzip(&whole) {
            Some(compressed) => {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                BoxBody::new(compressed)
            }
            None => BoxBody::new(whole),
        },
        Ok(whole) => BoxBody::new(whole),
        Err(stream) => stream,
    };
    Ok(ServiceResponse::new(request, response.set_body(body)))
}

/// Whether the client prefers gzip to the text as it is (RFC 9110 §12.5.3).
fn takes_gzip(request: &ServiceRequest) -> bool {
    let offered = [Encoding::gzip(), Encoding::identity()];
    let wanted = request.get_header::<AcceptEncoding>();
    wanted.and_then(|wanted| wanted.negotiate(offered.iter())) == Some(Encoding::gzip())
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    ["text/", "application/json", "image/svg+xml"].iter().any(|text| kind.starts_with(text))
}

/// `None` if it can't be compressed, which no text is known for.
fn gzip(text: &[u8]) -> Option<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        let mut compressed = Vec::with_capacity(text.len() / 4 + WORTH_IT);
        loop {
            let read = usize::try_from(compressor.total_in()).ok()?;
            match compressor.compress_vec(&text[read..], &mut compressed, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => return Some(compressed),
                Ok(Status::Ok | Status::BufError) => compressed.reserve(text.len() / 2 + WORTH_IT),
                Err(_) => return None,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn what_was_compressed_is_read_back_however_often_and_however_badly_it_compresses() {
        let noise: Vec<u8> = (0..20_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
        for text in [b"short".to_vec(), b"<li>row</li>".repeat(5_000), noise, Vec::new(), b"again".to_vec()] {
            let mut read = Vec::new();
            GzDecoder::new(gzip(&text).unwrap().as_slice()).read_to_end(&mut read).unwrap();
            assert!(read == text);
        }
    }
}
