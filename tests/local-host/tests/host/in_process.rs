//! An application driven without a socket.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use local_host::{App, Logs, Options, TickError};
use tokio::net::TcpListener;

use crate::Folder;

fn options() -> Options {
    let variables = [("token".to_owned(), "hush".to_owned())].into();
    Options {
        variables,
        logs: Logs::Silent,
        ..Options::default()
    }
}

fn app(folder: &Folder) -> App {
    App::load(&folder.manifest(), options()).unwrap()
}

async fn call(app: &App, method: &str, path: &str, body: impl Into<Bytes>) -> Response<Bytes> {
    app.call(
        Request::builder()
            .method(method)
            .uri(path)
            .body(body.into())
            .unwrap(),
    )
    .await
    .unwrap()
}

/// The text of an answer, which must be a 200.
async fn text(app: &App, method: &str, path: &str, body: &str) -> String {
    let response = call(app, method, path, body.to_owned()).await;
    assert_eq!(response.status(), StatusCode::OK, "{method} {path}");
    String::from_utf8(response.into_body().to_vec()).unwrap()
}

#[tokio::test]
async fn key_value_keeps_what_is_set_until_it_is_deleted() {
    let folder = Folder::new();
    let first = app(&folder);
    assert_eq!(text(&first, "GET", "/guest/kv?a", "").await, "none");
    assert_eq!(text(&first, "PUT", "/guest/kv?a", "1").await, "set");
    assert_eq!(text(&first, "PUT", "/guest/kv?a", "2").await, "set");
    assert_eq!(text(&first, "PUT", "/guest/kv?b", "").await, "set");
    assert_eq!(text(&first, "GET", "/guest/kv?a", "").await, "2");
    assert_eq!(text(&first, "POST", "/guest/kv?b", "").await, "true");
    assert_eq!(text(&first, "GET", "/guest/kv", "").await, "a,b");
    // A second host over the same folder sees it, and its deletion is seen by the first.
    let second = app(&folder);
    assert_eq!(text(&second, "DELETE", "/guest/kv?a", "").await, "deleted");
    assert_eq!(text(&first, "POST", "/guest/kv?a", "").await, "false");
    assert_eq!(text(&first, "DELETE", "/guest/kv?a", "").await, "deleted");
}

#[tokio::test]
async fn stores_and_databases_that_the_manifest_does_not_list_are_denied() {
    let folder = Folder::new();
    let app = app(&folder);
    assert_eq!(
        text(&app, "GET", "/guest/kv-label?default", "").await,
        "opened"
    );
    assert_eq!(
        text(&app, "GET", "/guest/kv-label?other", "").await,
        "Error::AccessDenied"
    );
    assert_eq!(
        text(&app, "GET", "/guest/sqlite-label?default", "").await,
        "opened"
    );
    assert_eq!(
        text(&app, "GET", "/guest/sqlite-label?other", "").await,
        "Error::AccessDenied"
    );
}

#[tokio::test]
async fn sqlite_connections_are_apart_and_keep_every_kind_of_value() {
    let folder = Folder::new();
    let app = app(&folder);
    let expected = r#"1 0 1 [[Value::Integer(-9223372036854775808), Value::Real(0.5), Value::Text("ő\0"), Value::Blob([0, 255]), Value::Null]]"#;
    assert_eq!(text(&app, "GET", "/guest/sqlite-two", "").await, expected);
    assert_eq!(text(&app, "GET", "/guest/sqlite3", "").await, "2 2");
}

#[tokio::test]
async fn a_transaction_that_is_left_open_is_rolled_back() {
    let folder = Folder::new();
    let app = app(&folder);
    text(&app, "POST", "/guest/sqlite", "CREATE TABLE t (x)").await;
    text(
        &app,
        "POST",
        "/guest/sqlite",
        "BEGIN IMMEDIATE\nINSERT INTO t VALUES (1)",
    )
    .await;
    assert_eq!(
        text(&app, "POST", "/guest/sqlite", "SELECT x FROM t").await,
        r#"["x"] []"#
    );
    text(
        &app,
        "POST",
        "/guest/sqlite",
        "BEGIN IMMEDIATE\nINSERT INTO t VALUES (1)\nCOMMIT",
    )
    .await;
    assert_eq!(
        text(&app, "POST", "/guest/sqlite", "SELECT x FROM t").await,
        r#"["x"] [[Value::Integer(1)]]"#
    );
    assert!(
        text(&app, "POST", "/guest/sqlite", "SELEC")
            .await
            .starts_with("Error::Io(")
    );
}

