//! Artifacts, manifests, deploy policies, releases and requests: types, parsing, validation and decisions. No I/O.
