//! Signatures made by the public tool minisign (0.11), and what was done to them.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use proptest::prelude::*;
use tvaers_policy::signature::{
    KeyError, PublicKey, RoleError, SIGNATURE_BYTES_MAX, SignatureError, SignerRole, verify,
};

const POLICY: &[u8] = include_bytes!("minisign/policy.toml");
const DPO: &str = include_str!("minisign/dpo.pub");
const OTHER: &str = include_str!("minisign/other.pub");
const SIGNED: &str = include_str!("minisign/policy.toml.dpo.minisig");

fn dpo() -> PublicKey {
    PublicKey::parse(DPO).unwrap()
}

#[test]
fn what_minisign_signed_verifies_and_tells_when() {
    let signed = verify(POLICY, SIGNED, &dpo()).unwrap();
    assert_eq!(signed.trusted_comment, "timestamp:1767225600\tfile:policy.toml\thashed");
    assert_eq!(signed.time.unwrap().to_string(), "2026-01-01T00:00:00Z");
    let windows = SIGNED.replace('\n', "\r\n");
    assert!(verify(POLICY, &windows, &dpo()).is_ok(), "an editor's line ends change nothing");
}

#[test]
fn a_comment_of_ones_own_verifies_and_tells_no_time() {
    let signed = verify(POLICY, include_str!("minisign/policy.toml.comment.minisig"), &dpo()).unwrap();
    assert_eq!(signed.trusted_comment, "Læst og forstået");
    assert_eq!(signed.time, None);
}

#[test]
fn a_key_is_read_from_its_file_and_alone() {
    let base64 = DPO.lines().nth(1).unwrap();
    assert_eq!(PublicKey::parse(base64), Ok(dpo()));
    assert_eq!(dpo().base64(), base64);
    // What stands in the file's first line, by the tool.
    assert_eq!(dpo().id(), "1A2698E317335AF0");
    assert_eq!(format!("{:?}", dpo()), "PublicKey(1A2698E317335AF0)");
}

#[test]
fn another_file_another_key_and_a_changed_comment_do_not_verify() {
    let mut changed = POLICY.to_vec();
    changed.push(b'\n');
    assert_eq!(verify(&changed, SIGNED, &dpo()), Err(SignatureError::Wrong));
    assert_eq!(verify(&[], SIGNED, &dpo()), Err(SignatureError::Wrong));
    let other = PublicKey::parse(OTHER).unwrap();
    assert_eq!(verify(POLICY, SIGNED, &other), Err(SignatureError::OtherKey));
    let by_other = include_str!("minisign/policy.toml.other.minisig");
    assert_eq!(verify(POLICY, by_other, &dpo()), Err(SignatureError::OtherKey));
    assert!(verify(POLICY, by_other, &other).is_ok());
    let later = SIGNED.replace("1767225600", "1767225601");
    assert_eq!(verify(POLICY, &later, &dpo()), Err(SignatureError::Wrong));
    // The signature's line of one, the comment's of the other.
    let mixed: Vec<&str> = SIGNED.lines().take(2).chain(by_other.lines().skip(2)).collect();
    assert_eq!(verify(POLICY, &mixed.join("\n"), &dpo()), Err(SignatureError::Wrong));
}

#[test]
fn the_legacy_form_is_refused() {
    let legacy = include_str!("minisign/policy.toml.legacy.minisig");
    assert_eq!(verify(POLICY, legacy, &dpo()), Err(SignatureError::Legacy));
}

#[test]
fn what_is_no_signature_has_its_own_code() {
    let third = SIGNED.lines().take(3).collect::<Vec<_>>().join("\n");
    let more = format!("{SIGNED}approved by everyone\n");
    let long = format!("untrusted comment: {}\n{SIGNED}", "x".repeat(SIGNATURE_BYTES_MAX));
    let bare = SIGNED.replace("untrusted comment: ", "");
    for text in ["", "\n\n\n\n", DPO, third.as_str(), more.as_str(), long.as_str(), bare.as_str()] {
        assert_eq!(verify(POLICY, text, &dpo()), Err(SignatureError::Form), "{text:.80}");
    }
}

#[test]
fn what_is_no_key_is_refused() {
    let base64 = DPO.lines().nth(1).unwrap();
    let short = base64.get(..52).unwrap();
    let algorithm = base64.replacen("RW", "RU", 1);
    let long = format!("untrusted comment: {}\n{base64}", "x".repeat(5_000));
    let more = format!("{DPO}\n{OTHER}");
    for text in ["", "untrusted comment: x\n", short, &algorithm, &long, &more, SIGNED, "æøå"] {
        assert_eq!(PublicKey::parse(text), Err(KeyError), "{text:.80}");
    }
}

#[test]
fn every_error_has_its_code_and_sentences_in_both_languages() {
    use SignatureError::{Form, Legacy, Missing, OtherKey, Wrong};
    for (error, code) in [
        (Missing, "policy.unsigned"),
        (Form, "policy.signature-form"),
        (Legacy, "policy.signature-form"),
        (OtherKey, "policy.signature"),
        (Wrong, "policy.signature"),
    ] {
        assert_eq!(error.code(), code);
        for text in [error.sentence(), error.mend()] {
            assert!(text.da.ends_with('.') && text.en.ends_with('.') && text.da != text.en, "{text:?}");
        }
        let problem = error.problem("policy.toml.dpo.minisig");
        assert_eq!((problem.code.as_str(), problem.place.as_str()), (code, "policy.toml.dpo.minisig"));
    }
}

#[test]
fn a_role_names_its_file() {
    let role: SignerRole = "dpo".parse().unwrap();
    assert_eq!(role.file_name("policy.toml"), "policy.toml.dpo.minisig");
    for wrong in ["", "DPO", "../dpo", "a.b", "databeskyttelsesrådgiver", &"a".repeat(33)] {
        assert_eq!(wrong.parse::<SignerRole>(), Err(RoleError), "{wrong}");
    }
}

proptest! {
    /// Nothing that stands in the files of others panics, and nothing but the signature itself verifies.
    #[test]
    fn garbled_signatures_and_keys_are_refused_without_a_panic(
        at in 0_usize..400, byte in any::<u8>(), noise in any::<Vec<u8>>(),
    ) {
        let mut garbled = SIGNED.as_bytes().to_vec();
        let at = at % garbled.len();
        let was = std::mem::replace(garbled.get_mut(at).unwrap(), byte);
        if let Ok(text) = std::str::from_utf8(&garbled) {
            // The first line is signed by nobody.
            let is_comment = at < SIGNED.find('\n').unwrap();
            let verified = verify(POLICY, text, &dpo()).is_ok();
            prop_assert!(!verified || is_comment || was == byte, "byte {at} changed to {byte}");
        }
        let noise = String::from_utf8_lossy(&noise);
        let _ = verify(POLICY, &noise, &dpo());
        let _ = PublicKey::parse(&noise);
        let signature = data_encoding::BASE64.encode(noise.as_bytes());
        let made_up = format!("untrusted comment: x\n{signature}\ntrusted comment: {noise}\n{signature}\n");
        prop_assert!(verify(POLICY, &made_up, &dpo()).is_err());
        let _ = PublicKey::parse(&signature);
    }
}
