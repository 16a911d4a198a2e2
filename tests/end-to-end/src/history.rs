//! The history of a GitOps repository, as the git command shows it.

use std::collections::BTreeMap;

use harness::git_server::Repository;

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// 40 hexadecimal digits.
    pub id: String,
    /// `name <address>`.
    pub author: String,
    /// `name <address>`.
    pub committer: String,
    /// The first line of the message.
    pub subject: String,
    /// `Release-Id` and so on.
    pub trailers: BTreeMap<String, String>,
    /// What changed against the parent: `A`, `M` or `D`, a space, the path; sorted.
    pub changes: Vec<String>,
}

impl Commit {
    /// The value of a trailer; empty where there is none.
    pub fn trailer(&self, name: &str) -> &str {
        self.trailers.get(name).map_or("", String::as_str)
    }

    /// Whether the application made it.
    pub fn is_release(&self) -> bool {
        self.trailers.contains_key("Release-Id")
    }

    /// `<env>/<app>` of a release, from the subject.
    pub fn place(&self) -> &str {
        let rest = self.subject.strip_prefix("[Gimlet] ");
        rest.and_then(|rest| rest.strip_suffix(" automated deploy"))
            .unwrap_or_default()
    }
}

const FORMAT: &str =
    "--format=%x01%H%x02%an <%ae>%x02%cn <%ce>%x02%s%x02%(trailers:only,unfold)%x02";

/// The commits of a branch along first parents, oldest first. None of a branch that does not exist.
pub fn history(repository: &Repository, branch: &str) -> Vec<Commit> {
    let branch = format!("refs/heads/{branch}");
    if repository.git(&["for-each-ref", &branch]).is_empty() {
        return Vec::new();
    }
    let log = [
        "log",
        "--reverse",
        "--no-renames",
        "--first-parent",
        "--name-status",
        "-m",
        FORMAT,
    ];
    let text = repository.git(&[&log[..], &[&branch]].concat());
    text.split('\u{1}').skip(1).map(commit).collect()
}

/// The commits of `main` that the application made, oldest first.
pub fn releases(repository: &Repository) -> Vec<Commit> {
    let mut commits = history(repository, "main");
    commits.retain(Commit::is_release);
    commits
}

/// A file of a branch's tip; none where there is no such file.
pub fn file(repository: &Repository, branch: &str, path: &str) -> Option<String> {
    files(repository, branch)
        .contains(&path.to_owned())
        .then(|| {
            let blob = repository.git_with_input(&["show", &format!("{branch}:{path}")], b"");
            String::from_utf8(blob).expect("a text file")
        })
}

/// Every path of a branch's tip.
pub fn files(repository: &Repository, branch: &str) -> Vec<String> {
    let list = repository.git(&["ls-tree", "-r", "--name-only", branch]);
    list.lines().map(str::to_owned).collect()
}

fn commit(text: &str) -> Commit {
    let mut fields = text.split('\u{2}').map(str::trim);
    let mut next = || fields.next().unwrap_or_default().to_owned();
    let (id, author, committer, subject) = (next(), next(), next(), next());
    let trailers = next()
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut changes: Vec<String> = next()
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.replacen('\t', " ", 1))
        .collect();
    changes.sort();
    Commit {
        id,
        author,
        committer,
        subject,
        trailers,
        changes,
    }
}
