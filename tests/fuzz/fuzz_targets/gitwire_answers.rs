//! Answers of a Git server in any bytes, to every parser.
#![no_main]

use gitwire::{
    FetchAnswer, LsRefsAnswer, PushReport, ReceivePackAdvertisement, Response,
    UploadPackCapabilities,
};
use libfuzzer_sys::fuzz_target;

fn answer(content_type: &str, body: &[u8]) -> Response {
    http::Response::builder()
        .header("content-type", content_type)
        .body(body.to_vec())
        .unwrap()
}

fuzz_target!(|body: &[u8]| {
    let _ =
        UploadPackCapabilities::parse(&answer("application/x-git-upload-pack-advertisement", body));
    let result = answer("application/x-git-upload-pack-result", body);
    let _ = LsRefsAnswer::parse(&result);
    let _ = FetchAnswer::parse(&result);
    let advertisement = "application/x-git-receive-pack-advertisement";
    let _ = ReceivePackAdvertisement::parse(&answer(advertisement, body));
    for capabilities in ["report-status", "report-status side-band-64k"] {
        let line = format!("{:040} capabilities^{{}}\0{capabilities}", 0);
        let offered = format!("{:04x}{line}0000", line.len() + 4);
        let offered =
            ReceivePackAdvertisement::parse(&answer(advertisement, offered.as_bytes())).unwrap();
        let _ = PushReport::parse(
            &offered,
            &answer("application/x-git-receive-pack-result", body),
        );
    }
});
