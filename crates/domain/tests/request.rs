//! Requests, outcomes, release records and commit messages: what is stored and what is written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
// clippy.toml exempts test functions alone, not what they call.

use domain::{
    AppName, Artifact, ArtifactLimits, CommitMessageError, DeleteRequest, EnvName, InvalidRequest,
    Outcome, Release, ReleaseRecord, ReleaseRequest, ReleaseTrailers, Request, RequestId,
    RequestKind, RequestStatus, RollbackRequest, TriggeredBy, delete_message, release_message,
    rollback_message,
};

const UUID: &str = "01234567-89ab-cdef-0123-456789abcdef";

fn artifact() -> Artifact {
    let text =
        br#"{"version":{"repositoryName":"o/r","sha":"ea9ab7","branch":"main","message":"a <b>"}}"#;
    let shipped = Artifact::parse(text, &ArtifactLimits::default()).unwrap();
    shipped.received(UUID.parse().unwrap(), 1_600_000_000)
}

fn app(name: &str) -> AppName {
    name.parse().unwrap()
}

fn env(name: &str) -> EnvName {
    name.parse().unwrap()
}

#[test]
fn a_policy_s_request_is_the_same_whenever_it_is_made() {
    let first = Request::for_policy(&artifact(), env("prod"), app("web"));
    assert_eq!(
        first,
        Request::for_policy(&artifact(), env("prod"), app("web"))
    );
    assert_eq!(first.created_ms, 1_600_000_000_000);
    // Keys of requests that wait survive an upgrade only while this id stays what it is.
    assert_eq!(first.id.as_str(), "ab7d4bdf-ff35-8230-9698-485b47f17943");
    let others = [
        Request::for_policy(&artifact(), env("prod"), app("web2")).id,
        Request::for_policy(&artifact(), env("prod2"), app("web")).id,
        RequestId::for_manual(
            &artifact().id,
            &env("prod"),
            Some(&app("web")),
            &TriggeredBy::Policy,
            "",
        ),
    ];
    assert!(others.iter().all(|other| *other != first.id));
}

#[test]
fn parts_of_a_derived_id_cannot_be_shifted_into_each_other() {
    let id = |env_name: &str, app_name: &str| {
        RequestId::for_policy(&artifact().id, &env(env_name), &app(app_name))
    };
    assert_ne!(id("a", "bc"), id("ab", "c"));
    let manual = |app_name: Option<&AppName>, key: &str| {
        RequestId::for_manual(
            &artifact().id,
            &env("e"),
            app_name,
            &"alice".parse().unwrap(),
            key,
        )
    };
    assert_eq!(manual(None, "k"), manual(None, "k"));
    assert_ne!(manual(None, "k"), manual(None, "l"));
    assert_ne!(manual(None, "k"), manual(Some(&app("a")), "k"));
    // RFC 9562: version 8, variant 10.
    let uuid: uuid::Uuid = manual(None, "k").as_str().parse().unwrap();
    assert_eq!(
        (uuid.get_version_num(), uuid.get_variant()),
        (8, uuid::Variant::RFC4122)
    );
}

#[test]
fn a_stored_request_reads_back() {
    let policy = Request::for_policy(&artifact(), env("prod"), app("web"));
    let text = String::from_utf8(policy.to_bytes().unwrap()).unwrap();
    assert_eq!(
        text,
        format!(
            r#"{{"v":1,"id":"{}","createdMs":1600000000000,"request":{{"kind":"release","artifactId":"o/r-{UUID}","env":"prod","app":"web","triggeredBy":"policy"}}}}"#,
            policy.id
        )
    );
    assert_eq!(Request::from_bytes(text.as_bytes()).unwrap(), policy);
    let release = ReleaseRequest {
        artifact_id: artifact().id,
        env: env("prod"),
        app: None,
        triggered_by: "alice".parse().unwrap(),
    };
    let manual = Request {
        id: UUID.parse().unwrap(),
        created_ms: 7,
        kind: RequestKind::Release(release),
    };
    assert_eq!(
        Request::from_bytes(&manual.to_bytes().unwrap()).unwrap(),
        manual
    );
}

