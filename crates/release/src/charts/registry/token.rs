//! The token that a registry wants: asked of the realm that it names. A name and a password go to the registry itself, or to a
//! realm that the operator allows; to no other.

use gitwire::Credentials;
use http::header::WWW_AUTHENTICATE;
use http::{Response, StatusCode};
use serde::Deserialize;
use url::Url;

use super::Registry;
use super::challenge::Challenge;
use crate::charts::error::{ChartError, shown};
use crate::charts::web::Get;
use crate::ports::HttpClient;

const TOKEN_BYTES: usize = 64 << 10;
const WHAT: &str = "a token for the registry";

impl<H: HttpClient> Registry<'_, H> {
    /// What to send after an answer of status 401; nothing where there is nothing better than what was sent.
    pub(super) async fn answer_to<T>(
        &self,
        answer: &Response<T>,
    ) -> Result<Option<Credentials>, ChartError> {
        let challenges = answer.headers().get_all(WWW_AUTHENTICATE).iter();
        let challenge = challenges
            .filter_map(|value| Challenge::parse(value.to_str().ok()?))
            .next();
        let own = self.known.map(|known| known.credentials.clone());
        match challenge {
            Some(Challenge::Basic) => Ok(own),
            Some(Challenge::Bearer {
                realm,
                service,
                scope,
            }) => {
                let token = self.token(&realm, service, scope).await?;
                Ok(Some(Credentials::Bearer(token)))
            }
            None => Ok(None),
        }
    }

    async fn token(
        &self,
        realm: &str,
        service: Option<String>,
        scope: Option<String>,
    ) -> Result<String, ChartError> {
        let mut url = self.realm(realm)?;
        let scope = scope.unwrap_or_else(|| format!("repository:{}:pull", self.chart.path));
        {
            let mut query = url.query_pairs_mut();
            if let Some(service) = &service {
                query.append_pair("service", service);
            }
            query.append_pair("scope", &scope);
        }
        let mut get = Get::new(WHAT, url.clone(), TOKEN_BYTES);
        get.accept = "application/json";
        get.credentials = self.credentials_for_realm(&url)?;
        let (answer, _) = get.send(self.http).await?;
        if answer.status() != StatusCode::OK {
            return Err(ChartError::status(WHAT, &url, &answer));
        }
        #[derive(Deserialize)]
        struct Token {
            token: Option<String>,
            access_token: Option<String>,
        }
        let token: Option<Token> = serde_json::from_slice(answer.body()).ok();
        let token = token.and_then(|token| token.token.or(token.access_token));
        token
            .filter(|token| !token.is_empty())
            .ok_or_else(|| ChartError::lasting(format!("{WHAT}: {} gave none", shown(&url))))
    }

    /// Where tokens come from: `https`, or the registry itself.
    fn realm(&self, realm: &str) -> Result<Url, ChartError> {
        let url = Url::parse(realm).ok().filter(|url| {
            let is_own = url.origin() == self.chart.base.origin();
            let is_plain = url.username().is_empty() && url.password().is_none();
            is_plain && (url.scheme() == "https" || is_own)
        });
        url.ok_or_else(|| {
            ChartError::lasting(format!(
                "{} names a token server that is not https; it is not asked",
                self.name()
            ))
        })
    }

    fn credentials_for_realm(&self, realm: &Url) -> Result<Credentials, ChartError> {
        let Some(known) = self.known else {
            return Ok(Credentials::None);
        };
        let origin = realm.origin().ascii_serialization();
        if origin == known.origin || known.realm.as_ref() == Some(&origin) {
            return Ok(known.credentials.clone());
        }
        Err(ChartError::lasting(format!(
            "{} names the token server {origin}, which is another host; add realm={origin} to its entry in chart_credentials if it may see those credentials",
            self.name()
        )))
    }
}
