//! Reads the URL of a source, and sees to it that rows about health cross a network encrypted, from the right server.

use std::net::IpAddr;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// The parameters that a URL may have.
const PARAMETERS: [&str; 6] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port"];

/// What is wrong with a URL. Nothing of it is quoted: a password with a character that should have been escaped may
/// stand anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL of a PostgreSQL database.
    #[error(
        "it is not of the form postgres://role:password@host:port/database; in a password, `/`, `?`, `#`, `@`, `:` \
         and `%` are written %2F, %3F, %23, %40, %3A and %25"
    )]
    Form,
    /// A parameter that is not known.
    #[error("it has a parameter that is not one of {}", PARAMETERS.join(", "))]
    Parameter,
    /// A connection over a network whose other end would not be known for certain.
    #[error(
        "over a network the server must prove who it is: sslmode must be verify-full, with sslrootcert=FILE where the \
         server's certificate is of the institution's own authority"
    )]
    Tls,
    /// A schema's name that needs quoting.
    #[error(
        "the schema's name must be of lower-case letters, digits and `_`, at most 63, and not begin with a digit"
    )]
    Schema,
}

/// The options, and the place to show to a person.
pub(super) fn parse(url: &str) -> Result<(PgConnectOptions, String), UrlError> {
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
    let rest = rest.ok_or(UrlError::Form)?;
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = address.split_once('/').ok_or(UrlError::Form)?;
    // What lies beyond these may be the rest of a password that was not escaped.
    let plain = |text: &str| !text.contains(['/', '@', '#', '?', ':']);
    if authority.matches('@').count() > 1
        || authority.contains('#')
        || database.is_empty()
        || !plain(database)
        || url.contains(char::is_whitespace)
    {
        return Err(UrlError::Form);
    }
    let keys = || query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next());
    if !keys().all(|key| key.is_some_and(|key| PARAMETERS.contains(&key))) {
        return Err(UrlError::Parameter);
    }
    let options: PgConnectOptions = url.parse().map_err(|_| UrlError::Form)?;
    let options = options.application_name("tvaers-node").disable_statement_logging();
    let place = match options.get_socket() {
        Some(socket) => format!("{}/{database}", socket.display()),
        None => format!("{}:{}/{database}", options.get_host(), options.get_port()),
    };
    let told = keys().any(|key| key == Some("sslmode"));
    let options = match (local(&options), options.get_ssl_mode()) {
        (true, _) if told => options,
        (true, _) => options.ssl_mode(PgSslMode::Disable),
        (false, _) if !told => options.ssl_mode(PgSslMode::VerifyFull),
        (false, PgSslMode::VerifyFull) => options,
        // The other modes, `verify-ca` too, take any server that has a certificate of a public authority.
        (false, _) => return Err(UrlError::Tls),
    };
    Ok((options, place))
}

/// A schema's name, as it may stand in a search path.
pub(super) fn schema(name: &str) -> Result<String, UrlError> {
    let part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let begins = name.bytes().next().is_some_and(|b| part(b) && !b.is_ascii_digit());
    if begins && name.len() <= 63 && name.bytes().all(part) {
        Ok(name.to_owned())
    } else {
        Err(UrlError::Schema)
    }
}

/// Whether the connection stays on this machine.
fn local(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    options.get_socket().is_some()
        || host == "localhost"
        || host.starts_with('/')
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_server_without_its_password() {
        for (url, place) in [
            ("postgres://tvaers:hemmelig@localhost/dw", "localhost:5432/dw"),
            ("postgresql://tvaers:hem%2Fme%40lig@127.0.0.1:6432/dw?sslmode=prefer", "127.0.0.1:6432/dw"),
            ("postgres://tvaers@localhost/dw?host=/run/postgresql", "/run/postgresql/dw"),
            (
                "postgres://tvaers:hemmelig@db.example.dk/dw?sslmode=verify-full&sslrootcert=/x.pem",
                "db.example.dk:5432/dw",
            ),
        ] {
            assert_eq!(parse(url).map(|(_, place)| place).ok().as_deref(), Some(place));
        }
    }

    #[test]
    fn over_a_network_the_server_must_prove_who_it_is() {
        let mode = |query: &str| {
            let url = format!("postgres://tvaers:hemmelig@db.example.dk/dw{query}");
            parse(&url).map(|(options, _)| options.get_ssl_mode() as u8)
        };
        assert_eq!(mode(""), Ok(PgSslMode::VerifyFull as u8));
        assert_eq!(mode("?sslmode=verify-full"), Ok(PgSslMode::VerifyFull as u8));
        for weak in ["disable", "allow", "prefer", "require", "verify-ca"] {
            assert_eq!(mode(&format!("?sslmode={weak}")), Err(UrlError::Tls));
        }
    }

    #[test]
    fn a_password_that_is_not_escaped_is_refused_and_not_quoted() {
        for password in
            ["hem/melig", "hem?melig", "hem#melig", "hem@melig", "12/hemmelig", "1?hemmelig", "1#hemmelig"]
        {
            let url = format!("postgres://tvaers:{password}@localhost/dw");
            let Err(error) = parse(&url) else { panic!("it was taken") };
            assert!(!error.to_string().contains("melig"));
        }
        for url in [
            "",
            "mysql://a:b@c/d",
            "postgres://localhost",
            "postgres://localhost/",
            "postgres://a b@localhost/d",
        ] {
            assert_eq!(parse(url).err(), Some(UrlError::Form));
        }
        assert_eq!(parse("postgres://a@localhost/d?password=x").err(), Some(UrlError::Parameter));
    }

    #[test]
    fn a_schema_is_a_plain_name() {
        assert!(schema("tvaers_v1").is_ok());
        for name in ["", "1a", "A", "a-b", "a\"b", "a,b", "pg catalog"] {
            assert_eq!(schema(name), Err(UrlError::Schema));
        }
    }
}
