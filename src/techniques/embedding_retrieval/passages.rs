//! For traffic that retrieves already: what fewer or shorter passages would
//! leave out, and how much of what is retrieved answers use.

use crate::record::component::Component;
use crate::techniques::traffic::Traffic;
use crate::units::{Share, Tokens};

use super::documents::tokens_of;

/// What is left out where a call gets so many passages of such a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fewer {
    /// Passages of a call.
    pub chunks: u64,
    /// Tokens of a passage.
    pub chunk_tokens: u64,
    /// Calls with more document tokens than that.
    pub calls: u64,
    /// Document tokens that go.
    pub removed: Tokens,
    /// Document tokens of all calls.
    pub documents: Tokens,
}

/// What numbers and sizes of passages would leave out, calls of any size.
#[must_use]
pub fn fewer_passages(traffic: &Traffic<'_>, chunks: &[u64], sizes: &[u64]) -> Vec<Fewer> {
    let documents: Vec<u64> =
        traffic.indexed().map(|(index, _)| tokens_of(traffic, index)).collect();
    let point = |chunks: u64, chunk_tokens: u64| {
        let most = chunks.saturating_mul(chunk_tokens);
        let larger = documents.iter().filter(|tokens| **tokens > most);
        Fewer {
            chunks,
            chunk_tokens,
            calls: larger.clone().count() as u64,
            removed: Tokens::new(larger.map(|tokens| tokens - most).sum()),
            documents: Tokens::new(documents.iter().sum()),
        }
    };
    let pairs = chunks.iter().flat_map(|chunks| sizes.iter().map(|size| (*chunks, *size)));
    pairs.map(|(chunks, size)| point(chunks, size)).collect()
}

/// The share of retrieved text that the answers to it repeat word for word;
/// `None` where no answer to a retrieved text was logged. A hint at what
/// passages are for, not a measure of quality.
#[must_use]
pub fn used_share(traffic: &Traffic<'_>) -> Option<Share> {
    let (mut repeated, mut retrieved) = (0, 0);
    for (index, call) in traffic.indexed() {
        let Some(answer) = traffic.recorded(index).and_then(|prompt| prompt.answer) else {
            continue;
        };
        let runs = traffic.ledger.components.runs.row(call.entry as usize);
        let documents = runs.iter().filter(|run| run.component == Component::RetrievedContext);
        let documents: u64 = documents.map(|run| run.counted).sum();
        retrieved += documents;
        repeated += u64::from(answer.repeated_tokens).min(documents);
    }
    Share::of_counts(repeated, retrieved)
}
