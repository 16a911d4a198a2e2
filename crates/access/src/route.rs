//! The routes: which component answers what, and which action it is. Components dispatch by this table, so what is not here
//! cannot be called; the manifest and the authorization matrix of the end-to-end tests are held to it.

use crate::Action;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody: it shows nothing and does nothing.
    Open,
    /// Whoever signs the request: the route checks that itself, with a secret of its own.
    Signed,
    /// Whoever may do this.
    Needs(Action),
}

macro_rules! routes {
    ($($(#[$doc:meta])* $name:ident, $component:literal, $method:literal, $path:literal, $access:expr;)*) => {
        /// A route: one method of one path.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Route {
            $($(#[$doc])* $name,)*
        }

        impl Route {
            /// Every route.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Component, method, path, who may.
            const fn row(self) -> (&'static str, &'static str, &'static str, Access) {
                match self {
                    $(Self::$name => ($component, $method, $path, $access),)*
                }
            }
        }
    };
}

use Access::{Needs, Open, Signed};
use Action::{Audit, Feedback, Hold, Metrics, Read, Release, Ship, Tick, Users, Webhooks};

// In a path `{name}` is one segment, and `{name...}` at the end is all that follows, slashes too.
routes! {
    /// GimletD's health probe.
    Root, "artifact-query", "GET", "/", Open;
    /// How the application is.
    Healthz, "artifact-query", "GET", "/healthz", Open;
    /// Reads the metrics.
    Metrics, "artifact-query", "GET", "/metrics", Needs(Metrics);
    /// Ships an artifact.
    ShipArtifact, "artifact-ingest", "POST", "/api/artifact", Needs(Ship);
    /// Lists artifacts.
    Artifacts, "artifact-query", "GET", "/api/artifacts", Needs(Read);
    /// One artifact.
    Artifact, "artifact-query", "GET", "/api/artifacts/{id...}", Needs(Read);
    /// What stands in an environment.
    Status, "artifact-query", "GET", "/api/status", Needs(Read);
    /// How a request goes.
    Event, "artifact-query", "GET", "/api/event", Needs(Read);
    /// How a request goes, up to the cluster, for GimletD's later clients.
    TrackRelease, "artifact-query", "GET", "/api/eventReleaseTrack", Needs(Read);
    /// How what an artifact's policies released goes, up to the cluster.
    TrackArtifact, "artifact-query", "GET", "/api/eventArtifactTrack", Needs(Read);
    /// The latest commits of the GitOps repositories.
    GitopsCommits, "artifact-query", "GET", "/api/gitopsCommits", Needs(Read);
    /// GimletD's stream of commits, which is not there: it says what to use instead.
    Sink, "artifact-query", "GET", "/sink/register", Open;
    /// The description of all this.
    OpenApi, "artifact-query", "GET", "/api/openapi.json", Open;
    /// The GitOps repository of an environment.
    GitopsRepository, "artifact-query", "GET", "/api/gitopsRepo", Needs(Read);
    /// Why an artifact was released, or not.
    Explain, "policy-evaluation", "GET", "/api/policies/explain", Needs(Read);
    /// Evaluates what waits.
    Evaluate, "policy-evaluation", "POST", "/internal/evaluate", Needs(Tick);
    /// Lists releases.
    Releases, "gitops-commit", "GET", "/api/releases", Needs(Read);
    /// Asks for a release.
    AskForRelease, "gitops-commit", "POST", "/api/releases", Needs(Release);
    /// Puts an earlier release back.
    Rollback, "gitops-commit", "POST", "/api/rollback", Needs(Action::Rollback);
    /// Removes an app from an environment.
    Delete, "gitops-commit", "POST", "/api/delete", Needs(Action::Delete);
    /// Lists the holds in force.
    Holds, "gitops-commit", "GET", "/api/holds", Needs(Read);
    /// Places a hold.
    PlaceHold, "gitops-commit", "POST", "/api/holds", Needs(Hold);
    /// Lifts a hold.
    LiftHold, "gitops-commit", "DELETE", "/api/holds/{id}", Needs(Hold);
    /// Takes what Flux says of a commit.
    FluxEvent, "gitops-feedback", "POST", "/api/flux-events", Needs(Feedback);
    /// Takes what Argo CD says of a commit.
    ArgocdEvent, "gitops-feedback", "POST", "/api/argocd-events", Needs(Feedback);
    /// Takes a webhook of GitHub.
    GithubWebhook, "git-webhooks", "POST", "/api/hooks/github", Signed;
    /// Takes a webhook of GitLab.
    GitlabWebhook, "git-webhooks", "POST", "/api/hooks/gitlab", Signed;
    /// Takes a webhook of Gitea.
    GiteaWebhook, "git-webhooks", "POST", "/api/hooks/gitea", Signed;
    /// Evaluates and flushes what waits.
    Flush, "release-flush", "POST", "/internal/flush", Needs(Tick);
    /// Sends the notifications that are due.
    Notify, "notifications", "POST", "/internal/notify", Needs(Tick);
    /// Lists notifications.
    Notifications, "notifications", "GET", "/api/notifications", Needs(Webhooks);
    /// Sends a notification again.
    RetryNotification, "notifications", "POST", "/api/notifications/{id}/retry", Needs(Webhooks);
    /// Lists users.
    Users, "access-control", "GET", "/api/users", Needs(Users);
    /// Makes a user.
    CreateUser, "access-control", "POST", "/api/user", Needs(Users);
    /// Makes a user, as Gimlet's dashboard asks for it.
    SaveUser, "access-control", "POST", "/api/saveUser", Needs(Users);
    /// One user.
    User, "access-control", "GET", "/api/user/{login}", Needs(Users);
    /// Removes a user and all tokens.
    DeleteUser, "access-control", "DELETE", "/api/user/{login}", Needs(Users);
    /// Removes a user, as Gimlet's dashboard asks for it.
    DeleteUserByBody, "access-control", "POST", "/api/deleteUser", Needs(Users);
    /// Lists a user's tokens.
    Tokens, "access-control", "GET", "/api/user/{login}/tokens", Needs(Users);
    /// Makes a token.
    CreateToken, "access-control", "POST", "/api/user/{login}/tokens", Needs(Users);
    /// Revokes a token.
    RevokeToken, "access-control", "DELETE", "/api/user/{login}/tokens/{id}", Needs(Users);
    /// Makes a token that takes another's place.
    RotateToken, "access-control", "POST", "/api/user/{login}/tokens/{id}/rotate", Needs(Users);
    /// Reads the audit log.
    AuditLog, "access-control", "GET", "/api/audit", Needs(Audit);
    /// Verifies the audit log.
    VerifyAuditLog, "access-control", "GET", "/api/audit/verify", Needs(Audit);
}

impl Route {
    /// The component that answers it.
    pub fn component(self) -> &'static str {
        self.row().0
    }

    /// The method, in upper case.
    pub fn method(self) -> &'static str {
        self.row().1
    }

    /// The path with its `{name}` and `{name...}`.
    pub fn path(self) -> &'static str {
        self.row().2
    }

    /// Who may call it.
    pub fn access(self) -> Access {
        self.row().3
    }
}

