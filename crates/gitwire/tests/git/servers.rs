//! What different servers answer.

use gitwire::{
    AdvertisementError, Credentials, FetchError, FetchSpec, HttpError, LsRefsAnswer, Objects,
    ReceivePackAdvertisement, RefName, ServerText, Service, TreeId, UploadPackCapabilities,
};
use harness::git_server::{Auth, GitServer, Options};

use super::support::{Client, TINY, commit, put};

#[test]
fn a_server_with_version_0_alone_is_told_what_to_do() {
    let server = GitServer::start(Options {
        protocol_v0_only: true,
        ..Options::default()
    });
    server.create_repository("a.git").fill(TINY);
    let client = Client::new(&server.url("a.git"), Credentials::None);
    let error = UploadPackCapabilities::parse(&client.advertise(Service::UploadPack)).unwrap_err();
    assert_eq!(error, AdvertisementError::OldProtocol);
    // Writing has no other version: the tip can still be read.
    assert_eq!(client.advertisement().refs().len(), 1);
}

#[test]
fn credentials_open_the_door_and_their_lack_is_told() {
    let basic = Auth::Basic {
        username: "bot".to_owned(),
        password: "s3cret".to_owned(),
    };
    let right = Credentials::Basic {
        username: "bot".to_owned(),
        password: "s3cret".to_owned(),
    };
    let wrong = Credentials::Basic {
        username: "bot".to_owned(),
        password: "guess".to_owned(),
    };
    let bearer = Auth::Bearer("t0ken".to_owned());
    let cases = [
        (basic, right, wrong),
        (
            bearer,
            Credentials::Bearer("t0ken".to_owned()),
            Credentials::None,
        ),
    ];
    for (auth, right, wrong) in cases {
        let server = GitServer::start(Options {
            auth,
            ..Options::default()
        });
        let repository = server.create_repository("a.git");
        repository.fill(TINY);
        let client = Client::new(&server.url("a.git"), wrong);
        let error =
            ReceivePackAdvertisement::parse(&client.advertise(Service::ReceivePack)).unwrap_err();
        assert!(
            matches!(
                error,
                AdvertisementError::Http(HttpError::Unauthorized { .. })
            ),
            "{error}"
        );
        let client = Client::new(&server.url("a.git"), right);
        let advertisement = client.advertisement();
        let tip = advertisement
            .tip(&RefName::branch("main").unwrap())
            .unwrap();
        let mut objects = Objects::new();
        client.fetch_trees(tip, &mut objects);
        let root = objects.commit(tip).unwrap().tree;
        let root = put(&mut objects, root, "a.yaml", "a: 1\n");
        let new = commit(&mut objects, root, Some(tip), "authorised");
        client.push_branch(&objects, &advertisement, "main", new);
        assert_eq!(repository.tip("main"), new.to_string());
    }
}

#[test]
fn a_repository_that_is_not_there_is_told() {
    let server = GitServer::start(Options::default());
    let client = Client::new(&server.url("nowhere.git"), Credentials::None);
    for service in [Service::ReceivePack, Service::UploadPack] {
        let answer = client.advertise(service);
        let error = ReceivePackAdvertisement::parse(&answer).unwrap_err();
        assert!(
            matches!(error, AdvertisementError::Http(HttpError::NotFound { .. })),
            "{error}"
        );
    }
}

#[test]
fn a_repository_with_sha_256_ids_is_refused_by_name() {
    let server = GitServer::start(Options::default());
    let init = ["init", "--quiet", "--bare", "--object-format=sha256"];
    let other = server.create_repository("a.git");
    other.git(&[&init[..], &["../b.git"]].concat());
    let repository = server.repository("b.git");
    repository.git(&["config", "http.receivepack", "true"]);
    let client = Client::new(&server.url("b.git"), Credentials::None);
    let expected = AdvertisementError::ObjectFormat(ServerText::new(b"sha256"));
    for fill in [false, true] {
        if fill {
            repository.fill(TINY);
        }
        let reading = UploadPackCapabilities::parse(&client.advertise(Service::UploadPack));
        assert_eq!(reading.unwrap_err(), expected);
        let writing = ReceivePackAdvertisement::parse(&client.advertise(Service::ReceivePack));
        assert_eq!(writing.unwrap_err(), expected);
    }
}

#[test]
fn refs_and_the_default_branch_are_listed() {
    let server = GitServer::start(Options::default());
    let repository = server.create_repository("a.git");
    let client = Client::new(&server.url("a.git"), Credentials::None);
    let main = RefName::branch("main").unwrap();
    // Nothing was committed yet, and still the server names the default branch.
    let empty = client.ls_refs(&["HEAD"]);
    assert_eq!(empty.default_branch, Some(main.clone()));
    assert!(empty.refs.is_empty());
    repository.fill(TINY);
    repository.git(&["tag", "-a", "v1", "-m", "one", "main"]);
    repository.git(&["branch", "other", "main"]);
    let LsRefsAnswer {
        refs,
        default_branch,
    } = client.ls_refs(&[]);
    assert_eq!(default_branch, Some(main));
    let names: Vec<_> = refs.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(
        names,
        ["refs/heads/main", "refs/heads/other", "refs/tags/v1"]
    );
    assert_eq!(refs[2].peeled, Some(refs[0].id));
    assert_ne!(refs[2].id, refs[0].id);
    let tags = client.ls_refs(&["refs/tags/"]);
    assert_eq!(tags.refs, refs[2..]);
    assert_eq!(tags.default_branch, None);
}

#[test]
fn an_object_that_the_server_lacks_is_refused_with_its_words() {
    let server = GitServer::start(Options::default());
    server.create_repository("a.git").fill(TINY);
    let client = Client::new(&server.url("a.git"), Credentials::None);
    let spec = FetchSpec {
        wants: vec!["0123456789abcdef0123456789abcdef01234567".parse().unwrap()],
        ..FetchSpec::default()
    };
    match client.fetch(&spec) {
        Err(FetchError::Refused(words)) => assert!(words.as_str().contains("0123456789abcdef")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_object_that_git_would_refuse_is_refused_and_nothing_lands() {
    let server = GitServer::start(Options::default());
    let repository = server.create_repository("a.git");
    let client = Client::new(&server.url("a.git"), Credentials::None);
    let advertisement = client.advertisement();
    let mut objects = Objects::new();
    // A file named `.GITMODULES` passes here, and `git fsck` refuses what it holds on a file system that folds case.
    let root = put(
        &mut objects,
        TreeId::EMPTY,
        ".gitmodules",
        "[submodule \"../x\"]\n\tpath = -x\n\turl = -u\n",
    );
    let new = commit(&mut objects, root, None, "bad");
    let main = RefName::branch("main").unwrap();
    let update = gitwire::RefUpdate {
        name: main,
        old: None,
        new,
    };
    let pack = objects
        .new_pack(new, gitwire::PackOptions::for_server(&advertisement, 1))
        .unwrap();
    let report = client
        .push(&advertisement, std::slice::from_ref(&update), &pack)
        .unwrap();
    assert!(report.unpack_error.is_some(), "{report:?}");
    assert!(!report.accepted(&update));
    assert_eq!(repository.git(&["for-each-ref"]), "");
}
