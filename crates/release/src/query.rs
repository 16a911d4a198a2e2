//! What was shipped, decided and released: GimletD's queries, answered from indexes alone. Reads only.

use domain::{
    AppName, Artifact, ArtifactId, CommitStatus, EnvName, GitEvent, NOT_RECONCILED, Release,
    ReleaseRecord, RequestId, TextTemplate, explain_with,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::database::Sql;
use crate::page::{Page, Place as _};
use crate::ports::{Database, DatabaseError};
use crate::store::artifacts::{self, Filter};
use crate::store::decisions::{self, DecisionRow};
use crate::store::history::{self, Landed, ReleaseFilter};
use crate::store::requests::{self, Tracked};

/// SHAs in one query.
const MOST_SHAS: usize = 100;

/// A query parameter that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter} {problem}")]
pub struct InvalidParameter {
    /// The parameter.
    pub parameter: &'static str,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// A parameter is missing or wrong.
    #[error(transparent)]
    Parameter(#[from] InvalidParameter),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// The decoded parameters of a query, in order. The first value of a name counts, as in Go.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes a query string (`application/x-www-form-urlencoded`).
    pub fn parse(query: &str) -> Self {
        Self(
            url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of a parameter; none if it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.clone())
            .collect()
    }

    pub(crate) fn number(&self, name: &'static str) -> Result<Option<i64>, InvalidParameter> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match text.parse::<i64>() {
            Ok(number) if number >= 0 => Ok(Some(number)),
            _ => Err(InvalidParameter {
                parameter: name,
                problem: "must be a whole number, 0 or more".to_owned(),
            }),
        }
    }

    /// A date in RFC 3339, in milliseconds since the Unix epoch.
    fn date_ms(&self, name: &'static str) -> Result<Option<i64>, InvalidParameter> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        // A `+` that a client did not escape arrives as a space.
        let text = text.replace(' ', "+");
        let date: jiff::Timestamp = text.parse().map_err(|_| InvalidParameter {
            parameter: name,
            problem: "must be a date in RFC 3339, such as 2026-11-22T10:00:00Z (a '+' must be sent as %2B)".to_owned(),
        })?;
        Ok(Some(date.as_millisecond()))
    }

    /// Names and values, in their order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A parameter that is a name; none if it is absent or empty.
    ///
    /// # Errors
    ///
    /// It is not a name of this kind.
    pub fn name<T: std::str::FromStr<Err = domain::InvalidName>>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, InvalidParameter> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|error: domain::InvalidName| InvalidParameter {
                parameter: name,
                problem: format!("must {}", error.rule),
            })
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    ///
    /// It is missing or not a name of this kind.
    pub fn mandatory<T: std::str::FromStr<Err = domain::InvalidName>>(
        &self,
        name: &'static str,
    ) -> Result<T, InvalidParameter> {
        self.name(name)?.ok_or(InvalidParameter {
            parameter: name,
            problem: "parameter is mandatory".to_owned(),
        })
    }
}

/// `GET /api/artifacts`: a page of a JSON array of artifacts, newest first.
///
/// # Errors
///
/// See [`QueryError`].
pub async fn artifacts<D: Database>(
    sql: &Sql<'_, D>,
    parameters: &Parameters,
) -> Result<Page<String>, QueryError> {
    let window = parameters.window()?;
    let event = match parameters.get("event") {
        None => None,
        Some(text) => Some(text.parse::<GitEvent>().map_err(|error| InvalidParameter {
            parameter: "event",
            problem: error.to_string(),
        })?),
    };
    let sha = parameters.all("sha");
    if sha.len() > MOST_SHAS {
        let problem = format!("may be given {MOST_SHAS} times at most");
        return Err(InvalidParameter {
            parameter: "sha",
            problem,
        }
        .into());
    }
    let filter = Filter {
        since_ms: parameters.date_ms("since")?,
        until_ms: parameters.date_ms("until")?,
        repository: parameters.get("repository").map(str::to_owned),
        branch: parameters.get("branch").map(str::to_owned),
        source_branch: parameters.get("sourceBranch").map(str::to_owned),
        sha,
        event: event.map(GitEvent::as_str),
    };
    let mut found = artifacts::search(sql, &filter, &window).await?;
    let next = window.close(&mut found, |artifact| artifact.place.cursor());
    let bodies: Vec<String> = found.into_iter().map(|artifact| artifact.body).collect();
    Ok(Page {
        items: format!("[{}]", bodies.join(",")),
        next,
    })
}