/// What a path holds in the places of `{name}`, not decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// What stands in the place of `{name}`, not decoded; empty where the route has no such place.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// This route.
    Route(Route, Parameters),
    /// A path that takes other methods only. Anybody may know where one of them is open.
    OtherMethods {
        /// The methods, as the header `Allow` wants them.
        allow: String,
        /// Whether none of them needs a token.
        open: bool,
    },
    /// Nothing that the component has.
    Nothing {
        /// Whether none of the component's routes needs a token: then it knows of none.
        open: bool,
    },
}

/// Finds the route of a request that reached this component.
pub fn find(component: &str, method: &str, path: &str) -> Found {
    let mut others = Vec::new();
    let of_component = |route: &Route| route.component() == component;
    for route in Route::ALL.iter().copied().filter(of_component) {
        let Some(parameters) = matched(route.path(), path) else {
            continue;
        };
        if route.method() == method {
            return Found::Route(route, parameters);
        }
        others.push(route);
    }
    let needs_token = |route: &Route| matches!(route.access(), Needs(_));
    if others.is_empty() {
        let mut own = Route::ALL
            .iter()
            .filter(|route| of_component(route))
            .peekable();
        return Found::Nothing {
            open: own.peek().is_some() && !own.any(needs_token),
        };
    }
    let methods: Vec<&str> = others.iter().map(|route| route.method()).collect();
    Found::OtherMethods {
        allow: methods.join(", "),
        open: !others.iter().any(needs_token),
    }
}

fn matched(pattern: &'static str, path: &str) -> Option<Parameters> {
    let mut parameters = Vec::new();
    let mut rest = path;
    for piece in pattern.split('/').skip(1) {
        rest = rest.strip_prefix('/')?;
        let name = piece
            .strip_prefix('{')
            .and_then(|piece| piece.strip_suffix('}'));
        if let Some(name) = name.and_then(|name| name.strip_suffix("...")) {
            parameters.push((name, rest.to_owned()));
            return (!rest.is_empty()).then_some(Parameters(parameters));
        }
        let end = rest.find('/').unwrap_or(rest.len());
        let (segment, after) = rest.split_at_checked(end)?;
        match name {
            Some(_) if segment.is_empty() => return None,
            Some(name) => parameters.push((name, segment.to_owned())),
            None if segment != piece => return None,
            None => {}
        }
        rest = after;
    }
    rest.is_empty().then_some(Parameters(parameters))
}
