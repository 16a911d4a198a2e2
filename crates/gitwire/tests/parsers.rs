//! No answer of a server makes a parser panic, and every error can be shown.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be, in its helpers too"
)]

use gitwire::{
    CommitId, Credentials, FetchAnswer, LsRefsAnswer, Objects, PushReport,
    ReceivePackAdvertisement, RefName, Remote, RemoteUrl, Response, ServerText, Service,
    UploadPackCapabilities,
};
use proptest::prelude::*;

fn answer(content_type: &str, body: &[u8]) -> Response {
    http::Response::builder()
        .header("content-type", content_type)
        .body(body.to_vec())
        .unwrap()
}

/// Every parser over one body.
fn read_all(body: &[u8]) -> Vec<String> {
    let mut errors = Vec::new();
    let mut note = |error: Option<String>| errors.extend(error);
    let advertised = ReceivePackAdvertisement::parse(&answer(
        "application/x-git-receive-pack-advertisement",
        body,
    ));
    note(advertised.err().map(|error| error.to_string()));
    let upload =
        UploadPackCapabilities::parse(&answer("application/x-git-upload-pack-advertisement", body));
    note(upload.err().map(|error| error.to_string()));
    let result = answer("application/x-git-upload-pack-result", body);
    note(
        LsRefsAnswer::parse(&result)
            .err()
            .map(|error| error.to_string()),
    );
    note(
        FetchAnswer::parse(&result)
            .err()
            .map(|error| error.to_string()),
    );
    let result = answer("application/x-git-receive-pack-result", body);
    for capabilities in ["report-status", "report-status side-band-64k"] {
        let first = format!("{:040} capabilities^{{}}\0{capabilities}", 0);
        let body = format!("{:04x}{first}0000", first.len() + 4);
        let offered = answer(
            "application/x-git-receive-pack-advertisement",
            body.as_bytes(),
        );
        let offered = ReceivePackAdvertisement::parse(&offered).unwrap();
        note(
            PushReport::parse(&offered, &result)
                .err()
                .map(|error| error.to_string()),
        );
    }
    errors
}

/// Lines that parsers look at, in any order.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let id = "0123456789abcdef0123456789abcdef01234567";
    let known: Vec<Vec<u8>> = [
        "# service=git-receive-pack\n",
        "# service=git-upload-pack\n",
        "version 2\n",
        "version 1",
        "ls-refs=unborn\n",
        "fetch=shallow filter",
        "object-format=sha256",
        "acknowledgments",
        "shallow-info",
        "packfile\n",
        "unpack ok\n",
        "ok refs/heads/main\n",
        "ng refs/heads/main no",
        "option new-oid x",
        "\x01PACK",
        "\x02progress\r",
        "\x03no\x1b[31m",
        "ERR go away\x07",
        "",
    ]
    .into_iter()
    .map(|line| line.as_bytes().to_vec())
    .chain([
        format!("{id} refs/heads/main\0report-status\n").into_bytes(),
        format!("{id} HEAD symref-target:refs/heads/main peeled:{id}").into_bytes(),
        format!("shallow {id}").into_bytes(),
        format!("unborn HEAD symref-target:{id}").into_bytes(),
    ])
    .collect();
    prop_oneof![
        4 => prop::sample::select(known),
        1 => prop::collection::vec(any::<u8>(), 0..60),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let packet = prop_oneof![
        6 => line().prop_map(|line| [format!("{:04x}", line.len() + 4).into_bytes(), line].concat()),
        1 => Just(b"0000".to_vec()),
        1 => Just(b"0001".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(packet, 0..12).prop_map(|packets| packets.concat())
}

proptest! {
    #[test]
    fn any_lines_are_read_or_refused(body in body()) {
        for error in read_all(&body) {
            prop_assert!(!error.chars().any(char::is_control), "{error:?}");
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(&body);
    }

    #[test]
    fn any_text_is_a_name_or_refused(text in ".{0,40}") {
        let _ = text.parse::<RemoteUrl>();
        let _ = text.parse::<CommitId>();
        let _ = text.parse::<UploadPackCapabilities>();
        if let Ok(name) = RefName::branch(&text) {
            // What is accepted can stand in a line of the protocol.
            prop_assert!(!name.as_str().contains([' ', '\0', '\n']));
            prop_assert_eq!(name.branch_name(), Some(text.as_str()));
        }
    }

    #[test]
    fn the_words_of_a_server_are_one_short_line(bytes in prop::collection::vec(any::<u8>(), 0..6000)) {
        let words = ServerText::new(&bytes);
        prop_assert!(words.as_str().chars().count() <= 1000);
        prop_assert!(!words.as_str().chars().any(char::is_control));
    }

    #[test]
    fn any_path_is_an_edit_or_refused(path in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 0..4)) {
        let mut objects = Objects::new();
        let blob = objects.write_blob(b"x").unwrap();
        let path: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
        if let Ok(root) = objects.put_file(gitwire::TreeId::EMPTY, &path, Some(blob)) {
            prop_assert_eq!(objects.file(root, &path), Ok(Some(blob)));
            prop_assert!(path.iter().all(|name| !matches!(*name, b"" | b"." | b".." | b".git")));
        }
    }

    #[test]
    fn any_location_is_followed_or_refused(location in "(https?://host|//host|https://other)?[/a-z.?=&-]{0,60}(/info/refs\\?service=git-upload-pack)?") {
        let mut remote = Remote::new("https://host/a.git".parse().unwrap(), Credentials::Bearer("hunter2".into()));
        let request = remote.advertisement_request(Service::UploadPack).unwrap();
        let answer = http::Response::builder().status(302).header("location", &location).body(Vec::new()).unwrap();
        match remote.follow(&request, &answer) {
            Ok(next) => {
                let next = next.unwrap();
                prop_assert_eq!(next.uri().host(), Some("host"));
                prop_assert_eq!(next.uri().scheme_str(), Some("https"));
            }
            Err(error) => {
                let shown = [format!("{error:?}"), error.to_string()].concat();
                prop_assert!(!shown.contains("hunter2"));
            }
        }
    }
}