#[test]
fn what_this_build_cannot_read_is_an_error_of_its_own() {
    let of = |text: &str| Request::from_bytes(text.as_bytes()).unwrap_err();
    assert!(matches!(
        of(r#"{"v":2,"anything":true}"#),
        InvalidRequest::UnknownVersion(2)
    ));
    assert!(matches!(of("{}"), InvalidRequest::Malformed(_)));
    assert!(matches!(of(r#"{"v":1}"#), InvalidRequest::Malformed(_)));
    assert!(matches!(
        of(&" ".repeat(70_000)),
        InvalidRequest::TooLarge { .. }
    ));
    let escape = r#"{"v":1,"id":"01234567-89ab-cdef-0123-456789abcdef","createdMs":1,"request":{"kind":"release","artifactId":"o/r-01234567-89ab-cdef-0123-456789abcdef","env":"..","triggeredBy":"x"}}"#;
    assert!(matches!(of(escape), InvalidRequest::Malformed(_)));
}

#[test]
fn an_outcome_has_gimletd_s_word_and_its_reason() {
    let commit = Outcome::Released {
        commit: "0a".repeat(20).parse().unwrap(),
    };
    let table = [
        (commit, RequestStatus::Processed, ""),
        (Outcome::Unchanged, RequestStatus::Processed, ""),
        (
            Outcome::Refused {
                reason: "held".to_owned(),
            },
            RequestStatus::Error,
            "held",
        ),
        (
            Outcome::Failed {
                reason: "down".to_owned(),
            },
            RequestStatus::Error,
            "down",
        ),
    ];
    for (outcome, status, description) in table {
        assert_eq!(
            (outcome.status(), outcome.description()),
            (status, description)
        );
        let json = serde_json::to_string(&outcome).unwrap();
        assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), outcome);
    }
    assert_eq!(RequestStatus::New.as_str(), "new");
}

fn record() -> ReleaseRecord {
    let artifact = artifact();
    ReleaseRecord {
        app: app("web"),
        env: env("prod"),
        artifact_id: artifact.id,
        triggered_by: TriggeredBy::Policy,
        version: Some(artifact.content.version),
    }
}

#[test]
fn the_record_in_the_repository_is_go_s_json_and_a_newline() {
    let expected = concat!(
        r#"{"app":"web","env":"prod","artifactId":"o/r-01234567-89ab-cdef-0123-456789abcdef","triggeredBy":"policy","#,
        r#""version":{"repositoryName":"o/r","sha":"ea9ab7","branch":"main","message":"a \u003cb\u003e"},"#,
        r#""gitopsRef":"","gitopsRepo":""}"#,
        "\n"
    );
    assert_eq!(String::from_utf8(record().to_file()).unwrap(), expected);
    assert_eq!(record().to_file(), record().to_file());
    let bare = ReleaseRecord {
        version: None,
        ..record()
    };
    assert!(
        String::from_utf8(bare.to_file())
            .unwrap()
            .contains(r#""version":null,"#)
    );
}

#[test]
fn the_record_in_the_api_says_its_commit() {
    let mut release = Release {
        record: ReleaseRecord {
            version: None,
            ..record()
        },
        gitops_ref: Some("0a".repeat(20).parse().unwrap()),
        gitops_repo: "o/gitops".to_owned(),
        created: 5,
        rolled_back: true,
        commit_status: None,
    };
    let head = r#"{"app":"web","env":"prod","artifactId":"o/r-01234567-89ab-cdef-0123-456789abcdef","triggeredBy":"policy","version":null,"#;
    let commit = "0a".repeat(20);
    let tail = format!(
        r#""gitopsRef":"{commit}","gitopsRepo":"o/gitops","created":5,"rolledBack":true}}"#
    );
    assert_eq!(
        serde_json::to_string(&release).unwrap(),
        format!("{head}{tail}")
    );
    release.created = 0;
    release.rolled_back = false;
    release.gitops_ref = None;
    let tail = r#""gitopsRef":"","gitopsRepo":"o/gitops"}"#;
    assert_eq!(
        serde_json::to_string(&release).unwrap(),
        format!("{head}{tail}")
    );
}

fn trailers() -> ReleaseTrailers {
    ReleaseTrailers {
        release_id: UUID.parse().unwrap(),
        artifact_id: artifact().id,
        // Characters that tinytemplate would escape for HTML, or take for its own.
        triggered_by: "a<b>&'{x}\"".parse().unwrap(),
        source_sha: "{sha}".parse().unwrap(),
    }
}

#[test]
fn a_release_commit_has_gimletd_s_subject_and_our_trailers() {
    let message = release_message(&env("prod"), &app("web"), &trailers());
    let expected = format!(
        "[Gimlet] prod/web automated deploy\n\nRelease-Id: {UUID}\nArtifact-Id: o/r-{UUID}\nTriggered-By: a<b>&'{{x}}\"\nSource-Sha: {{sha}}\n"
    );
    assert_eq!(message, expected);
    assert_eq!(ReleaseTrailers::parse(&message).unwrap(), trailers());
}

#[test]
fn trailers_are_read_from_the_last_paragraph_alone() {
    let message = release_message(&env("prod"), &app("web"), &trailers());
    let signed = format!("{message}Signed-off-by: A <a@b>\n");
    assert_eq!(ReleaseTrailers::parse(&signed).unwrap(), trailers());
    let quoted = format!("{message}\nSomething else: said later\n");
    assert_eq!(
        ReleaseTrailers::parse(&quoted),
        Err(CommitMessageError::Missing("Release-Id"))
    );
    assert_eq!(
        ReleaseTrailers::parse("fix"),
        Err(CommitMessageError::Missing("Release-Id"))
    );
    assert_eq!(
        ReleaseTrailers::parse(""),
        Err(CommitMessageError::Missing("Release-Id"))
    );
    let twice = format!("{message}Release-Id: {UUID}\n");
    assert_eq!(
        ReleaseTrailers::parse(&twice),
        Err(CommitMessageError::Repeated("Release-Id"))
    );
    let broken = message.replace(&format!("Release-Id: {UUID}"), "Release-Id: 7");
    assert!(matches!(
        ReleaseTrailers::parse(&broken),
        Err(CommitMessageError::Invalid {
            trailer: "Release-Id",
            ..
        })
    ));
}

proptest::proptest! {
    #[test]
    fn any_login_survives_the_message_on_one_line(login in "\\PC{1,40}") {
        if let Ok(triggered_by) = login.parse::<TriggeredBy>() {
            let trailers = ReleaseTrailers { triggered_by, ..trailers() };
            let message = release_message(&env("prod"), &app("web"), &trailers);
            proptest::prop_assert_eq!(message.lines().count(), 6);
            proptest::prop_assert_eq!(ReleaseTrailers::parse(&message), Ok(trailers));
        }
    }

    #[test]
    fn any_bytes_are_a_request_or_an_error(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..100)) {
        let _ = Request::from_bytes(&bytes);
    }
}

fn rollback() -> RollbackRequest {
    RollbackRequest {
        env: env("prod"),
        app: app("web"),
        target: "0123456789abcdef0123456789abcdef01234567".parse().unwrap(),
        artifact_id: artifact().id,
        triggered_by: "ann".parse().unwrap(),
    }
}

#[test]
fn the_message_of_a_rollback_is_told_by_gimletds_words() {
    let id: RequestId = "0197b2d6-6f10-7000-8000-000000000001".parse().unwrap();
    let tip = "89abcdef0123456789abcdef0123456789abcdef".parse().unwrap();
    let message = rollback_message(&id, &rollback(), &tip);
    assert_eq!(
        message,
        format!(
            "[Gimlet] prod/web rolled back to 0123456\n\n\
             This reverts commits 0123456789abcdef0123456789abcdef01234567..89abcdef0123456789abcdef0123456789abcdef of prod/web.\n\n\
             Release-Id: 0197b2d6-6f10-7000-8000-000000000001\nArtifact-Id: o/r-{UUID}\nTriggered-By: ann\n\
             Rolled-Back-To: 0123456789abcdef0123456789abcdef01234567\n"
        )
    );
    assert!(message.contains("This reverts commit"));
}

#[test]
fn the_message_of_a_deletion_is_gimletds() {
    let id: RequestId = "0197b2d6-6f10-7000-8000-000000000001".parse().unwrap();
    for who in ["ann", "policy"] {
        let delete = DeleteRequest {
            env: env("prod"),
            app: app("web"),
            triggered_by: who.parse().unwrap(),
        };
        assert_eq!(
            delete_message(&id, &delete),
            format!(
                "[GimletD delete] prod/web deleted by {who}\n\nRelease-Id: 0197b2d6-6f10-7000-8000-000000000001\nTriggered-By: {who}\n"
            )
        );
    }
}

#[test]
fn every_kind_of_request_is_read_as_it_was_stored() {
    let rollback = rollback();
    let delete = DeleteRequest {
        env: env("prod"),
        app: app("web"),
        triggered_by: TriggeredBy::Policy,
    };
    let ids = [
        RequestId::for_rollback(&rollback, "key"),
        RequestId::for_delete(&delete, "key"),
        RequestId::for_cleanup(&rollback.artifact_id, &rollback.env, &rollback.app),
    ];
    let kinds = [
        RequestKind::Rollback(rollback),
        RequestKind::Delete(delete.clone()),
        RequestKind::Delete(delete),
    ];
    for (id, kind) in ids.iter().zip(kinds) {
        let request = Request {
            id: id.clone(),
            created_ms: 7,
            kind,
        };
        let read = Request::from_bytes(&request.to_bytes().unwrap()).unwrap();
        assert_eq!(read, request);
        assert_eq!(
            (read.kind.env().as_str(), read.kind.app().unwrap().as_str()),
            ("prod", "web")
        );
    }
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}
