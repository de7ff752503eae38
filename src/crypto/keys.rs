//! The key file: 64 random bytes from which every key of the deployment is derived, one per purpose.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA512, KeyType, Salt};
use zeroize::Zeroizing;

const MASTER_BYTES: usize = 64;

#[derive(Clone)]
pub struct Keys {
    master: Zeroizing<[u8; MASTER_BYTES]>,
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl Keys {
    /// Reads the key file, or makes it on the first start, readable by its owner alone.
    pub fn load_or_create(path: &Path) -> anyhow::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                let Ok(master) = <[u8; MASTER_BYTES]>::try_from(bytes.as_slice()) else {
                    bail!(
                        "the key file {} is damaged, it must hold {MASTER_BYTES} bytes: restore it from a backup",
                        path.display()
                    );
                };
                Ok(Self { master: Zeroizing::new(master) })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Self::create(path).with_context(|| format!("can't make the key file {}", path.display()))?;
                Self::load_or_create(path)
            }
            Err(error) => Err(error).with_context(|| format!("can't read the key file {}", path.display())),
        }
    }

    /// Several instances may start at once: the file gets its name when it is whole, and only the first one's does.
    fn create(path: &Path) -> std::io::Result<()> {
        let mark = &super::random::token()[..16];
        let draft = path.with_extension(format!("{mark}.new"));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        let named = file
            .write_all(Self::ephemeral().master.as_slice())
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::hard_link(&draft, path));
        fs::remove_file(&draft)?;
        match named {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            named => named,
        }
    }

    /// Keys that end with the process: for the demo and for tests.
    pub fn ephemeral() -> Self {
        Self { master: Zeroizing::new(super::random::bytes()) }
    }

    /// Key material for one purpose (HKDF, RFC 5869).
    pub fn derive<const N: usize>(&self, purpose: &'static str) -> Zeroizing<[u8; N]> {
        let mut key = Zeroizing::new([0u8; N]);
        Salt::new(HKDF_SHA512, b"keywright")
            .extract(self.master.as_slice())
            .expand(&[purpose.as_bytes()], Length(N))
            .and_then(|material| material.fill(key.as_mut_slice()))
            .expect("a derived key is far shorter than HKDF's limit");
        key
    }

    fn aead(&self, purpose: &'static str) -> RandomizedNonceKey {
        RandomizedNonceKey::new(&AES_256_GCM, self.derive::<32>(purpose).as_slice()).expect("AES-256 takes 32 bytes")
    }

    /// Encrypts and authenticates; `purpose` must be given again to open.
    pub fn seal(&self, purpose: &'static str, plain: &[u8]) -> Vec<u8> {
        let mut sealed = plain.to_vec();
        let nonce = self
            .aead(purpose)
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut sealed)
            .expect("messages are far shorter than the cipher's limit");
        [nonce.as_ref().as_slice(), &sealed].concat()
    }

    /// `None` for what was not sealed with these keys for this purpose.
    pub fn open(&self, purpose: &'static str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = sealed.split_at_checked(12)?;
        let mut buffer = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.aead(purpose).open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut buffer).ok()?;
        Some(Zeroizing::new(plain.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_alone() {
        let keys = Keys::ephemeral();
        let sealed = keys.seal("mail", b"hello");
        assert_eq!(keys.open("mail", &sealed).unwrap().as_slice(), b"hello");
        assert!(keys.open("reveal", &sealed).is_none());
        assert!(Keys::ephemeral().open("mail", &sealed).is_none());
        assert!(keys.open("mail", b"short").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_its_owners_alone_and_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keywright.key");
        let first = Keys::load_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let second = Keys::load_or_create(&path).unwrap();
        assert_eq!(first.derive::<32>("x"), second.derive::<32>("x"));
        fs::write(&path, b"short").unwrap();
        assert!(Keys::load_or_create(&path).is_err());
    }
}
