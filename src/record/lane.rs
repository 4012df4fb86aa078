//! The lane a call was served in: service tier, speed, region.

use serde::{Deserialize, Serialize};

/// The service tier a call was billed at.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// On demand, the list price.
    #[default]
    Standard,
    /// Asynchronous batches.
    Batch,
    /// Synchronous, cheaper, may be refused.
    Flex,
    /// Paid precedence (OpenAI: priority, later renamed fast).
    Priority,
    /// Faster serving at a multiple of the price (Anthropic fast mode).
    Fast,
    /// The fastest lane a provider sells.
    Ultrafast,
    /// Reserved capacity: its tokens are not billed one by one.
    Provisioned,
}

impl Tier {
    /// Every tier, in declaration order.
    pub const ALL: [Self; 7] = [
        Self::Standard,
        Self::Batch,
        Self::Flex,
        Self::Priority,
        Self::Fast,
        Self::Ultrafast,
        Self::Provisioned,
    ];

    /// The name used in reports and price files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
            Self::Fast => "fast",
            Self::Ultrafast => "ultrafast",
            Self::Provisioned => "provisioned",
        }
    }

    /// Reads a provider's spelling; `None` where the word names no tier.
    ///
    /// `default`, `auto`, `on_demand` and the like are the standard tier.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "standard" | "default" | "auto" | "on_demand" | "standard_only" => Self::Standard,
            "batch" => Self::Batch,
            "flex" | "on_demand_flex" => Self::Flex,
            "priority" | "on_demand_priority" => Self::Priority,
            "fast" => Self::Fast,
            "ultrafast" => Self::Ultrafast,
            "scale" | "provisioned" | "provisioned_throughput" | "reserved" => Self::Provisioned,
            _ => return None,
        })
    }
}
