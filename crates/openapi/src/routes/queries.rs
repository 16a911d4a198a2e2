//! What was shipped, decided and released.

use std::collections::BTreeMap;

use domain::{Artifact, ArtifactId, GitEvent, Release, RepositoryName, RequestId, Sha};
use release::hold::Hold;
use release::query::{Event, Explained};
use release::track::{GitopsCommit, Track};
use serde_json::{Value, json};

use crate::answers::{GitopsRepository, Standing};
use crate::operation::Operation;
use crate::parameters::{app, date, env, named, page, query, rest_of_path, text};
use crate::schemas::Schemas;

fn since() -> Value {
    query("since", &date(), "No earlier than this.")
}

fn until() -> Value {
    query("until", &date(), "Earlier than this.")
}

pub(super) fn artifacts(schemas: &mut Schemas) -> Operation {
    let sha = json!({ "type": "array", "items": schemas.body::<Sha>(), "maxItems": 100 });
    let repository = named::<RepositoryName>(schemas, "repository", "Their repository.", false);
    let event = named::<GitEvent>(schemas, "event", "What they were built for.", false);
    Operation::new("Lists artifacts")
        .told("Newest first. Whoever is limited to repositories names one.")
        .takes_all(page())
        .takes_all([since(), until(), repository, event])
        .takes_all([
            query("branch", &text(), "Their branch."),
            query(
                "sourceBranch",
                &text(),
                "The branch that their pull request comes from.",
            ),
            query("sha", &sha, "Their commits; may be repeated."),
        ])
        .answers(200, "A page.", &schemas.answer::<Vec<Artifact>>())
        .paged()
        .may_be_wrong()
}

pub(super) fn artifact(schemas: &mut Schemas) -> Operation {
    let id = schemas.body::<ArtifactId>();
    Operation::new("One artifact")
        .takes(rest_of_path(
            "id",
            &id,
            "Its id, whose slashes may stand as they are or encoded.",
        ))
        .answers(200, "The artifact.", &schemas.answer::<Artifact>())
        .may_be_missing("there is no such artifact")
}

pub(super) fn status(schemas: &mut Schemas) -> Operation {
    let (env, app) = (env(schemas, true), app(schemas, false));
    Operation::new("What stands in an environment")
        .takes_all([env, app])
        .answers(
            200,
            "By app: the release that is wanted, beside what is known to run.",
            &schemas.answer::<BTreeMap<String, Standing>>(),
        )
        .may_be_wrong()
        .may_be_missing("the app does not stand there")
}

pub(super) fn event(schemas: &mut Schemas) -> Operation {
    let id = named::<RequestId>(schemas, "id", "The request, or the group of them.", true);
    Operation::new("How a request goes")
        .takes(id)
        .answers(
            200,
            "How it stands, app by app.",
            &schemas.answer::<Event>(),
        )
        .may_be_wrong()
        .may_be_missing("there is no such request")
}

pub(super) fn track_release(schemas: &mut Schemas) -> Operation {
    let id = named::<RequestId>(schemas, "id", "The request, or the group of them.", true);
    Operation::new("How a request goes, up to the cluster")
        .takes(id)
        .answers(
            200,
            "How it stands, app by app.",
            &schemas.answer::<Track>(),
        )
        .may_be_wrong()
        .may_be_missing("there is no such request")
}

pub(super) fn track_artifact(schemas: &mut Schemas) -> Operation {
    let id = named::<ArtifactId>(schemas, "artifactId", "The artifact.", true);
    Operation::new("How what an artifact's policies released goes, up to the cluster")
        .takes(id)
        .answers(
            200,
            "How it stands, app by app.",
            &schemas.answer::<Track>(),
        )
        .may_be_wrong()
        .may_be_missing("there is no such artifact")
}

pub(super) fn gitops_commits(schemas: &mut Schemas) -> Operation {
    let env = env(schemas, false);
    Operation::new("The latest 20 commits of the GitOps repositories")
        .takes(env)
        .answers(200, "Newest first.", &schemas.answer::<Vec<GitopsCommit>>())
        .may_be_wrong()
}

pub(super) fn sink() -> Operation {
    Operation::new("GimletD's stream of commits, which is not there")
        .told("Ask `GET /api/gitopsCommits` instead.")
        .problem(410, "gone", "always: commits are not streamed")
}

pub(super) fn gitops_repository(schemas: &mut Schemas) -> Operation {
    let env = env(schemas, false);
    Operation::new("The GitOps repository of an environment")
        .takes(env)
        .answers(200, "Its name.", &schemas.answer::<GitopsRepository>())
        .may_be_wrong()
        .may_be_missing("no repository is configured for the environment")
}

pub(super) fn explain(schemas: &mut Schemas) -> Operation {
    let id = named::<ArtifactId>(schemas, "artifact", "The artifact.", true);
    Operation::new("Why an artifact was released, or not")
        .takes(id)
        .answers(
            200,
            "What was decided, and what the policies say now.",
            &schemas.answer::<Explained>(),
        )
        .may_be_wrong()
        .may_be_missing("there is no such artifact")
}

pub(super) fn releases(schemas: &mut Schemas) -> Operation {
    let (env, app) = (env(schemas, true), app(schemas, false));
    let repository = named::<RepositoryName>(schemas, "git-repo", "The source repository.", false);
    Operation::new("Lists releases")
        .told("Newest first.")
        .takes_all([env, app, repository, since(), until()])
        .takes_all(page())
        .answers(200, "A page.", &schemas.answer::<Vec<Release>>())
        .paged()
        .may_be_wrong()
}

pub(super) fn holds(schemas: &mut Schemas) -> Operation {
    let (env, app) = (env(schemas, false), app(schemas, false));
    Operation::new("Lists the holds in force")
        .takes_all([env, app])
        .answers(200, "Oldest first.", &schemas.answer::<Vec<Hold>>())
        .may_be_wrong()
}
