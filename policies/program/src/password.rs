//! The password of a secret key: from the terminal, or a line of standard input for scripts.

use std::io::Read as _;

use tvaers_protocol::problem::{Exit, Problem};
use zeroize::Zeroizing;

use crate::lang::Lang;
use crate::show::problem::of_system;

/// Bytes of a password, at most: as the minisign tool has it.
const BYTES_MAX: u64 = 1024;

/// How a secret key is protected.
#[derive(Debug, clap::Args)]
pub(crate) struct Protection {
    /// Read the password from a line of standard input
    #[arg(long)]
    password_stdin: bool,
    /// No password: whoever has the file can sign
    #[arg(short = 'W', long, conflicts_with = "password_stdin")]
    no_password: bool,
}

impl Protection {
    /// The password for a new key, asked twice of a person; none where none is wanted.
    pub(crate) fn new_password(&self, lang: Lang) -> Result<Option<Zeroizing<String>>, Problem> {
        if self.no_password {
            return Ok(None);
        }
        let password = self.password(lang)?;
        if password.is_empty() {
            return Err(refused(
                lang.pick("et tomt password beskytter intet", "an empty password protects nothing"),
            )
            .next(lang.pick("vælg et, eller sig -W", "choose one, or say -W")));
        }
        if !self.password_stdin
            && *asked(lang.pick("Password igen: ", "Password again: "), lang)? != *password
        {
            return Err(refused(lang.pick("de to password er ikke ens", "the two passwords differ")));
        }
        Ok(Some(password))
    }

    /// The password of a key that has one.
    pub(crate) fn password(&self, lang: Lang) -> Result<Zeroizing<String>, Problem> {
        if self.no_password {
            return Err(refused(lang.pick("nøglen har et password", "the key has a password"))
                .next(lang.pick("udelad -W", "leave -W out")));
        }
        if self.password_stdin { read(lang) } else { asked("Password: ", lang) }
    }
}

fn refused(what: impl std::fmt::Display) -> Problem {
    Problem::new(Exit::BadInput, "key.password", what)
}

fn asked(prompt: &str, lang: Lang) -> Result<Zeroizing<String>, Problem> {
    rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|_| {
        let what = lang.pick(
            "passwordet kan kun skrives i en terminal, og her er ingen",
            "the password can only be typed in a terminal, and here is none",
        );
        refused(what).next(lang.pick(
            "kør det i en terminal, eller brug --password-stdin",
            "run it in a terminal, or give --password-stdin",
        ))
    })
}

fn read(lang: Lang) -> Result<Zeroizing<String>, Problem> {
    let mut text = Zeroizing::new(String::new());
    let input = std::io::stdin().lock().take(BYTES_MAX + 1).read_to_string(&mut text);
    input.map_err(|error| refused(of_system(&error, lang)).at("standard input"))?;
    if u64::try_from(text.len()).is_ok_and(|length| length > BYTES_MAX) {
        return Err(refused(match lang {
            Lang::Da => format!("passwordet har mere end {BYTES_MAX} bytes"),
            Lang::En => format!("it has more than {BYTES_MAX} bytes"),
        }));
    }
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}
