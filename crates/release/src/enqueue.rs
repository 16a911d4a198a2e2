//! Releases that people ask for: checked against the artifact, then queued. Nothing is answered before all is durable.
//!
//! Order of the durable writes: the rows of all requests, in one statement, then their keys. The rows come first because
//! only they know the group by which several requests are tracked: a flush that was quicker would record them without it.
//! A process that dies in between has answered nobody; the flush finds rows without keys, and the same call with the same
//! `Idempotency-Key` queues nothing twice.

use domain::{
    AppName, Artifact, ArtifactId, EnvName, ReleaseRequest, Request, RequestId, RequestKind,
    TextTemplate, TriggeredBy, variables,
};

use crate::ask::{Full, check_room, queue_anew};
use crate::database::Sql;
use crate::ingest::random_request_id;
use crate::ports::{Clock, Database, DatabaseError, KeyValue, KeyValueError};
use crate::store::artifacts;

/// Why a release was not queued.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// There is no such artifact.
    #[error("cannot find artifact with id {0}")]
    UnknownArtifact(ArtifactId),
    /// The artifact has nothing for this environment or app.
    #[error("artifact {artifact} has no manifest for {wanted}; it has {has}")]
    NothingToRelease {
        /// The artifact.
        artifact: ArtifactId,
        /// What was asked for.
        wanted: String,
        /// What there is.
        has: String,
    },
    /// The stored artifact cannot be read.
    #[error("artifact {0} cannot be read: {1}")]
    Unreadable(ArtifactId, String),
    /// More waits than is allowed.
    #[error(transparent)]
    Full(#[from] Full),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The key-value store failed.
    #[error(transparent)]
    KeyValue(#[from] KeyValueError),
}

/// A release that somebody asks for.
#[derive(Debug)]
pub struct Wish {
    /// What to release.
    pub artifact_id: ArtifactId,
    /// Where.
    pub env: EnvName,
    /// One app; absent for all that the artifact has in the environment.
    pub app: Option<AppName>,
    /// Who asks.
    pub triggered_by: TriggeredBy,
    /// The client's key: the same wish with the same key is queued once.
    pub idempotency_key: Option<String>,
}

impl Wish {
    /// The id by which the wish will be tracked: derived from the client's key, or fresh.
    pub fn new_id(&self, clock: &impl Clock) -> RequestId {
        match &self.idempotency_key {
            Some(key) => RequestId::for_manual(
                &self.artifact_id,
                &self.env,
                self.app.as_ref(),
                &self.triggered_by,
                key,
            ),
            None => random_request_id(clock),
        }
    }
}

/// Queues a release under its id, [`Wish::new_id`], by which it can be tracked. One request is queued for each app.
///
/// # Errors
///
/// See [`EnqueueError`].
pub async fn enqueue<K: KeyValue, D: Database, C: Clock>(
    kv: &K,
    sql: &Sql<'_, D>,
    clock: &C,
    template: &dyn TextTemplate,
    wish: &Wish,
    id: &RequestId,
    max_waiting: i64,
) -> Result<(), EnqueueError> {
    check_room::<_, EnqueueError>(sql, max_waiting).await?;
    let body = artifacts::body(sql, wish.artifact_id.as_str()).await?;
    let body = body.ok_or_else(|| EnqueueError::UnknownArtifact(wish.artifact_id.clone()))?;
    let artifact = Artifact::from_stored(body.as_bytes())
        .map_err(|error| EnqueueError::Unreadable(wish.artifact_id.clone(), error.to_string()))?;
    let apps = matching_apps(&artifact, wish, template)?;
    let queued = requests_of(wish, id, apps, clock);
    let group = (queued.len() > 1).then_some(id.as_str());
    queue_anew(kv, sql, &queued, group).await
}

fn requests_of<C: Clock>(
    wish: &Wish,
    id: &RequestId,
    apps: Vec<AppName>,
    clock: &C,
) -> Vec<Request> {
    let created_ms = clock.now_ms();
    let alone = apps.len() == 1;
    apps.into_iter()
        .map(|app| {
            let own = RequestId::for_manual(
                &wish.artifact_id,
                &wish.env,
                Some(&app),
                &wish.triggered_by,
                id.as_str(),
            );
            let release = ReleaseRequest {
                artifact_id: wish.artifact_id.clone(),
                env: wish.env.clone(),
                app: Some(app),
                triggered_by: wish.triggered_by.clone(),
            };
            Request {
                id: if alone { id.clone() } else { own },
                created_ms,
                kind: RequestKind::Release(release),
            }
        })
        .collect()
}

/// The apps that the artifact has in the environment, each once, in the order of its manifests.
fn matching_apps(
    artifact: &Artifact,
    wish: &Wish,
    template: &dyn TextTemplate,
) -> Result<Vec<AppName>, EnqueueError> {
    template.begin();
    let vars = variables(artifact);
    let mut apps = Vec::new();
    let mut has = Vec::new();
    for manifest in &artifact.content.environments {
        let resolved = |text: &str| template.render(text, &vars);
        match (
            resolved(&manifest.env),
            resolved(&manifest.app).map(|app| app.parse::<AppName>()),
        ) {
            (Ok(env), Ok(Ok(app))) => {
                let wanted = wish.app.as_ref().is_none_or(|wanted| *wanted == app);
                has.push(format!("{env}/{app}"));
                if env == wish.env.as_str() && wanted && !apps.contains(&app) {
                    apps.push(app);
                }
            }
            (Err(error), _) | (_, Err(error)) => {
                has.push(format!("{}/{} ({error})", manifest.env, manifest.app))
            }
            (_, Ok(Err(error))) => has.push(format!("{}/{} ({error})", manifest.env, manifest.app)),
        }
    }
    if apps.is_empty() {
        return Err(EnqueueError::NothingToRelease {
            artifact: wish.artifact_id.clone(),
            wanted: wish
                .app
                .as_ref()
                .map_or(wish.env.to_string(), |app| format!("{}/{app}", wish.env)),
            has: if has.is_empty() {
                "none at all".to_owned()
            } else {
                has.join(", ")
            },
        });
    }
    Ok(apps)
}
