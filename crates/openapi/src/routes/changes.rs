//! What is shipped and asked for.

use domain::{Artifact, CommitPrefix, RequestId, ShippedArtifact};
use release::hold::Hold;

use crate::answers::Queued;
use crate::bodies::{HoldWish, ReleaseWish};
use crate::operation::Operation;
use crate::parameters::{app, env, idempotency_key, named, path};
use crate::schemas::Schemas;

const WAITS: &str = "It waits; follow it by its id.";

pub(super) fn ship_artifact(schemas: &mut Schemas) -> Operation {
    let artifact = schemas.answer::<Artifact>();
    Operation::new("Ships an artifact")
        .told("Stores it and queues its evaluation. `id` and `created` are the server's. Keys are found in any case.")
        .takes(idempotency_key())
        .body(&schemas.body::<ShippedArtifact>())
        .answers(201, "The artifact as it is stored.", &artifact)
        .answers(200, "The same was shipped before: the artifact as it is stored.", &artifact)
        .problem(409, "conflict", "the same artifact was just removed; ship it again")
        .problem(422, "idempotency-key-reused", "another artifact was shipped with this key")
        .may_be_full()
}

pub(super) fn ask_for_release(schemas: &mut Schemas) -> Operation {
    Operation::new("Asks for a release")
        .takes(idempotency_key())
        .body(&schemas.body::<ReleaseWish>())
        .answers(201, WAITS, &schemas.answer::<Queued>())
        .may_be_missing("there is no such artifact")
        .problem(
            422,
            "nothing-to-release",
            "the artifact has no such app in this environment",
        )
        .may_be_full()
}

pub(super) fn rollback(schemas: &mut Schemas) -> Operation {
    let (env, app) = (env(schemas, true), app(schemas, true));
    let told = "The commit of the release to go back to, or the beginning of its id.";
    let sha = named::<CommitPrefix>(schemas, "sha", told, true);
    Operation::new("Puts an earlier release back")
        .told("One commit restores the app's folder; a hold keeps policies from releasing the app meanwhile.")
        .takes_all([env, app, sha, idempotency_key()])
        .answers(201, WAITS, &schemas.answer::<Queued>())
        .may_be_wrong()
        .may_be_missing("no release of the app has this commit")
        .problem(422, "ambiguous-commit", "several do; `candidates` lists them")
        .problem(422, "not-a-release", "the commit wrote something else")
        .may_be_full()
}

pub(super) fn delete(schemas: &mut Schemas) -> Operation {
    let (env, app) = (env(schemas, true), app(schemas, true));
    Operation::new("Removes an app from an environment")
        .takes_all([env, app, idempotency_key()])
        .answers(201, WAITS, &schemas.answer::<Queued>())
        .may_be_wrong()
        .may_be_full()
}

pub(super) fn place_hold(schemas: &mut Schemas) -> Operation {
    Operation::new("Places a hold")
        .told("It keeps policies from releasing until somebody lifts it; people may release all the while.")
        .takes(idempotency_key())
        .body(&schemas.body::<HoldWish>())
        .answers(201, "The hold.", &schemas.answer::<Hold>())
        .problem(409, "too-many-holds", "there are a thousand already")
        .problem(409, "conflict", "the hold that was placed with this `Idempotency-Key` has been lifted")
}

pub(super) fn lift_hold(schemas: &mut Schemas) -> Operation {
    Operation::new("Lifts a hold")
        .takes(path("id", &schemas.body::<RequestId>(), "The hold."))
        .answers_nothing(204, "It is lifted, or was before.")
        .may_be_missing("there is no such hold")
}
