//! Who and what caused the tokens and the dollars: rows by dimension.
//!
//! Knows no order of its own: rows arrive sorted, most expensive first (days
//! and hours by time), and renderers keep that order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quotient;
use crate::record::dimension::Dimension;
use crate::units::{Evidence, NanoUsd, Share, Tokens};

/// Tokens and dollars by what caused them. A dimension the log says nothing
/// about has one row, keyed `unknown`, or none without calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attribution {
    /// By part of the prompt or the answer; sums to the bill.
    pub component: Vec<Row>,
    /// By what the call was for.
    pub feature: Vec<Row>,
    /// By the model that answered.
    pub model: Vec<Row>,
    /// By user, as pseudonyms unless the run asked for names.
    pub user: Vec<Row>,
    /// By key, workspace or account, as pseudonyms.
    pub account: Vec<Row>,
    /// By who served the call.
    pub provider: Vec<Row>,
    /// By service tier.
    pub tier: Vec<Row>,
    /// By calendar day, in time order.
    pub day: Vec<Row>,
    /// What the run asked for besides: conversation, hour, and crosses.
    pub crosses: Vec<Cross>,
}

impl Attribution {
    /// The rows of one dimension; `None` where it is kept in `crosses`.
    #[must_use]
    pub fn rows(&self, dimension: Dimension) -> Option<&[Row]> {
        Some(match dimension {
            Dimension::Component => &self.component,
            Dimension::Feature => &self.feature,
            Dimension::Model => &self.model,
            Dimension::User => &self.user,
            Dimension::Account => &self.account,
            Dimension::Provider => &self.provider,
            Dimension::Tier => &self.tier,
            Dimension::Day => &self.day,
            Dimension::Conversation | Dimension::Hour => return None,
        })
    }

    /// Whether there is a table by exactly these dimensions.
    #[must_use]
    pub fn has(&self, dimensions: &[Dimension]) -> bool {
        let is_standard = matches!(dimensions, [one] if self.rows(*one).is_some());
        is_standard || self.cross(dimensions).is_some()
    }

    /// The cross of exactly these dimensions, in this order.
    #[must_use]
    pub fn cross(&self, dimensions: &[Dimension]) -> Option<&Cross> {
        self.crosses.iter().find(|cross| cross.dimensions == dimensions)
    }
}

/// One row of a table by one dimension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// What the row is about, or `unknown`.
    pub key: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A table by several dimensions at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cross {
    /// The dimensions, outermost first.
    pub dimensions: Vec<Dimension>,
    /// The rows.
    pub rows: Vec<CrossRow>,
}

/// One row of a table by several dimensions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CrossRow {
    /// One key per dimension of the cross.
    pub keys: Vec<String>,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The figures of a row. Null where the log does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Calls that have a part in the row.
    pub calls: Option<u64>,
    /// Input tokens, cached ones included; null for an output component.
    #[schemars(with = "Option<u64>")]
    pub input_tokens: Option<Tokens>,
    /// Output tokens, reasoning included; null for an input component.
    #[schemars(with = "Option<u64>")]
    pub output_tokens: Option<Tokens>,
    /// Cost in US dollars of what could be priced; null where nothing could.
    pub cost_usd: Option<NanoUsd>,
    /// The part of the total cost.
    pub share: Option<Share>,
    /// How the figures are known.
    pub evidence: Evidence,
    /// Whether tokens and cost are an upper bound; absent means no.
    #[serde(default, skip_serializing_if = "is_false")]
    pub at_most: bool,
    /// Calls of the row that `cost_usd` leaves out; absent means none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unpriced_calls: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What the component shares rest on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentsNote {
    /// The worst grade among the components.
    pub evidence: Evidence,
    /// Billed over counted input tokens, the lowest tenth of calls.
    pub scale_low: Option<Quotient>,
    /// Billed over counted input tokens, the middle call.
    pub scale_median: Option<Quotient>,
    /// Billed over counted input tokens, the highest tenth of calls.
    pub scale_high: Option<Quotient>,
    /// Billed input tokens that the logged texts do not account for.
    #[schemars(with = "Option<u64>")]
    pub hidden_tokens: Option<Tokens>,
}

#[cfg(test)]
mod tests {
    use super::{Figures, Row};

    #[test]
    fn a_row_is_flat_and_names_a_bound_only_when_it_is_one() {
        let row = |at_most| Row {
            key: "a".to_owned(),
            figures: Figures { at_most, ..Figures::default() },
        };
        let plain = r#"{"key":"a","calls":null,"input_tokens":null,"output_tokens":null,"cost_usd":null,"share":null,"evidence":"measured"}"#;
        assert_eq!(serde_json::to_string(&row(false)).unwrap_or_default(), plain);
        let bound = serde_json::to_string(&row(true)).unwrap_or_default();
        assert!(bound.ends_with(r#""at_most":true}"#), "{bound}");
    }
}