/// `GET /api/artifacts/{id}`: the artifact's JSON.
///
/// # Errors
///
/// See [`QueryError`].
pub async fn artifact<D: Database>(sql: &Sql<'_, D>, id: &str) -> Result<String, QueryError> {
    artifacts::body(sql, id).await?.ok_or_else(|| {
        QueryError::NotFound(format!("cannot find artifact with id {}", printable(id)))
    })
}

/// `GET /api/releases`: a page of releases, newest first.
///
/// # Errors
///
/// See [`QueryError`].
pub async fn releases<D: Database>(
    sql: &Sql<'_, D>,
    parameters: &Parameters,
) -> Result<Page<Vec<Value>>, QueryError> {
    let env: EnvName = parameters.mandatory("env")?;
    let window = parameters.window()?;
    let filter = ReleaseFilter {
        env: env.to_string(),
        app: parameters
            .name::<AppName>("app")?
            .map(|app| app.to_string()),
        repository: parameters.get("git-repo").map(str::to_owned),
        since_s: parameters.date_ms("since")?.map(whole_seconds),
        until_s: parameters.date_ms("until")?.map(whole_seconds),
    };
    let mut landed = history::releases(sql, &filter, &window).await?;
    let next = window.close(&mut landed, |release| release.place.cursor());
    Ok(Page {
        items: landed.iter().map(release_json).collect(),
        next,
    })
}

/// Commits have whole seconds: the first that is not before the given millisecond.
fn whole_seconds(ms: i64) -> i64 {
    -(-ms).div_euclid(1000)
}

/// `GET /api/status`: the release that stands now, by app.
///
/// # Errors
///
/// See [`QueryError`].
pub async fn status<D: Database>(
    sql: &Sql<'_, D>,
    parameters: &Parameters,
) -> Result<Map<String, Value>, QueryError> {
    let env: EnvName = parameters.mandatory("env")?;
    let app = parameters.name::<AppName>("app")?;
    let current = history::current(sql, env.as_str(), app.as_ref().map(AppName::as_str)).await?;
    if let (Some(app), true) = (&app, current.is_empty()) {
        return Err(QueryError::NotFound(format!(
            "{app} does not stand in {env}: it was never released there, or was deleted"
        )));
    }
    Ok(current
        .iter()
        .map(|landed| (landed.app.clone(), status_json(landed)))
        .collect())
}

/// `GET /api/event`: how a request stands, in GimletD's words.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `new`, `processed` or `error`.
    pub status: String,
    /// Why it ended as an error; empty otherwise.
    pub status_desc: String,
    /// The commits in the GitOps repository.
    pub gitops_hashes: Vec<GitopsHash>,
    /// Each app by itself.
    pub results: Vec<EventResult>,
}

/// One commit of a request.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GitopsHash {
    /// The commit.
    pub hash: String,
    /// What Flux last said of it; `N/A` if nothing.
    pub status: String,
    /// Flux's remark.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status_desc: String,
}

/// One app of a request.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventResult {
    /// The request of this app alone.
    pub id: String,
    /// The app.
    pub app: String,
    /// The environment.
    pub env: String,
    /// `new`, `success` or `failure`.
    pub status: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status_desc: String,
    /// The commit, if one was made. A success without one changed nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// The repository of what is released, if it is known: who may see this depends on it.
    #[serde(skip)]
    pub repository: Option<String>,
}

/// `GET /api/event?id=`: one request, or all of a group.
///
/// # Errors
///
/// See [`QueryError`].
pub async fn event<D: Database>(
    sql: &Sql<'_, D>,
    parameters: &Parameters,
) -> Result<Event, QueryError> {
    let id: RequestId = parameters.mandatory("id")?;
    let tracked = requests::track(sql, id.as_str()).await?;
    if tracked.is_empty() {
        return Err(QueryError::NotFound(format!(
            "cannot find a release with id {id}"
        )));
    }
    Ok(event_of(&tracked))
}

