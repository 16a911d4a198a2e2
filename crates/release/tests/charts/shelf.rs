//! What a chart is fetched with: a client that counts on nothing, real SQL, and a clock that moves when it is told.

use std::cell::Cell;

use domain::Chart;
use release::charts::settings::ChartCredentials;
use release::charts::{ChartContent, ChartError, ChartSettings, ChartSources, FetchedChart};
use release::database::Sql;
use release::ports::{Clock, Database, DatabaseError, HttpClient, HttpError, Row, SqlValue};

use crate::world::executor::run;
use crate::world::ports::execute;

/// A database, a clock and settings that outlive one fetch.
pub(crate) struct Shelf {
    connection: rusqlite::Connection,
    now_ms: Cell<u64>,
    agent: ureq::Agent,
    pub(super) settings: ChartSettings,
    /// Hosts that are not allowed, as the platform would have it.
    pub(super) forbidden: Option<String>,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A connection that is kept outlives the server that a test stops.
            .max_idle_connections(0)
            .build();
        Self {
            connection: rusqlite::Connection::open_in_memory().unwrap(),
            now_ms: Cell::new(1_790_000_000_000),
            agent: config.into(),
            settings: ChartSettings {
                loopback_http: true,
                ..ChartSettings::default()
            },
            forbidden: None,
        }
    }

    /// With the variable `chart_credentials`.
    pub(super) fn with_credentials(text: &str) -> Self {
        let mut shelf = Self::new();
        shelf.settings.credentials = ChartCredentials::parse(text).unwrap();
        shelf
    }

    pub(super) fn fetch(
        &self,
        repository: &str,
        name: &str,
        version: &str,
    ) -> Result<FetchedChart, ChartError> {
        let sources = ChartSources {
            http: self,
            sql: Sql::new(self),
            clock: self,
            settings: &self.settings,
        };
        let chart = Chart {
            repository: repository.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
        };
        run(sources.fetch(&chart))
    }

    /// The reason why a chart cannot be had, and whether it may pass. No reason holds what all secrets here hold.
    pub(super) fn refused(&self, repository: &str, name: &str, version: &str) -> (String, bool) {
        let error = self.fetch(repository, name, version).unwrap_err();
        assert!(!error.reason.contains("hunter2"), "{error}");
        (error.reason, error.passing)
    }

    pub(crate) fn advance_minutes(&self, minutes: u64) {
        self.now_ms.set(self.now_ms.get() + minutes * 60_000);
    }

    /// Runs a statement of the test itself.
    pub(super) fn sql(&self, statement: &str) -> Vec<Row> {
        execute(&self.connection, statement, &[]).unwrap()
    }
}

/// The bytes of a packed chart.
pub(super) fn archive(chart: &FetchedChart) -> &[u8] {
    match &chart.content {
        ChartContent::Archive(bytes) => bytes,
        ChartContent::Folder(_) => panic!("a folder"),
    }
}

impl Database for Shelf {
    async fn execute(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, DatabaseError> {
        execute(&self.connection, sql, params)
    }
}

impl Clock for Shelf {
    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    fn random(&self) -> [u8; 16] {
        [7; 16]
    }

    async fn sleep_ms(&self, _: u64) {}
}

impl HttpClient for Shelf {
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        limit: usize,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        let origin = {
            let uri = request.uri();
            let host = uri.authority().unwrap().as_str();
            format!("{}://{host}", uri.scheme_str().unwrap())
        };
        if self.forbidden.as_ref() == Some(&origin) {
            let hint = "the platform's own hint".to_owned();
            return Err(HttpError::NotAllowed { origin, hint });
        }
        let network = |error: ureq::Error| HttpError::Network {
            origin: origin.clone(),
            source: error.to_string().into(),
        };
        let answer = self.agent.run(request).map_err(network)?;
        let (parts, mut body) = answer.into_parts();
        let body = body.with_config().limit(limit as u64 + 1).read_to_vec();
        match body {
            Ok(body) if body.len() <= limit => Ok(http::Response::from_parts(parts, body)),
            Ok(_) | Err(ureq::Error::BodyExceedsLimit(_)) => {
                Err(HttpError::TooLarge { origin, limit })
            }
            Err(error) => Err(network(error)),
        }
    }
}
