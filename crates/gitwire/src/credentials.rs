//! What proves who we are to a Git server. Never printed: `Debug` shows the kind alone.

use std::fmt;

use base64::Engine;

/// The `Authorization` of each request to one remote.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Credentials {
    /// None: a public repository, or a server that trusts its network.
    #[default]
    None,
    /// HTTP Basic (RFC 7617), which GitHub, GitLab, Gitea and Bitbucket take with a token as the password.
    Basic {
        /// The user name; a token's user name differs by host (`x-access-token`, `oauth2`, any).
        username: String,
        /// The password or token.
        password: String,
    },
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer(String),
}

impl Credentials {
    /// The header's value, marked sensitive. Nothing for [`Credentials::None`].
    ///
    /// # Errors
    /// A byte cannot stand in a header.
    pub fn header(&self) -> Result<Option<http::HeaderValue>, http::header::InvalidHeaderValue> {
        let text = match self {
            Credentials::None => return Ok(None),
            Credentials::Basic { username, password } => format!(
                "Basic {}",
                base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"))
            ),
            Credentials::Bearer(token) => format!("Bearer {token}"),
        };
        let mut value = http::HeaderValue::try_from(text)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// The text without the secret, in clear or as it was sent: a host's error page may repeat a request's headers.
    pub fn hide_in(&self, text: &str) -> String {
        let secret = match self {
            Credentials::None => return text.to_owned(),
            Credentials::Basic { password, .. } => password,
            Credentials::Bearer(token) => token,
        };
        let header = self.header().ok().flatten();
        let sent = header.as_ref().and_then(|value| value.to_str().ok());
        let sent = sent.and_then(|value| value.split(' ').nth(1));
        let secrets = [Some(secret.as_str()), sent].into_iter().flatten();
        let secrets = secrets.filter(|secret| !secret.is_empty());
        secrets.fold(text.to_owned(), |text, secret| {
            text.replace(secret, "(hidden)")
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::None => "None",
            Credentials::Basic { .. } => "Basic(hidden)",
            Credentials::Bearer(_) => "Bearer(hidden)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_the_one_of_the_rfc() {
        // RFC 7617 section 2.
        let basic = Credentials::Basic {
            username: "Aladdin".into(),
            password: "open sesame".into(),
        };
        let header = basic.header().unwrap().unwrap();
        assert_eq!(header, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let bearer = Credentials::Bearer("abc".into()).header().unwrap().unwrap();
        assert_eq!(bearer, "Bearer abc");
        assert!(Credentials::None.header().unwrap().is_none());
    }

    #[test]
    fn debug_output_shows_nothing_secret() {
        let basic = Credentials::Basic {
            username: "deploy-bot".into(),
            password: "hunter2".into(),
        };
        assert_eq!(format!("{basic:?}"), "Basic(hidden)");
        let bearer = Credentials::Bearer("hunter2".into());
        assert_eq!(format!("{bearer:?}"), "Bearer(hidden)");
        let header = bearer.header().unwrap().unwrap();
        assert!(!format!("{header:?}").contains("hunter2"));
    }

    #[test]
    fn a_text_that_repeats_the_secret_is_told_without_it() {
        let basic = Credentials::Basic {
            username: "bot".into(),
            password: "hunter2".into(),
        };
        let header = basic.header().unwrap().unwrap();
        let echo = format!("403: Authorization: {}; hunter2", header.to_str().unwrap());
        let told = "403: Authorization: Basic (hidden); (hidden)";
        assert_eq!(basic.hide_in(&echo), told);
        let bearer = Credentials::Bearer("hunter2".into());
        assert_eq!(bearer.hide_in("Bearer hunter2"), "Bearer (hidden)");
        let empty = Credentials::Bearer(String::new());
        assert_eq!(empty.hide_in("a b"), "a b");
        assert_eq!(Credentials::None.hide_in("a b"), "a b");
    }

    #[test]
    fn a_token_that_breaks_the_header_is_an_error() {
        assert!(Credentials::Bearer("a\r\nX: y".into()).header().is_err());
    }
}
