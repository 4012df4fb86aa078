//! What other thresholds and other numbers of passages would find.
//!
//! Beside the steps, never inside them: these rows decide nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quotient;
use crate::units::{Share, Tokens};

/// Figures beside the steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Curves {
    /// Near repeats by how alike texts must be; empty where none can be
    /// compared.
    pub repeats: Vec<RepeatPoint>,
    /// What fewer passages would leave out; empty where no call has more.
    pub passages: Vec<PassagePoint>,
    /// The part of retrieved text that answers repeat word for word: a hint, no
    /// measure of quality. Null where no answer to a document was logged.
    pub used_documents_share: Option<Share>,
}

/// Near repeats at one threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RepeatPoint {
    /// The least Jaccard index of the words of two texts.
    pub threshold: Quotient,
    /// Calls whose text can be compared.
    pub calls: u64,
    /// Calls that an earlier answer would serve.
    pub hits: u64,
    /// Their part.
    pub hit_share: Option<Share>,
}

/// What is left out if a call gets so many passages of such a size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PassagePoint {
    /// Passages of a call.
    pub chunks: u64,
    /// Tokens of a passage.
    pub chunk_tokens: u64,
    /// Calls with more document tokens than that.
    pub calls: u64,
    /// Document tokens that go.
    #[schemars(with = "u64")]
    pub removed_tokens: Tokens,
    /// Their part of all document tokens.
    pub removed_share: Option<Share>,
}
