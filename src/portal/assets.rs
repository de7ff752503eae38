//! Static files, embedded in the binary, served for ever under names with a hash of their content.
//! All style sheets make one file and all scripts another, in the order of their names.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use rust_embed::RustEmbed;

use super::PageError;
use crate::crypto::hashing;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

struct Asset {
    content_type: &'static str,
    bytes: Vec<u8>,
}

struct Assets {
    by_hashed_name: HashMap<String, Asset>,
    address: HashMap<&'static str, String>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let mut assets = Assets { by_hashed_name: HashMap::new(), address: HashMap::new() };
    assets.add("css/app.css", "text/css; charset=utf-8", joined("css/"));
    assets.add("js/app.js", "text/javascript; charset=utf-8", joined("js/"));
    assets.add("icons/favicon.svg", "image/svg+xml", joined("icons/favicon.svg"));
    assets
});

impl Assets {
    fn add(&mut self, name: &'static str, content_type: &'static str, bytes: Vec<u8>) {
        let hash = &hashing::sha256_of(&bytes)[..16];
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let hashed = format!("{stem}.{hash}.{extension}");
        self.address.insert(name, format!("/static/{hashed}"));
        self.by_hashed_name.insert(hashed, Asset { content_type, bytes });
    }
}

fn joined(prefix: &str) -> Vec<u8> {
    let mut names: Vec<_> = Files::iter().filter(|name| name.starts_with(prefix)).collect();
    names.sort();
    names.iter().filter_map(|name| Files::get(name)).flat_map(|file| [file.data.as_ref(), b"\n"].concat()).collect()
}

/// The address of a static file, for templates. Unknown names lead to a page that says so, and a test looks for them.
pub fn url(name: &str) -> &'static str {
    ASSETS.address.get(name).map_or("/static/missing", String::as_str)
}

pub async fn serve(name: web::Path<String>) -> Result<HttpResponse, PageError> {
    let asset = ASSETS.by_hashed_name.get(name.as_str()).ok_or(PageError::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, asset.content_type))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(asset.bytes.as_slice()))
}
