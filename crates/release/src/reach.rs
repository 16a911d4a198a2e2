//! What an act reaches, for the decision whether somebody may: found before anything is stored.

use access::Scope;
use domain::{ArtifactId, EnvName, ShippedArtifact, TextTemplate, shipped_variables};

use crate::database::Sql;
use crate::ports::{Database, DatabaseError};
use crate::query::EventResult;
use crate::store::history;
use crate::track::TrackResult;

/// What shipping an artifact reaches: its repository in every scope, and each environment and app that its policies may
/// write. A name that cannot be told now may be any.
pub fn of_artifact(shipped: &ShippedArtifact, template: &dyn TextTemplate) -> Vec<Scope> {
    let repository = Scope::new().repository(shipped.version.repository_name.as_str());
    let mut scopes = vec![repository.clone()];
    template.begin();
    let vars = shipped_variables(shipped);
    for manifest in &shipped.environments {
        let env = template.render(&manifest.env, &vars).ok();
        let app = template.render(&manifest.app, &vars).ok();
        let place = repository.clone().environment(env.as_deref());
        scopes.push(place.clone().app(app.as_deref()));
        if let Some(cleanup) = &manifest.cleanup {
            // Rendered when a branch is deleted, with that branch's name.
            let fixed = !cleanup.app.contains("{{");
            scopes.push(place.app(fixed.then_some(cleanup.app.as_str())));
        }
    }
    scopes
}

/// What releasing an artifact reaches.
pub fn of_release(artifact: &ArtifactId, env: &EnvName, app: Option<&str>) -> Scope {
    Scope::new()
        .repository(artifact.repository())
        .environment(env.as_str())
        .app(app)
}

/// What an act on an app where it stands reaches: the repository is that of its last release. Of what was never released, and
/// of a whole environment, the repository may be any.
///
/// # Errors
/// The database failed.
pub async fn of_place<D: Database>(
    sql: &Sql<'_, D>,
    env: Option<&str>,
    app: Option<&str>,
) -> Result<Scope, DatabaseError> {
    let repository = match (env, app) {
        (Some(env), Some(app)) => history::last_repository(sql, env, app).await?,
        _ => None,
    };
    let scope = Scope::new().repository(repository.as_deref());
    Ok(scope.environment(env).app(app))
}

/// What looking at how a request goes reaches.
pub fn of_event(result: &EventResult) -> Scope {
    of_request(result.repository.as_deref(), &result.env, &result.app)
}

/// What looking at how a request goes, up to the cluster, reaches.
pub fn of_track(result: &TrackResult) -> Scope {
    of_request(result.repository.as_deref(), &result.env, &result.app)
}

fn of_request(repository: Option<&str>, env: &str, app: &str) -> Scope {
    Scope::new()
        .repository(repository)
        .environment(env)
        .app(app)
}
