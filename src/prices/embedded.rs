//! The price files that are compiled into the binary: the one list.

/// File name and text of every embedded price file.
///
/// A new provider is one file under `prices/` and one line here; makers stand
/// before the platforms that resell their models.
pub(super) const FILES: &[(&str, &str)] = &[
    ("prices/openai.toml", include_str!("../../prices/openai.toml")),
    ("prices/anthropic.toml", include_str!("../../prices/anthropic.toml")),
    ("prices/google.toml", include_str!("../../prices/google.toml")),
    ("prices/deepseek.toml", include_str!("../../prices/deepseek.toml")),
    ("prices/mistral.toml", include_str!("../../prices/mistral.toml")),
    ("prices/xai.toml", include_str!("../../prices/xai.toml")),
    ("prices/cohere.toml", include_str!("../../prices/cohere.toml")),
    ("prices/voyage.toml", include_str!("../../prices/voyage.toml")),
    ("prices/aws-bedrock.toml", include_str!("../../prices/aws-bedrock.toml")),
    ("prices/azure-openai.toml", include_str!("../../prices/azure-openai.toml")),
    ("prices/google-vertex.toml", include_str!("../../prices/google-vertex.toml")),
];
