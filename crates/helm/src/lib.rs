//! Helm charts loaded and rendered byte for byte as Helm 4.2 does. Never reads a file, the network, the clock or chance, and never exceeds its
//! limits: a chart is hostile until it is rendered.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod archive;
mod capabilities;
mod chart;
mod engine;
mod error;
mod failure;
mod files;
mod fnmatch;
mod functions;
mod glob;
mod ignore;
mod limits;
mod load;
mod manifest;
mod metadata;
mod render;
mod schema;
mod tree;
mod unmarshal;
mod values;
mod version;

pub use chart::Chart;
pub use error::{ChartError, RenderError};
pub use limits::{ChartLimits, Limits};
pub use render::{Document, ReleaseOptions, Rendered, render, render_with_host};
