//! The curves beside the ladder's steps.

use crate::ladder::curves;
use crate::units::Share;

use super::super::document::{Curves, PassagePoint, Quotient, RepeatPoint};

/// The curves as the document has them.
pub(super) fn block(found: &curves::Curves) -> Curves {
    let repeats = found.repeats.iter().map(|point| RepeatPoint {
        threshold: Quotient::from_millionths(point.threshold.millionths().unsigned_abs()),
        calls: point.looked_up,
        hits: point.hits,
        hit_share: Share::of_counts(point.hits, point.looked_up),
    });
    let passages = found.passages.iter().map(|point| PassagePoint {
        chunks: point.chunks,
        chunk_tokens: point.chunk_tokens,
        calls: point.calls,
        removed_tokens: point.removed,
        removed_share: Share::of_tokens(point.removed, point.documents),
    });
    Curves {
        repeats: repeats.collect(),
        passages: passages.collect(),
        used_documents_share: found.used_documents,
    }
}
