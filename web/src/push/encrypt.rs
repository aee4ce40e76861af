//! A message that only one browser can read.
//!
//! Source: RFC 8291 (Message Encryption for Web Push), section 3, and RFC 8188 (`aes128gcm`), section 2.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};

/// Bytes of a browser's public key: an uncompressed point of P-256.
pub(crate) const PUBLIC_BYTES: usize = 65;
/// Bytes of a browser's secret.
pub(crate) const AUTH_BYTES: usize = 16;
/// Size of the one record, as it is told: more than any message of ours.
const RECORD: u32 = 4_096;

/// Bytes that are derived.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(key: &Prk, info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    key.expand(info, Bytes(N))?.fill(&mut out)?;
    Ok(out)
}

/// `message` for the browser with this public key and secret.
///
/// # Errors
/// When the key is no point of the curve, or there is no randomness.
pub(super) fn encrypt(message: &[u8], browser: &[u8], auth: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let random = SystemRandom::new();
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let public = ours.compute_public_key()?;
    let mut salt = [0; 16];
    random.fill(&mut salt)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, browser);
    agree_ephemeral(ours, &theirs, |shared| sealed(message, shared, browser, public.as_ref(), auth, &salt))?
}

/// The message under what both sides know: `shared`.
fn sealed(
    message: &[u8],
    shared: &[u8],
    browser: &[u8],
    ours: &[u8],
    auth: &[u8],
    salt: &[u8; 16],
) -> Result<Vec<u8>, Unspecified> {
    let combined = Salt::new(HKDF_SHA256, auth).extract(shared);
    let input: [u8; 32] = derive(&combined, &[b"WebPush: info\0", browser, ours])?;
    let key = Salt::new(HKDF_SHA256, salt).extract(&input);
    let content_key: [u8; 16] = derive(&key, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; NONCE_LEN] = derive(&key, &[b"Content-Encoding: nonce\0"])?;
    // 2 = the last record.
    let mut record = [message, &[2]].concat();
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &content_key)?);
    cipher.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;
    let length = u8::try_from(ours.len()).map_err(|_| Unspecified)?;
    Ok([&salt[..], &RECORD.to_be_bytes(), &[length], ours, &record].concat())
}

#[cfg(test)]
pub(super) mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    /// What the browser with this private key reads.
    pub(crate) fn decrypt(own: EphemeralPrivateKey, public: &[u8], auth: &[u8], body: &[u8]) -> Vec<u8> {
        let (salt, theirs, record) = (&body[..16], &body[21..21 + PUBLIC_BYTES], &body[21 + PUBLIC_BYTES..]);
        let opened = agree_ephemeral(own, &UnparsedPublicKey::new(&ECDH_P256, theirs), |shared| {
            let combined = Salt::new(HKDF_SHA256, auth).extract(shared);
            let input: [u8; 32] = derive(&combined, &[b"WebPush: info\0", public, theirs]).unwrap();
            let key = Salt::new(HKDF_SHA256, salt).extract(&input);
            let content_key: [u8; 16] = derive(&key, &[b"Content-Encoding: aes128gcm\0"]).unwrap();
            let nonce: [u8; NONCE_LEN] = derive(&key, &[b"Content-Encoding: nonce\0"]).unwrap();
            let cipher = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &content_key).unwrap());
            let mut record = record.to_vec();
            let nonce = Nonce::assume_unique_for_key(nonce);
            let plain = cipher.open_in_place(nonce, Aad::empty(), &mut record).unwrap();
            plain.strip_suffix(&[2]).unwrap().to_vec()
        });
        opened.unwrap()
    }

    fn read(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// The example of RFC 8291, section 5 and appendix A.
    #[test]
    fn the_example_of_the_standard_comes_out() {
        let browser = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let ours = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
        let body = sealed(
            b"When I grow up, I want to be a watermelon",
            &read("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs"),
            &read(browser),
            &read(ours),
            &read("BTBZMqHH6r4Tts7J_aSIgg"),
            &read("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap(),
        );
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz\
                        AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(body.unwrap()), expected);
    }

    #[test]
    fn each_message_has_a_key_of_its_own_and_a_wrong_key_of_a_browser_is_refused() {
        let random = SystemRandom::new();
        let browser = EphemeralPrivateKey::generate(&ECDH_P256, &random).unwrap().compute_public_key().unwrap();
        let both = [0, 1].map(|_| encrypt(b"hello", browser.as_ref(), &[7; AUTH_BYTES]).unwrap());
        assert_ne!(both[0], both[1]);
        assert_eq!(both[0].len(), 16 + 4 + 1 + PUBLIC_BYTES + 5 + 1 + 16);
        assert!(encrypt(b"hello", &[4; PUBLIC_BYTES], &[7; AUTH_BYTES]).is_err());
    }
}
