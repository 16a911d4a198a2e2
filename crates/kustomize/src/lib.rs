//! Strategic merge and JSON 6902 patches, as kustomize applies them.
