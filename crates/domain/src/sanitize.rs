//! `sanitizeDNSName`: a branch name made fit for a Kubernetes name. Pure text, no template engine.

/// Bytes that Helm allows a release name.
const LIMIT: usize = 53;

/// Lower-case; each run of other characters than `0-9a-z` becomes one `-`; cut to 53 bytes; one `-` taken off each end.
/// May be empty (GimletD's `sanitizeDNSName`, D16).
pub fn sanitize_dns_name(text: &str) -> String {
    let mut out = String::with_capacity(LIMIT);
    for c in text.chars().flat_map(char::to_lowercase) {
        if out.len() == LIMIT {
            break;
        }
        match c {
            '0'..='9' | 'a'..='z' => out.push(c),
            _ if out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    let cut = out.strip_suffix('-').unwrap_or(&out);
    cut.strip_prefix('-').unwrap_or(cut).to_owned()
}