/// Pure: several requests as one event. It is new while any waits, and an error if any failed.
pub(crate) fn event_of(tracked: &[Tracked]) -> Event {
    let status = ["new", "error"]
        .into_iter()
        .find(|word| tracked.iter().any(|request| request.status == *word));
    let failed: Vec<String> = tracked
        .iter()
        .filter(|request| request.status == "error")
        .map(|request| format!("{}/{}: {}", request.env, request.app, request.status_desc))
        .collect();
    let hashes = tracked.iter().filter_map(|request| {
        Some(GitopsHash {
            hash: request.gitops_ref.clone()?,
            status: request.sync.status.clone().unwrap_or("N/A".to_owned()),
            status_desc: request.sync.description.clone(),
        })
    });
    Event {
        status: status.unwrap_or("processed").to_owned(),
        status_desc: if status == Some("error") {
            failed.join("; ")
        } else {
            String::new()
        },
        gitops_hashes: hashes.collect(),
        results: tracked
            .iter()
            .map(|request| EventResult {
                id: request.id.clone(),
                app: request.app.clone(),
                env: request.env.clone(),
                status: match request.status.as_str() {
                    "error" => "failure",
                    "processed" => "success",
                    _ => "new",
                },
                status_desc: request.status_desc.clone(),
                hash: request.gitops_ref.clone(),
                repository: request.repository.clone(),
            })
            .collect(),
    }
}

/// `GET /api/policies/explain`: what an artifact's policies say, and what was decided when it was evaluated.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// The artifact.
    pub artifact_id: String,
    /// Whether the artifact was evaluated already.
    pub evaluated: bool,
    /// What was decided then, manifest by manifest.
    pub decisions: Vec<DecisionRow>,
    /// What the policies say now, manifest by manifest.
    pub manifests: Vec<domain::Explanation>,
}

/// Explains the policies of one artifact.
///
/// # Errors
///
/// See [`QueryError`].
pub async fn explain<D: Database>(
    sql: &Sql<'_, D>,
    template: &dyn TextTemplate,
    parameters: &Parameters,
) -> Result<Explained, QueryError> {
    let id: ArtifactId = parameters.mandatory("artifact")?;
    let stored = artifacts::by_ids(sql, &[id.as_str()])
        .await?
        .into_iter()
        .next();
    let stored =
        stored.ok_or_else(|| QueryError::NotFound(format!("cannot find artifact with id {id}")))?;
    let artifact = Artifact::from_stored(stored.body.as_bytes())
        .map_err(|error| QueryError::NotFound(format!("artifact {id} cannot be read: {error}")))?;
    template.begin();
    Ok(Explained {
        artifact_id: stored.id,
        evaluated: stored.evaluated,
        decisions: decisions::of_artifact(sql, id.as_str()).await?,
        manifests: explain_with(&artifact, template),
    })
}

/// What is wanted, as a release, beside what is known to run.
fn status_json(landed: &Landed) -> Value {
    let mut wanted = release_json(landed);
    let applied = landed.applied.as_ref().map(|applied| {
        json!({ "gitopsRef": applied.gitops_ref, "artifactId": applied.artifact_id, "at": applied.at })
    });
    if let Value::Object(fields) = &mut wanted {
        fields.insert("applied".to_owned(), applied.unwrap_or_default());
    }
    wanted
}

/// A release as GimletD's clients read it; its version is the artifact's.
fn release_json(landed: &Landed) -> Value {
    let artifact = landed
        .artifact
        .as_deref()
        .and_then(|body| Artifact::from_stored(body.as_bytes()).ok());
    let typed = (|| {
        Some(Release {
            record: ReleaseRecord {
                app: landed.app.parse().ok()?,
                env: landed.env.parse().ok()?,
                artifact_id: landed.artifact_id.parse().ok()?,
                triggered_by: landed.triggered_by.parse().ok()?,
                version: artifact.map(|artifact| artifact.content.version),
            },
            gitops_ref: landed.gitops_ref.parse().ok(),
            gitops_repo: landed.gitops_repo.clone(),
            created: landed.committed,
            rolled_back: landed.rolled_back,
            commit_status: Some(CommitStatus {
                status: landed
                    .sync
                    .status
                    .clone()
                    .unwrap_or(NOT_RECONCILED.to_owned()),
                description: landed.sync.description.clone(),
                created: landed.sync.at.unwrap_or_default(),
            }),
        })
    })();
    typed
        .and_then(|release| serde_json::to_value(release).ok())
        .unwrap_or_else(|| json!({ "app": landed.app }))
}

/// Decodes a percent-encoded part of a path; what is no UTF-8 matches nothing.
pub fn decode_path(path: &str) -> String {
    percent_encoding::percent_decode_str(path)
        .decode_utf8()
        .map(|text| text.into_owned())
        .unwrap_or_default()
}

/// What somebody sent as an id, as an answer may repeat it.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(255)
        .collect()
}
