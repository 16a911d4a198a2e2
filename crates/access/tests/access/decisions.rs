//! The decision: every role with every action, and limits against scopes.

use access::{
    Action, Dimension, Grant, InvalidLimits, Limits, Principal, Refusal, Role, Scope, Via, allowed,
    allowed_somewhere,
};
use proptest::prelude::*;

pub(crate) fn principal(grants: Vec<Grant>) -> Principal {
    Principal {
        login: "ann".parse().unwrap(),
        via: Via::Token("t1".to_owned()),
        grants,
    }
}

fn grant(role: Role, limits: Limits) -> Grant {
    Grant { role, limits }
}

fn unlimited(role: Role) -> Principal {
    principal(vec![grant(role, Limits::default())])
}

/// Action, and whether admin, releaser, shipper, viewer and flux have it.
const TABLE: &[(Action, [bool; 5])] = &[
    (Action::Read, [true, true, true, true, false]),
    (Action::Ship, [true, true, true, false, false]),
    (Action::Release, [true, true, false, false, false]),
    (Action::Rollback, [true, true, false, false, false]),
    (Action::Delete, [true, true, false, false, false]),
    (Action::Hold, [true, true, false, false, false]),
    (Action::Feedback, [true, false, false, false, true]),
    (Action::Webhooks, [true, false, false, false, false]),
    (Action::Tick, [true, true, false, false, false]),
    (Action::Metrics, [true, true, false, true, false]),
    (Action::Users, [true, false, false, false, false]),
    (Action::Audit, [true, false, false, false, false]),
];

#[test]
fn each_role_has_its_actions_and_no_other() {
    assert_eq!(TABLE.len(), Action::ALL.len());
    for (action, expected) in TABLE {
        for (role, expected) in Role::ALL.into_iter().zip(expected) {
            let decided = allowed(&unlimited(role), *action, &Scope::everything());
            assert_eq!(decided.is_ok(), *expected, "{role} {action}");
        }
    }
}

#[test]
fn without_a_grant_nothing_is_allowed() {
    for action in Action::ALL {
        let refused = allowed(&principal(Vec::new()), action, &Scope::new()).unwrap_err();
        assert_eq!(refused.code(), "nothing");
    }
}