/// As over libSQL: a connection that was silent for too long is of no more use, a new one is.
#[tokio::test]
async fn a_silent_database_connection_expires_where_it_is_told_to() {
    let folder = Folder::new();
    let expiring = App::load(
        &folder.manifest(),
        Options {
            database_expiry: Some(Duration::ZERO),
            ..options()
        },
    )
    .unwrap();
    let twice = "CREATE TABLE IF NOT EXISTS t (x)\nSELECT x FROM t";
    let told = text(&expiring, "POST", "/guest/sqlite", twice).await;
    assert!(told.contains("expired"), "{told}");
    let once = text(&expiring, "POST", "/guest/sqlite", "SELECT x FROM t").await;
    assert_eq!(once, r#"["x"] []"#);
    assert_eq!(
        text(&app(&folder), "POST", "/guest/sqlite", twice).await,
        r#"["x"] []"#
    );
}

#[tokio::test]
async fn variables_are_templates_over_the_applications_variables() {
    let folder = Folder::new();
    let app = app(&folder);
    assert_eq!(
        text(&app, "GET", "/guest/variable?phrase", "").await,
        "hello, world"
    );
    assert_eq!(text(&app, "GET", "/guest/variable?token", "").await, "hush");
    assert!(
        text(&app, "GET", "/guest/variable?greeting", "")
            .await
            .starts_with("Error::Undefined")
    );
    assert!(
        text(&app, "GET", "/guest/variable?Bad-Name", "")
            .await
            .starts_with("Error::InvalidName")
    );
    assert_eq!(
        text(&app, "GET", "/guest/environment?PLACE", "").await,
        "here"
    );
    assert_eq!(
        text(&app, "GET", "/guest/environment?HOME", "").await,
        "unset"
    );
}

#[tokio::test]
async fn an_application_without_a_required_variable_does_not_start() {
    let folder = Folder::new();
    let Err(error) = App::load(&folder.manifest(), Options::default()) else {
        panic!("loaded")
    };
    assert!(format!("{error:#}").contains("\"token\""), "{error:#}");
}

#[tokio::test]
async fn a_component_is_told_how_it_was_reached() {
    let folder = Folder::new();
    let app = app(&folder);
    let headers = text(&app, "GET", "http://example.org:8080/guest/headers?x=1", "").await;
    for line in [
        "spin-path-info: /headers",
        "spin-full-url: http://example.org:8080/guest/headers?x=1",
        "spin-matched-route: /guest/...",
        "spin-component-route: /guest",
        "spin-raw-component-route: /guest/...",
        "spin-base-path: /",
        "spin-client-addr: 127.0.0.1:0",
    ] {
        assert!(
            headers.lines().any(|header| header == line),
            "{line} is not in\n{headers}"
        );
    }
    assert_eq!(text(&app, "GET", "/users/7", "").await, "/users/7");
}

#[tokio::test]
async fn paths_without_a_route_and_private_components_are_not_found() {
    let folder = Folder::new();
    let app = app(&folder);
    for path in ["/", "/nowhere", "/users/7/more", "/other"] {
        let response = call(&app, "GET", path, "").await;
        assert_eq!(
            (response.status(), response.body().len()),
            (StatusCode::NOT_FOUND, 0),
            "{path}"
        );
    }
    assert_eq!(
        text(&app, "GET", "/.well-known/spin/health", "").await,
        "OK"
    );
    let routes = app.routes();
    assert!(
        routes.contains(&("/guest (wildcard)".to_owned(), "guest".to_owned())),
        "{routes:?}"
    );
    assert_eq!(routes.len(), 2, "{routes:?}");
}

#[tokio::test]
async fn an_allowed_host_is_reached_and_another_is_denied() {
    let upstream_folder = Folder::new();
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = upstream.local_addr().unwrap().port();
    tokio::spawn(local_host::serve(app(&upstream_folder), upstream));

    let folder = Folder::with(&port.to_string(), "0 0 0 1 1 *");
    let app = app(&folder);
    // 3 MB: more than any buffer on the way.
    let body = "x".repeat(3_000_000);
    let sent = text(
        &app,
        "POST",
        &format!("/guest/send?http://127.0.0.1:{port}/guest/count"),
        &body,
    )
    .await;
    assert_eq!(sent, "200 3000000");
    assert_eq!(
        text(
            &app,
            "POST",
            &format!("/guest/send?http://127.0.0.1:{port}/nowhere"),
            ""
        )
        .await,
        "404 "
    );
    for url in [
        format!("http://localhost:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        "http://127.0.0.1:1/".into(),
    ] {
        let refused = text(&app, "POST", &format!("/guest/send?{url}"), "").await;
        assert!(refused.contains("HttpRequestDenied"), "{url}: {refused}");
    }
}

/// As on Spin, where a request is told no more than that it was denied.
#[tokio::test]
async fn a_variable_that_is_no_host_closes_every_host() {
    let folder = Folder::new();
    let manifest = std::fs::read_to_string(folder.manifest()).unwrap();
    let manifest = manifest
        .replace(
            "[variables]",
            "[variables]\nhost = { default = \"http://localhost:1\" }",
        )
        .replace("[\"http://127", "[\"{{ host }}\", \"http://127");
    std::fs::write(folder.manifest(), manifest).unwrap();
    let send = "/guest/send?http://other.spin.internal/headers";
    let reached = text(&app(&folder), "POST", send, "").await;
    assert!(reached.starts_with("200 "), "{reached}");
    for host in ["", "localhost", "http://localhost/path", "http://a.*.org"] {
        let mut options = options();
        options.variables.insert("host".to_owned(), host.to_owned());
        let app = App::load(&folder.manifest(), options).unwrap();
        let refused = text(&app, "POST", send, "").await;
        assert!(refused.contains("HttpRequestDenied"), "{host}: {refused}");
    }
}

#[tokio::test]
async fn a_component_reaches_another_only_by_the_name_it_was_allowed() {
    let folder = Folder::new();
    let app = app(&folder);
    let sent = text(
        &app,
        "POST",
        "/guest/send?http://other.spin.internal/headers",
        "",
    )
    .await;
    assert!(sent.starts_with("200 "), "{sent}");
    for line in [
        "spin-path-info: /headers",
        "spin-matched-route: /...",
        "spin-client-addr: 0.0.0.0:0",
    ] {
        assert!(sent.contains(line), "{line} is not in\n{sent}");
    }
    // The other component has no store of its own.
    let denied = text(
        &app,
        "POST",
        "/guest/send?http://other.spin.internal/kv-label?default",
        "",
    )
    .await;
    assert_eq!(denied, "200 Error::AccessDenied");
    let refused = text(
        &app,
        "POST",
        "/guest/send?http://guest.spin.internal/headers",
        "",
    )
    .await;
    assert!(refused.contains("HttpRequestDenied"), "{refused}");
}

#[tokio::test]
async fn a_tick_calls_the_cron_export_and_reports_its_error() {
    let folder = Folder::new();
    let app = app(&folder);
    app.tick("guest").await.unwrap();
    assert!(
        text(&app, "GET", "/guest/kv", "")
            .await
            .starts_with("tick.")
    );
    text(&app, "PUT", "/guest/kv?fail", "").await;
    let Err(TickError::Failed { message, .. }) = app.tick("guest").await else {
        panic!("the tick succeeded")
    };
    assert_eq!(message, "asked to fail");
    assert!(matches!(
        app.tick("other").await,
        Err(TickError::NoTrigger(_))
    ));
}

#[tokio::test]
async fn a_component_that_traps_or_hangs_harms_no_other_request() {
    let folder = Folder::new();
    let app = App::load(
        &folder.manifest(),
        Options {
            request_limit: Duration::from_secs(3),
            ..options()
        },
    )
    .unwrap();
    let (hung, trapped, fine) = tokio::join!(
        call(&app, "GET", "/guest/spin", ""),
        call(&app, "GET", "/guest/panic", ""),
        call(&app, "GET", "/guest/variable?phrase", ""),
    );
    assert_eq!(hung.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(
        (trapped.status(), trapped.body().len()),
        (StatusCode::INTERNAL_SERVER_ERROR, 0)
    );
    assert_eq!(fine.status(), StatusCode::OK);
    call(&app, "PUT", "/guest/kv?hang", "").await;
    assert!(matches!(
        app.tick("guest").await,
        Err(TickError::Ended { .. })
    ));
}

#[tokio::test]
async fn what_components_print_goes_to_the_chosen_file() {
    let folder = Folder::new();
    let file = folder.path().join("components.log");
    let app = App::load(
        &folder.manifest(),
        Options {
            logs: Logs::file(&file).unwrap(),
            ..options()
        },
    )
    .unwrap();
    text(&app, "GET", "/guest/log?one", "").await;
    text(&app, "GET", "/guest/log?two", "").await;
    assert_eq!(
        std::fs::read_to_string(file).unwrap(),
        "stdout one\nstderr one\nstdout two\nstderr two\n"
    );
}

#[tokio::test]
async fn the_peak_of_the_memory_is_told() {
    let folder = Folder::new();
    let app = App::load(
        &folder.manifest(),
        Options {
            report_memory: true,
            ..options()
        },
    )
    .unwrap();
    let peak = async |path: &str| {
        let response = call(&app, "GET", path, "").await;
        let told = response.headers()["x-local-host-peak-memory"]
            .to_str()
            .unwrap()
            .parse::<u64>()
            .unwrap();
        assert_eq!(app.take_peak_memory(), told);
        told
    };
    let small = peak("/guest/allocate?1").await;
    let large = peak("/guest/allocate?50000000").await;
    assert!(
        large >= small + 49_000_000 && large < small + 100_000_000,
        "{small}, then {large}"
    );
}

#[tokio::test]
async fn a_manifest_that_spin_or_this_host_would_refuse_is_refused() {
    let cases = [
        (
            "spin_manifest_version = 2",
            "spin_manifest_version = 1",
            "spin_manifest_version",
        ),
        ("sqlite_databases", "sqlite_database", "sqlite_database"),
        ("component = \"guest\"", "component = \"gest\"", "gest"),
        ("route = \"/users/:id\"", "path = \"/users/:id\"", "route"),
        (
            "key_value_stores = [\"default\"]",
            "key_value_stores = [\"queue\"]",
            "queue",
        ),
        ("\"0 0 0 1 1 *\"", "\"* * * * *\"", "cron_expression"),
        ("{{ greeting }}", "{{ greting }}", "greting"),
        ("http://127.0.0.1:*", "127.0.0.1", "scheme"),
        ("environment =", "files = [\"a\"]\nenvironment =", "files"),
        (
            "environment =",
            "dependencies = { \"a:b/c\" = { path = \"SOURCE\", exports = \"d\" } }\nenvironment =",
            "a:b/c",
        ),
        (
            "[component.other]",
            "[component.an_other]\nsource = \"none\"\n[component.other]",
            "an_other",
        ),
        ("type = \"http\"", "type = \"wagi\"", "wagi"),
    ];
    for (from, to, expected) in cases {
        let folder = Folder::new();
        let manifest = std::fs::read_to_string(folder.manifest()).unwrap();
        assert!(manifest.contains(from), "{from}");
        std::fs::write(folder.manifest(), manifest.replace(from, to)).unwrap();
        let Err(error) = App::load(&folder.manifest(), options()) else {
            panic!("loaded with {to}")
        };
        let error = format!("{error:#}");
        assert!(
            error.contains(expected) && !error.contains("hush"),
            "{to}: {error}"
        );
    }
}
