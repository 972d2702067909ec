//! What is written of what a coordinator hands out.

use minisign::KeyPair;

use super::*;
use crate::config::{self, PolicySigner};

struct Made {
    dir: tempfile::TempDir,
    people: Vec<(PolicySigner, KeyPair)>,
}

impl Made {
    fn new() -> Self {
        let people = [("controller", "Ane Ansvarlig"), ("dpo", "Bo Beskytter")].map(|(role, name)| {
            let keys = KeyPair::generate_unencrypted_keypair().unwrap();
            let key = keys.pk.to_base64();
            (PolicySigner { role: role.to_owned(), name: name.to_owned(), key }, keys)
        });
        Self { dir: tempfile::tempdir().unwrap(), people: people.into() }
    }

    /// A text with the signature of who has that role.
    fn item(&self, text: &str, role: &str) -> RevocationFile {
        let (_, keys) = self.people.iter().find(|(signer, _)| signer.role == role).unwrap();
        let signed = minisign::sign(None, &keys.sk, text.as_bytes(), None, None).unwrap();
        RevocationFile { text: text.to_owned(), role: role.to_owned(), signature: signed.to_string() }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.dir.path().join("revocations")
    }

    fn take(&self, items: &[RevocationFile]) -> Taken {
        let stated: Vec<PolicySigner> = self.people.iter().map(|(signer, _)| signer.clone()).collect();
        let node = NodeId::new("k360").unwrap();
        take(&self.folder(), &node, &config::signers(&stated).unwrap(), items)
    }

    /// The names of the files, ascending.
    fn names(&self) -> Vec<String> {
        let name = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        revoked::files(&self.folder()).unwrap().iter().map(name).collect()
    }
}

fn text(node: &str, number: u32) -> String {
    let revocation = Revocation {
        node: NodeId::new(node).unwrap(),
        policy: Digest([7; 32]),
        permit: Some(format!("permit-{number}")),
        from: jiff::civil::date(2026, 3, 1),
        reason: "Aftalen er opsagt.".to_owned(),
    };
    revocation.to_text()
}

fn taken(new: usize, left_out: usize) -> Taken {
    Taken { new, left_out, unkept: None }
}

#[test]
fn what_is_genuine_is_written_once_with_its_signature_and_nothing_else_is() {
    let made = Made::new();
    let one = made.item(&text("k360", 1), "dpo");
    let swapped = RevocationFile { text: text("k360", 2), ..one.clone() };
    let other_role = RevocationFile { role: "controller".to_owned(), ..one.clone() };
    let no_role = RevocationFile { role: "mayor".to_owned(), ..one.clone() };
    let path = RevocationFile { role: "../dpo".to_owned(), ..one.clone() };
    let long = made.item(&format!("{}# {}", text("k360", 3), "x".repeat(TEXT_BYTES_MAX)), "dpo");
    let false_ones = [
        swapped,
        other_role,
        no_role,
        path,
        long,
        made.item(&text("k376", 1), "dpo"),
        made.item("surprise = 1\n", "dpo"),
        RevocationFile { signature: "x".to_owned(), ..one.clone() },
    ];
    assert_eq!(made.take(&false_ones), taken(0, false_ones.len()));
    assert!(made.names().is_empty());
    assert_eq!(made.take(std::slice::from_ref(&one)), taken(1, 0));
    let name = format!("{}.toml", digest(one.text.as_bytes()));
    assert_eq!(made.names(), [name.clone(), format!("{name}.dpo.minisig")]);
    assert_eq!(std::fs::read_to_string(made.folder().join(&name)).unwrap(), one.text);
    // Again, with another signature and by another person: nothing changes.
    let before = std::fs::metadata(made.folder().join(&name)).unwrap().modified().unwrap();
    let again = [made.item(&one.text, "dpo"), made.item(&one.text, "controller")];
    assert_eq!(made.take(&again), taken(0, 0));
    assert_eq!(made.names().len(), 2);
    assert_eq!(std::fs::metadata(made.folder().join(&name)).unwrap().modified().unwrap(), before);
    let kept = std::fs::read_to_string(made.folder().join(format!("{name}.dpo.minisig"))).unwrap();
    assert!(kept == one.signature);
}

#[test]
fn what_was_put_there_by_hand_is_neither_doubled_nor_touched() {
    let made = Made::new();
    let one = made.item(&text("k360", 1), "dpo");
    std::fs::create_dir(made.folder()).unwrap();
    std::fs::write(made.folder().join("by-hand.toml"), &one.text).unwrap();
    assert_eq!(made.take(std::slice::from_ref(&one)), taken(0, 0));
    assert_eq!(made.names(), ["by-hand.toml"]);
    // A write that broke off after the signature goes on; a false signature at that place is told of.
    let two = made.item(&text("k360", 2), "dpo");
    let path = made.folder().join(format!("{}.toml", digest(two.text.as_bytes())));
    let place = signed::beside(&path, "dpo");
    std::fs::write(&place, "x").unwrap();
    let told = made.take(std::slice::from_ref(&two));
    assert!(told.new == 0 && told.unkept.unwrap().contains("another signature") && !path.exists());
    assert_eq!(std::fs::read_to_string(&place).unwrap(), "x");
    std::fs::write(&place, &two.signature).unwrap();
    assert_eq!(made.take(&[two]), taken(1, 0));
    assert!(path.exists());
}

#[test]
fn no_more_are_kept_than_a_policy_loads_with_and_one_too_many_is_told_of() {
    let made = Made::new();
    std::fs::create_dir(made.folder()).unwrap();
    for number in 1..REVOCATIONS_MAX {
        std::fs::write(made.folder().join(format!("{number}.toml")), number.to_string()).unwrap();
    }
    let told = made.take(&[made.item(&text("k360", 1), "dpo"), made.item(&text("k360", 2), "dpo")]);
    assert_eq!((told.new, told.left_out), (1, 0));
    assert!(told.unkept.unwrap().contains("256 already"));
}

#[test]
fn a_folder_that_a_group_shares_keeps_no_revocation_out() {
    use std::os::unix::fs::PermissionsExt as _;
    let made = Made::new();
    std::fs::create_dir(made.folder()).unwrap();
    std::fs::set_permissions(made.folder(), std::fs::Permissions::from_mode(0o775)).unwrap();
    assert_eq!(made.take(&[made.item(&text("k360", 1), "dpo")]), taken(1, 0));
}
