//! The manifest of a chart in a registry: an OCI image manifest whose one layer is the archive. Pure.

use serde::Deserialize;

/// The kinds of manifest that are understood.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
/// The second is that of Helm's first releases with registries.
const CHART: [&str; 2] = [
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",
];

/// An image manifest (OCI image specification, "Image Manifest").
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

/// What a manifest says of a blob.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    media_type: String,
    /// `sha256:<hex>`.
    pub digest: String,
    size: u64,
}

impl Manifest {
    /// The blob that is the chart.
    ///
    /// # Errors
    /// What is wrong with the manifest.
    pub(super) fn chart_of(bytes: &[u8], max_bytes: usize) -> Result<Descriptor, String> {
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|_| "what the registry has there is no image manifest".to_owned())?;
        let config = manifest
            .config
            .ok_or("what the registry has there is no Helm chart: its manifest has no config")?;
        if config.media_type != CONFIG {
            return Err(format!(
                "what the registry has there is no Helm chart: its config is of type {:?}",
                config.media_type.chars().take(100).collect::<String>()
            ));
        }
        let mut layers = manifest.layers.into_iter();
        let chart = layers
            .find(|layer| CHART.contains(&layer.media_type.as_str()))
            .ok_or("its manifest has no layer that is a chart")?;
        let hex = chart.digest.strip_prefix("sha256:").unwrap_or_default();
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if hex.len() != 64 || !hex.bytes().all(lower) {
            return Err("the digest of the chart is no SHA-256".to_owned());
        }
        if usize::try_from(chart.size).is_ok_and(|size| size <= max_bytes) {
            Ok(chart)
        } else {
            Err(format!("it is larger than {max_bytes} bytes, the limit"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_chart_is_told_apart() {
        let layer = |kind: &str, digest: &str, size: u64| {
            format!("{{\"mediaType\":\"{kind}\",\"digest\":\"{digest}\",\"size\":{size}}}")
        };
        let digest = format!("sha256:{}", "a".repeat(64));
        let manifest = |config: &str, layer: &str| {
            format!(
                "{{\"config\":{{\"mediaType\":\"{config}\",\"digest\":\"x\",\"size\":2}},\"layers\":[{layer}]}}"
            )
        };
        for kind in CHART {
            let whole = manifest(CONFIG, &layer(kind, &digest, 10));
            let read = Manifest::chart_of(whole.as_bytes(), 10).unwrap();
            assert_eq!(read.digest, digest);
        }
        let cases = [
            ("[]".to_owned(), "no image manifest"),
            ("{\"manifests\":[]}".to_owned(), "no config"),
            (
                manifest("application/vnd.oci.image.config.v1+json", ""),
                "no Helm chart",
            ),
            (
                manifest(CONFIG, &layer("text/plain", &digest, 1)),
                "no layer",
            ),
            (
                manifest(CONFIG, &layer(CHART[0], "md5:00", 1)),
                "no SHA-256",
            ),
            (
                manifest(CONFIG, &layer(CHART[0], "sha256:../../x", 1)),
                "no SHA-256",
            ),
            (
                manifest(CONFIG, &layer(CHART[0], &digest, 11)),
                "larger than",
            ),
        ];
        for (text, expected) in cases {
            let problem = Manifest::chart_of(text.as_bytes(), 10).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
