//! What Wimble talks about: artifacts, manifests, deploy policies, releases, requests. Types, parsing, validation and
//! decisions with their reasons. It must never do I/O, read a clock or make a random number: the caller passes them in.

mod allowed_host;
mod artifact;
mod commit_message;
mod explain;
mod feedback;
mod fields;
mod git_event;
mod gitops_repository;
mod glob;
mod glob_syntax;
mod go_json;
mod json;
mod manifest;
mod name;
mod outcome;
mod parse;
mod policy;
mod raw_manifests;
mod reason;
mod release_record;
mod request;
mod resolve;
mod sanitize;
#[cfg(feature = "schema")]
mod schema;
mod variables;
mod webhook;

pub use allowed_host::allowed_host_fault;
pub use artifact::{Artifact, ShippedArtifact, Version};
pub use commit_message::{
    CommitMessageError, ReleaseTrailers, delete_message, release_message, rollback_message,
};
pub use explain::{Explanation, Target, explain, explain_with};
pub use feedback::{
    APPLIED, Feedback, InvalidFeedback, NOT_RECONCILED, is_final, read_argocd_event,
    read_flux_event,
};
pub use git_event::{GitEvent, UnknownGitEvent};
pub use gitops_repository::{
    GitopsRepositories, GitopsRepository, InvalidGitopsRepos, source_repository_url,
};
pub use glob::{Glob, InvalidGlob};
pub use go_json::to_go_json;
pub use json::{JsonError, JsonLimits, key_in_two_cases, read as read_json};
pub use manifest::{Chart, CleanupPolicy, DeployPolicy, Json6902Patch, Json6902Target, Manifest};
pub use name::{
    AppName, ArtifactId, BranchName, CommitId, CommitPrefix, EnvName, HoldReason, InvalidName,
    Login, NameRule, Namespace, RepositoryName, RequestId, Sha, TriggeredBy,
};
pub use outcome::{Outcome, RequestStatus};
pub use parse::{ArtifactLimits, InvalidArtifact};
pub use policy::{Decision, cleanup_triggered, decide};
pub use raw_manifests::{FileName, InvalidRawManifests, check_objects, files_of_raw_manifests};
pub use reason::Reason;
pub use release_record::{CommitStatus, Release, ReleaseRecord};
pub use request::{
    DeleteRequest, InvalidRequest, ReleaseRequest, Request, RequestKind, RollbackRequest,
};
pub use resolve::{LiteralText, ResolveError, ResolvedManifest, TemplateError, TextTemplate};
pub use sanitize::sanitize_dns_name;
pub use variables::{shipped_variables, variables};
pub use webhook::{Hook, HookSource, InvalidHook, read_hook};