/// Limits (repositories, apps, environments), scope (the same; `*` is all, nothing is unrelated), whether it is within.
type Case = ([&'static [&'static str]; 3], [&'static str; 3], bool);
const LIMITS: &[Case] = &[
    ([&[], &[], &[]], ["*", "*", "*"], true),
    ([&["acme/web"], &[], &[]], ["acme/web", "", ""], true),
    ([&["acme/web"], &[], &[]], ["acme/api", "", ""], false),
    ([&["acme/web"], &[], &[]], ["acme/web2", "", ""], false),
    ([&["acme/web"], &[], &[]], ["ACME/web", "", ""], false),
    ([&["acme/web"], &[], &[]], ["*", "", ""], false),
    ([&["acme/web"], &[], &[]], ["", "api", "production"], true),
    ([&["acme/*"], &[], &[]], ["acme/web", "", ""], true),
    ([&["acme/*"], &[], &[]], ["acme/deep/web", "", ""], true),
    ([&["acme/*"], &[], &[]], ["acmex/web", "", ""], false),
    ([&["acme/*"], &[], &[]], ["evil/acme/web", "", ""], false),
    ([&["*"], &[], &[]], ["acme/web", "", ""], true),
    // All of them, by name or not, is more than a limit covers, even `*`: leave the limit out.
    ([&["*"], &[], &[]], ["*", "", ""], false),
    ([&[], &["web", "api-*"], &[]], ["", "api-eu", ""], true),
    ([&[], &["web", "api-*"], &[]], ["", "api", ""], false),
    (
        [&[], &[], &["staging"]],
        ["acme/web", "web", "staging"],
        true,
    ),
    (
        [&[], &[], &["staging"]],
        ["acme/web", "web", "production"],
        false,
    ),
    (
        [&["acme/web"], &["web"], &["staging"]],
        ["acme/web", "web", "staging"],
        true,
    ),
    (
        [&["acme/web"], &["web"], &["staging"]],
        ["acme/web", "*", "staging"],
        false,
    ),
    ([&["acme/w[e]b"], &[], &[]], ["acme/w[e]b", "", ""], true),
    ([&["acme/{web,api}"], &[], &[]], ["acme/api", "", ""], true),
];

fn scope([repository, app, environment]: [&str; 3]) -> Scope {
    let mut scope = Scope::new();
    fn name(text: &str) -> Option<&str> {
        (text != "*").then_some(text)
    }
    if !repository.is_empty() {
        scope = scope.repository(name(repository));
    }
    if !app.is_empty() {
        scope = scope.app(name(app));
    }
    if !environment.is_empty() {
        scope = scope.environment(name(environment));
    }
    scope
}

#[test]
fn limits_hold_where_a_scope_is_named_or_all() {
    for ([repositories, apps, environments], wanted, expected) in LIMITS {
        let limits = Limits::of(repositories, apps, environments).unwrap();
        let who = principal(vec![grant(Role::Releaser, limits)]);
        let decided = allowed(&who, Action::Release, &scope(*wanted));
        assert_eq!(decided.is_ok(), *expected, "{who:?} {wanted:?} {decided:?}");
    }
}

#[test]
fn a_token_narrows_its_user_and_never_widens_it() {
    let limited = Limits::of(&[], &[], &["staging"]).unwrap();
    let staging = Scope::new().environment("staging");
    let production = Scope::new().environment("production");
    let both = [
        (
            grant(Role::Viewer, Limits::default()),
            grant(Role::Admin, Limits::default()),
        ),
        (
            grant(Role::Admin, Limits::default()),
            grant(Role::Viewer, Limits::default()),
        ),
    ];
    for (user, token) in both {
        let who = principal(vec![user, token]);
        assert!(allowed(&who, Action::Read, &Scope::everything()).is_ok());
        assert!(allowed(&who, Action::Release, &staging).is_err());
        assert!(allowed(&who, Action::Users, &Scope::everything()).is_err());
    }
    let narrow = [
        (Limits::default(), limited.clone()),
        (limited, Limits::default()),
    ];
    for (user, token) in narrow {
        let who = principal(vec![
            grant(Role::Releaser, user),
            grant(Role::Releaser, token),
        ]);
        assert!(allowed(&who, Action::Release, &staging).is_ok());
        assert!(allowed(&who, Action::Release, &production).is_err());
    }
}

#[test]
fn a_refusal_says_what_is_allowed() {
    let limits = Limits::of(&["acme/web", "acme/api"], &[], &[]).unwrap();
    let who = principal(vec![grant(Role::Shipper, limits)]);
    let refused = |action, scope: Scope| allowed(&who, action, &scope).unwrap_err();
    let other = refused(Action::Ship, Scope::new().repository("acme/db"));
    assert_eq!(other.code(), "limit");
    assert_eq!(
        other.to_string(),
        "ann may only ship for the repositories acme/web, acme/api, not for acme/db"
    );
    let all = refused(Action::Read, Scope::new().repository(None));
    assert!(matches!(all, Refusal::All { .. }));
    assert!(
        all.to_string()
            .ends_with("name one of them, where the route takes a name")
    );
    let role = refused(Action::Rollback, Scope::new());
    assert_eq!(role.code(), "role");
    assert_eq!(
        role.to_string(),
        "ann may not roll back: the role shipper does not include it"
    );
}

#[test]
fn limits_that_say_nothing_are_refused() {
    let limited = |names: &[&str]| Limits::default().limited(Dimension::Repository, names);
    let many = vec!["a"; 101];
    assert_eq!(limited(&[]), Err(InvalidLimits::Empty));
    assert_eq!(limited(&many), Err(InvalidLimits::TooMany));
    assert_eq!(limited(&["!acme/web"]), Err(InvalidLimits::Negated));
    assert_eq!(limited(&[&"x".repeat(256)]), Err(InvalidLimits::TooLong));
    assert!(matches!(limited(&[""]), Err(InvalidLimits::Glob(_))));
    assert!(matches!(
        limited(&["acme/[web"]),
        Err(InvalidLimits::Glob(_))
    ));
}

#[test]
fn stored_limits_are_read_back_and_nothing_else_is_taken() {
    let limits = Limits::of(&["acme/*"], &[], &["staging", "test-?"]).unwrap();
    let text = serde_json::to_string(&limits).unwrap();
    assert_eq!(
        text,
        r#"{"repositories":["acme/*"],"environments":["staging","test-?"]}"#
    );
    assert_eq!(serde_json::from_str::<Limits>(&text).unwrap(), limits);
    for wrong in [
        r#"{"repositories":["[x"]}"#,
        r#"{"repository":["a"]}"#,
        "",
        "null",
    ] {
        assert!(serde_json::from_str::<Limits>(wrong).is_err(), "{wrong}");
    }
}

fn any_name() -> impl Strategy<Value = String> {
    "[ab/*?]{1,4}"
}

fn any_limits() -> impl Strategy<Value = Limits> {
    let names = || proptest::option::of(proptest::collection::vec(any_name(), 1..3));
    (names(), names(), names()).prop_map(|(repositories, apps, environments)| {
        let all = [repositories, apps, environments];
        let mut limits = Limits::default();
        for (dimension, names) in Dimension::ALL.into_iter().zip(all) {
            if let Some(names) = names {
                limits = limits.limited(dimension, &names).unwrap();
            }
        }
        limits
    })
}

fn any_scope() -> impl Strategy<Value = Scope> {
    let extent = || {
        prop_oneof![
            Just(None),
            Just(Some(None)),
            any_name().prop_map(|name| Some(Some(name)))
        ]
    };
    (extent(), extent(), extent()).prop_map(|(repository, app, environment)| {
        let mut scope = Scope::new();
        if let Some(name) = repository {
            scope = scope.repository(name.as_deref());
        }
        if let Some(name) = app {
            scope = scope.app(name.as_deref());
        }
        if let Some(name) = environment {
            scope = scope.environment(name.as_deref());
        }
        scope
    })
}

fn any_grant() -> impl Strategy<Value = Grant> {
    (proptest::sample::select(&Role::ALL[..]), any_limits())
        .prop_map(|(role, limits)| Grant { role, limits })
}

proptest! {
    /// More grants never allow more, in whatever order; each has to allow.
    #[test]
    fn grants_are_a_conjunction(grants in proptest::collection::vec(any_grant(), 1..4), scope in any_scope()) {
        for action in Action::ALL {
            let together = allowed(&principal(grants.clone()), action, &scope).is_ok();
            let each = grants.iter().all(|one| allowed(&principal(vec![one.clone()]), action, &scope).is_ok());
            prop_assert_eq!(together, each);
        }
    }

    /// What is allowed somewhere is said before the scope is known, and is never less than what is allowed there.
    #[test]
    fn the_door_never_lets_less_in_than_the_decision(grants in proptest::collection::vec(any_grant(), 0..3), scope in any_scope()) {
        let who = principal(grants);
        for action in Action::ALL {
            if allowed(&who, action, &scope).is_ok() {
                prop_assert!(allowed_somewhere(&who, action).is_ok());
            }
        }
    }

    /// Everything is never allowed where a part of it is refused.
    #[test]
    fn everything_is_never_easier_than_a_part(one in any_grant(), scope in any_scope()) {
        let who = principal(vec![one]);
        if allowed(&who, Action::Read, &scope).is_err() {
            prop_assert!(allowed(&who, Action::Read, &Scope::everything()).is_err());
        }
    }
}
