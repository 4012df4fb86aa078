//! Figures beside the steps: what other thresholds and other numbers of
//! passages would do. They decide nothing.

use crate::techniques::embedding_retrieval::{Fewer, fewer_passages, used_share};
use crate::techniques::parameter::Value;
use crate::techniques::semantic_dedup::{Point, curve};
use crate::techniques::technique::{Levers, View};
use crate::techniques::traffic::Traffic;
use crate::units::Share;

use super::scenario::{Ground, Scenario};

/// How alike is alike enough, in hundredths.
const THRESHOLDS: [i64; 6] = [60, 70, 80, 90, 95, 98];
/// Passages of a call.
const CHUNKS: [u64; 4] = [3, 5, 10, 20];
/// Tokens of a passage.
const CHUNK_TOKENS: [u64; 3] = [300, 500, 1_000];

/// What other choices of method would find.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    /// Near repeats by threshold; empty where no texts can be compared.
    pub repeats: Vec<Point>,
    /// What fewer passages would leave out; empty where no call has more.
    pub passages: Vec<Fewer>,
    /// The part of retrieved text that answers repeat word for word.
    pub used_documents: Option<Share>,
}

impl Curves {
    /// Looks the traffic over.
    pub(super) fn of(ground: Ground<'_>, scenario: &Scenario) -> Self {
        let traffic: &Traffic<'_> = ground.traffic;
        let view = View {
            traffic,
            profile: ground.profile,
            assumptions: &scenario.assumptions,
            quality: ground.quality,
            features: ground.features,
            levers: Levers::ALL,
        };
        if !traffic.indexed().any(|(index, _)| traffic.has_text(index)) {
            return Self::default();
        }
        let mut repeats = curve(&view, &THRESHOLDS.map(Value::hundredths));
        repeats.retain(|point| point.looked_up > 0);
        let mut passages = fewer_passages(traffic, &CHUNKS, &CHUNK_TOKENS);
        passages.retain(|point| point.calls > 0);
        Self { repeats, passages, used_documents: used_share(traffic) }
    }
}
