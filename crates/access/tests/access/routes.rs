//! The table of routes: what a path finds, and that the table has no two answers.

use access::{Access, Action, Found, Route, find};

fn found(component: &str, method: &str, path: &str) -> Found {
    find(component, method, path)
}

#[test]
fn a_path_finds_its_route_and_what_it_holds() {
    let cases = [
        ("artifact-query", "GET", "/", Route::Root, "id", ""),
        (
            "artifact-query",
            "GET",
            "/api/artifacts",
            Route::Artifacts,
            "id",
            "",
        ),
        (
            "artifact-query",
            "GET",
            "/api/artifacts/acme/web-1",
            Route::Artifact,
            "id",
            "acme/web-1",
        ),
        (
            "artifact-query",
            "GET",
            "/api/artifacts/a%2Fb",
            Route::Artifact,
            "id",
            "a%2Fb",
        ),
        (
            "access-control",
            "GET",
            "/api/user/ann",
            Route::User,
            "login",
            "ann",
        ),
        (
            "access-control",
            "DELETE",
            "/api/user/ann/tokens/7",
            Route::RevokeToken,
            "id",
            "7",
        ),
        (
            "access-control",
            "POST",
            "/api/user/ann/tokens/7/rotate",
            Route::RotateToken,
            "login",
            "ann",
        ),
    ];
    for (component, method, path, route, name, value) in cases {
        let Found::Route(hit, parameters) = found(component, method, path) else {
            panic!("{method} {path} found nothing");
        };
        assert_eq!(
            (hit, parameters.get(name)),
            (route, value),
            "{method} {path}"
        );
    }
}

#[test]
fn what_is_not_in_the_table_is_not_found() {
    let cases = [
        ("artifact-query", "/api/artifacts/"),
        ("artifact-query", "//api/artifacts"),
        ("artifact-query", "/api/artifacts?"),
        ("artifact-query", "/API/artifacts"),
        ("artifact-query", ""),
        ("artifact-query", "api/artifacts"),
        ("artifact-query", "/api/user/ann"),
        ("access-control", "/api/user/"),
        ("access-control", "/api/user/ann/"),
        ("access-control", "/api/user/ann/tokens/"),
        ("access-control", "/api/user//tokens"),
        ("access-control", "/api/user/ann/tokens/7/rotate/x"),
        ("no-such-component", "/"),
    ];
    for (component, path) in cases {
        for method in ["GET", "POST", "DELETE"] {
            assert_eq!(
                found(component, method, path),
                Found::Nothing { open: false },
                "{method} {path}"
            );
        }
    }
    // It has neither the admin's token nor a word of others.
    assert_eq!(
        found("git-webhooks", "POST", "/api/hooks/github/"),
        Found::Nothing { open: true }
    );
}

#[test]
fn another_method_is_told_what_the_path_takes() {
    let other = |component, method, path| match found(component, method, path) {
        Found::OtherMethods { allow, open } => (allow, open),
        found => panic!("{found:?}"),
    };
    assert_eq!(
        other("gitops-commit", "PUT", "/api/releases"),
        ("GET, POST".to_owned(), false)
    );
    assert_eq!(
        other("artifact-query", "POST", "/healthz"),
        ("GET".to_owned(), true)
    );
    assert_eq!(
        other("access-control", "PATCH", "/api/user/ann"),
        ("GET, DELETE".to_owned(), false)
    );
}

#[test]
fn no_two_routes_answer_the_same_request() {
    for (index, route) in Route::ALL.iter().enumerate() {
        for other in &Route::ALL[index + 1..] {
            let same = (route.method(), route.path()) == (other.method(), other.path());
            assert!(!same, "{route:?} and {other:?}");
        }
        // A concrete path of the route finds the route itself.
        let path = route
            .path()
            .replace("{id...}", "a/b")
            .replace("{login}", "ann")
            .replace("{id}", "7");
        let hit = found(route.component(), route.method(), &path);
        assert!(
            matches!(hit, Found::Route(found, _) if found == *route),
            "{route:?}: {hit:?}"
        );
    }
}

#[test]
fn whatever_changes_something_needs_more_than_reading() {
    for route in Route::ALL {
        let changes = route.method() != "GET";
        let may_only_look = matches!(route.access(), Access::Open | Access::Needs(Action::Read));
        assert!(!(changes && may_only_look), "{route:?}");
    }
}
