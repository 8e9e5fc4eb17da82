//! Sealing: state that goes out into a button and comes back unread and unchanged, or not at all.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// How many bytes of a sealed value name its key; too many for two keys to look alike by chance.
const KEY_ID_LENGTH: usize = 4;
/// The length of an XChaCha20 nonce; random ones are safe at this length.
const NONCE_LENGTH: usize = 24;

/// Seals with the newest key, opens with any of them (that is how a key is rotated).
///
/// A sealed value is `base64url(key id ‖ nonce ‖ XChaCha20-Poly1305(plain))`. It is bound to a
/// context, the place that it was made for: opened in another context it is refused.
#[derive(Clone)]
pub struct Seal {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: [u8; KEY_ID_LENGTH],
    cipher: XChaCha20Poly1305,
    digits: [u8; 32],
}

impl Seal {
    /// Derives the keys from secrets of any length, newest first.
    ///
    /// # Panics
    /// When there is no secret; the configuration always has one.
    pub fn new<S: AsRef<str>>(secrets: &[S]) -> Self {
        assert!(!secrets.is_empty(), "a seal needs a secret");
        Self { keys: secrets.iter().map(|secret| Key::derive(secret.as_ref())).collect() }
    }

    /// Seals `plain` for `context`.
    pub fn seal(&self, plain: &[u8], context: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.seal_bytes(plain, context))
    }

    /// Opens a sealed value; `None` when it was changed, made by another key or for another context.
    pub fn open(&self, sealed: &str, context: &str) -> Option<Vec<u8>> {
        self.open_bytes(&URL_SAFE_NO_PAD.decode(sealed).ok()?, context)
    }

    /// Seals `plain` for `context`, where bytes can be kept.
    pub fn seal_bytes(&self, plain: &[u8], context: &str) -> Vec<u8> {
        let key = &self.keys[0];
        let nonce = XNonce::generate();
        let sealed = key
            .cipher
            .encrypt(&nonce, Payload { msg: plain, aad: context.as_bytes() })
            .expect("sealing fails only beyond 256 GiB");
        let mut value = Vec::with_capacity(KEY_ID_LENGTH + NONCE_LENGTH + sealed.len());
        value.extend_from_slice(&key.id);
        value.extend_from_slice(&nonce);
        value.extend_from_slice(&sealed);
        value
    }

    /// Opens what [`Seal::seal_bytes`] sealed.
    pub fn open_bytes(&self, value: &[u8], context: &str) -> Option<Vec<u8>> {
        let (id, rest) = value.split_first_chunk::<KEY_ID_LENGTH>()?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LENGTH)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        let payload = || Payload { msg: sealed, aad: context.as_bytes() };
        self.keys
            .iter()
            .filter(|key| key.id == *id)
            .find_map(|key| key.cipher.decrypt(&nonce, payload()).ok())
    }

    /// The seal of the newest key alone.
    pub fn newest(&self) -> Self {
        Self { keys: self.keys[..1].to_vec() }
    }

    /// Whether one of the keys may have made a sealed value; if not, another seal may open it.
    pub fn has_key_of(&self, value: &[u8]) -> bool {
        self.keys.iter().any(|key| value.starts_with(&key.id))
    }

    /// What stands for `input` where the input itself is not to be read, the same for as long as the key is.
    pub fn digest(&self, label: &str, input: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.keys[0].digits).expect("HMAC takes keys of any length");
        for part in ["digest", label, input] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        hex::encode(&mac.finalize().into_bytes()[..16])
    }

    /// A number below 10⁹ that only the holder of the newest key can make from `input`.
    pub fn nine_digits(&self, input: &str) -> u32 {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.keys[0].digits).expect("HMAC takes keys of any length");
        mac.update(input.as_bytes());
        let bytes = mac.finalize().into_bytes();
        let number = u64::from_be_bytes(bytes[..8].try_into().expect("eight bytes of thirty-two"));
        u32::try_from(number % 1_000_000_000).expect("below 10⁹")
    }
}

impl Key {
    fn derive(secret: &str) -> Self {
        let cipher_key = labelled("threadbridge seal v1", secret);
        let [a, b, c, d, ..] = labelled("threadbridge key id v1", secret);
        Self {
            id: [a, b, c, d],
            cipher: XChaCha20Poly1305::new(&cipher_key.into()),
            digits: labelled("threadbridge session id v1", secret),
        }
    }
}

/// One secret gives several independent keys, one for each label.
fn labelled(label: &str, secret: &str) -> [u8; 32] {
    Sha256::new().chain_update(label).chain_update([0]).chain_update(secret).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_in_its_own_context_only() {
        let seal = Seal::new(&["one"]);
        let value = seal.seal(b"hello", "slack/T1/C1/1.1");
        assert_eq!(seal.open(&value, "slack/T1/C1/1.1").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(seal.open(&value, "slack/T1/C1/1.2"), None);
        assert_eq!(Seal::new(&["two"]).open(&value, "slack/T1/C1/1.1"), None);
    }

    #[test]
    fn an_older_key_still_opens_after_a_rotation() {
        let value = Seal::new(&["old"]).seal(b"hello", "here");
        assert!(Seal::new(&["new", "old"]).open(&value, "here").is_some());
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_refused_without_a_panic() {
        let seal = Seal::new(&["one"]);
        let value = seal.seal(b"hello", "here");
        for end in 0..value.len() {
            assert_eq!(seal.open(&value[..end], "here"), None);
        }
        let bytes = URL_SAFE_NO_PAD.decode(&value).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(seal.open(&URL_SAFE_NO_PAD.encode(changed), "here"), None);
        }
    }

    #[test]
    fn what_was_sealed_with_another_key_is_never_taken_for_ones_own() {
        let ours = Seal::new(&["one", "older"]);
        assert!(ours.has_key_of(&Seal::new(&["older"]).seal_bytes(b"hello", "here")));
        for other in 0..2000 {
            let value = Seal::new(&[format!("another {other}")]).seal_bytes(b"hello", "here");
            assert!(!ours.has_key_of(&value), "another {other}");
        }
        assert!(!ours.has_key_of(b""));
    }

    #[test]
    fn nine_digits_depend_on_key_and_input() {
        let seal = Seal::new(&["one"]);
        assert_eq!(seal.nine_digits("a"), seal.nine_digits("a"));
        assert_ne!(seal.nine_digits("a"), seal.nine_digits("b"));
        assert_ne!(seal.nine_digits("a"), Seal::new(&["two"]).nine_digits("a"));
    }
}
