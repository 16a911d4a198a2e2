//! Requests, redirects and the HTTP side of answers, without a server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be, in its helpers too"
)]

use gitwire::{
    AdvertisementError, Credentials, HttpError, RedirectError, Remote, Response, ServerText,
    Service, UploadPackCapabilities,
};

const UPLOAD: &str = "/info/refs?service=git-upload-pack";

fn remote() -> Remote {
    let url = "https://git.example.org/team/gitops.git".parse().unwrap();
    Remote::new(url, Credentials::Bearer("hunter2".to_owned()))
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Response {
    let mut builder = http::Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Vec::new()).unwrap()
}

#[test]
fn reading_asks_for_version_2_and_writing_does_not() {
    let request = remote().advertisement_request(Service::UploadPack).unwrap();
    assert_eq!(request.method(), "GET");
    assert_eq!(
        request.uri(),
        "https://git.example.org/team/gitops.git/info/refs?service=git-upload-pack"
    );
    assert_eq!(request.headers()["git-protocol"], "version=2");
    assert_eq!(request.headers()["authorization"], "Bearer hunter2");
    assert_eq!(request.headers()["accept-encoding"], "identity");
    assert!(
        request.headers()["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("git/")
    );
    let request = remote()
        .advertisement_request(Service::ReceivePack)
        .unwrap();
    assert!(!request.headers().contains_key("git-protocol"));
}

#[test]
fn no_debug_output_shows_a_secret() {
    let remote = remote();
    let request = remote.advertisement_request(Service::UploadPack).unwrap();
    let shown = format!("{remote:?} {request:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("git.example.org"));
}

#[test]
fn a_redirect_on_the_same_origin_moves_the_remote() {
    for location in [
        format!("https://git.example.org/new/gitops.git{UPLOAD}"),
        format!("/new/gitops.git{UPLOAD}"),
        format!("//git.example.org:443/new/gitops.git{UPLOAD}"),
    ] {
        let mut remote = remote();
        let request = remote.advertisement_request(Service::UploadPack).unwrap();
        let next = remote
            .follow(&request, &answer(301, &[("location", &location)]))
            .unwrap()
            .unwrap();
        assert_eq!(
            next.uri().to_string(),
            format!("https://git.example.org/new/gitops.git{UPLOAD}")
        );
        assert_eq!(next.headers()["authorization"], "Bearer hunter2");
        assert_eq!(
            remote.url().as_str(),
            "https://git.example.org/new/gitops.git"
        );
        let request = remote
            .ls_refs_request(&UploadPackCapabilities::default(), &[])
            .unwrap();
        assert_eq!(
            request.uri(),
            "https://git.example.org/new/gitops.git/git-upload-pack"
        );
    }
}

#[test]
fn an_answer_that_is_no_redirect_is_left_alone() {
    let mut remote = remote();
    let request = remote.advertisement_request(Service::UploadPack).unwrap();
    for status in [200, 304, 404, 500] {
        assert!(
            remote
                .follow(&request, &answer(status, &[("location", "/x")]))
                .unwrap()
                .is_none()
        );
    }
}

#[test]
fn redirects_that_could_leak_or_mislead_are_refused() {
    let other = |origin: &str| RedirectError::OtherOrigin {
        origin: origin.to_owned(),
    };
    let page = |origin: &str| RedirectError::NotARepository {
        origin: origin.to_owned(),
    };
    let cases = [
        (
            Some(format!("https://evil.example.org/a.git{UPLOAD}")),
            other("https://evil.example.org"),
        ),
        (
            Some(format!("http://git.example.org/a.git{UPLOAD}")),
            other("http://git.example.org"),
        ),
        (
            Some(format!("https://git.example.org:8443/a.git{UPLOAD}")),
            other("https://git.example.org:8443"),
        ),
        (Some("/login".to_owned()), page("https://git.example.org")),
        (
            Some("https://sso.example.org/login?rd=git.example.org".to_owned()),
            page("https://sso.example.org"),
        ),
        (
            Some("/a.git/info/refs?service=git-receive-pack".to_owned()),
            page("https://git.example.org"),
        ),
        (Some("https://[".to_owned()), RedirectError::NoLocation),
        (None, RedirectError::NoLocation),
    ];
    for (location, expected) in cases {
        let mut remote = remote();
        let request = remote.advertisement_request(Service::UploadPack).unwrap();
        let headers: Vec<_> = location
            .iter()
            .map(|location| ("location", location.as_str()))
            .collect();
        let error = remote.follow(&request, &answer(302, &headers)).unwrap_err();
        assert_eq!(error, expected);
        assert_eq!(
            remote.url().as_str(),
            "https://git.example.org/team/gitops.git"
        );
    }
    let mut remote = remote();
    let post = remote
        .ls_refs_request(&UploadPackCapabilities::default(), &[])
        .unwrap();
    let error = remote
        .follow(
            &post,
            &answer(307, &[("location", "/b.git/git-upload-pack")]),
        )
        .unwrap_err();
    assert_eq!(error, RedirectError::NotTheAdvertisement);
}

#[test]
fn redirects_in_a_circle_end() {
    let mut remote = remote();
    let mut request = remote.advertisement_request(Service::UploadPack).unwrap();
    let circle = answer(302, &[("location", &format!("/team/gitops.git{UPLOAD}"))]);
    for _ in 0..5 {
        request = remote.follow(&request, &circle).unwrap().unwrap();
    }
    assert_eq!(
        remote.follow(&request, &circle).unwrap_err(),
        RedirectError::TooMany
    );
}

#[test]
fn each_status_and_content_type_has_its_error() {
    type Headers = &'static [(&'static str, &'static str)];
    let said = ServerText::default;
    let cases: [(u16, Headers, HttpError); 14] = [
        (401, &[], HttpError::Unauthorized { said: said() }),
        (403, &[], HttpError::Forbidden { said: said() }),
        (404, &[], HttpError::NotFound { said: said() }),
        (413, &[], HttpError::TooLarge),
        (429, &[("retry-after", "17")], too_many(429, Some(17))),
        (403, &[("retry-after", "60")], too_many(403, Some(60))),
        (
            429,
            &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")],
            too_many(429, None),
        ),
        (
            503,
            &[("retry-after", "5")],
            HttpError::Server {
                status: 503,
                retry_after: Some(5),
                said: said(),
            },
        ),
        (
            500,
            &[],
            HttpError::Server {
                status: 500,
                retry_after: None,
                said: said(),
            },
        ),
        (204, &[], unexpected(204)),
        (302, &[], unexpected(302)),
        (
            200,
            &[("content-type", "text/html; charset=utf-8")],
            page("text/html; charset=utf-8"),
        ),
        // Azure DevOps, where the token is wrong.
        (203, &[("content-type", "text/html")], page("text/html")),
        (
            200,
            &[
                ("content-type", ADVERTISEMENT),
                ("content-encoding", "gzip"),
            ],
            HttpError::ContentEncoding {
                found: "gzip".to_owned(),
            },
        ),
    ];
    for (status, headers, expected) in cases {
        let error = UploadPackCapabilities::parse(&answer(status, headers)).unwrap_err();
        assert_eq!(error, AdvertisementError::Http(expected));
    }
}

const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";

fn too_many(status: u16, retry_after: Option<u64>) -> HttpError {
    HttpError::TooManyRequests {
        status,
        retry_after,
    }
}

fn unexpected(status: u16) -> HttpError {
    let said = ServerText::default();
    HttpError::Status { status, said }
}

fn page(found: &str) -> HttpError {
    HttpError::ContentType {
        expected: ADVERTISEMENT,
        found: found.to_owned(),
    }
}

#[test]
fn what_a_host_writes_beside_an_error_is_told_where_it_is_text_for_people() {
    let refused = |content_type: &str, body: &str| {
        let answer = http::Response::builder()
            .status(403)
            .header("content-type", content_type)
            .body(body.as_bytes().to_vec())
            .unwrap();
        UploadPackCapabilities::parse(&answer)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(
            "text/plain; charset=UTF-8",
            "This repository was archived so it is read-only.\n"
        ),
        "the Git server forbids this (403): This repository was archived so it is read-only."
    );
    let page = refused("text/html", "<title>Forbidden</title>");
    assert_eq!(page, "the Git server forbids this (403)");
    let lines = refused("text/plain", &"\x1b[31mno\n".repeat(10_000));
    assert!(
        lines.len() < 1_100 && !lines.contains(['\x1b', '\n']),
        "{lines}"
    );
}

#[test]
fn ids_are_hex_text_in_json() {
    let id: gitwire::CommitId = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
    let json = serde_json::to_string(&id).unwrap();
    assert_eq!(json, "\"0123456789abcdef0123456789abcdef01234567\"");
    assert_eq!(
        serde_json::from_str::<gitwire::CommitId>(&json).unwrap(),
        id
    );
    assert!(serde_json::from_str::<gitwire::CommitId>("\"01\"").is_err());
    let name = gitwire::RefName::branch("main").unwrap();
    assert_eq!(serde_json::to_string(&name).unwrap(), "\"refs/heads/main\"");
    assert!(serde_json::from_str::<gitwire::RefName>("\"refs/heads/a..b\"").is_err());
}
