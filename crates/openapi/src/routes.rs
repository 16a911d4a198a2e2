//! One description for each route. The match has no wildcard: a route without a description does not compile.

mod changes;
mod feedback;
mod operator;
mod queries;
mod users;

use access::Route;

use crate::operation::Operation;
use crate::schemas::Schemas;

/// Describes a route.
pub(crate) fn describe(route: Route, schemas: &mut Schemas) -> Operation {
    match route {
        Route::Root => operator::root(),
        Route::Healthz => operator::healthz(schemas),
        Route::Metrics => operator::metrics(),
        Route::OpenApi => operator::open_api(),
        Route::Evaluate => operator::evaluate(schemas),
        Route::Flush => operator::flush(schemas),
        Route::Notify => operator::notify(schemas),
        Route::Notifications => operator::notifications(schemas),
        Route::RetryNotification => operator::retry_notification(schemas),
        Route::AuditLog => operator::audit_log(schemas),
        Route::VerifyAuditLog => operator::verify_audit_log(schemas),
        Route::Artifacts => queries::artifacts(schemas),
        Route::Artifact => queries::artifact(schemas),
        Route::Status => queries::status(schemas),
        Route::Event => queries::event(schemas),
        Route::TrackRelease => queries::track_release(schemas),
        Route::TrackArtifact => queries::track_artifact(schemas),
        Route::GitopsCommits => queries::gitops_commits(schemas),
        Route::Sink => queries::sink(),
        Route::GitopsRepository => queries::gitops_repository(schemas),
        Route::Explain => queries::explain(schemas),
        Route::Releases => queries::releases(schemas),
        Route::Holds => queries::holds(schemas),
        Route::ShipArtifact => changes::ship_artifact(schemas),
        Route::AskForRelease => changes::ask_for_release(schemas),
        Route::Rollback => changes::rollback(schemas),
        Route::Delete => changes::delete(schemas),
        Route::PlaceHold => changes::place_hold(schemas),
        Route::LiftHold => changes::lift_hold(schemas),
        Route::FluxEvent => feedback::flux_event(schemas),
        Route::ArgocdEvent => feedback::argocd_event(schemas),
        Route::GithubWebhook => feedback::github_webhook(schemas),
        Route::GitlabWebhook => feedback::gitlab_webhook(schemas),
        Route::GiteaWebhook => feedback::gitea_webhook(schemas),
        Route::Users => users::users(schemas),
        Route::CreateUser => users::create_user(schemas),
        Route::SaveUser => users::save_user(schemas),
        Route::User => users::user(schemas),
        Route::DeleteUser => users::delete_user(),
        Route::DeleteUserByBody => users::delete_user_by_body(schemas),
        Route::Tokens => users::tokens(schemas),
        Route::CreateToken => users::create_token(schemas),
        Route::RevokeToken => users::revoke_token(),
        Route::RotateToken => users::rotate_token(schemas),
    }
}
