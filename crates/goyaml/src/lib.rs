//! YAML parsed and printed as Go's sigs.k8s.io/yaml does.
