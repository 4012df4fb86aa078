//! What a class's average call looks like once techniques have shaped its
//! prompt and its answer, in tokens of the model that serves it today.

use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameter::Value;
use crate::techniques::parameters::{context_compression, embedding_retrieval, output_capping};

use super::amount::{PerCall, less, product, rest, sum};
use super::class::Answers;
use super::prepared::{Prepared, plain};
use super::seller::Request;

/// Levers of the techniques that shape, by their places in the lists.
const CAP: usize = 0;
const BREVITY: usize = 1;
const TRIMMED: usize = 0;
const COMPACTION: usize = 1;
const REWRITING: usize = 2;

/// A call after shaping, and what shaping it charged.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shaped {
    pub(super) request: Request,
    pub(super) fees: PerCall,
}

impl Prepared<'_> {
    /// The tokens of the passages that retrieval sends.
    pub(super) fn passages(&self) -> Value {
        let assumptions = &self.scenario.assumptions;
        let chunks = assumptions.value(embedding_retrieval::CHUNKS);
        product(chunks, assumptions.value(embedding_retrieval::CHUNK_TOKENS))
    }

    /// The answer under the techniques in use.
    pub(super) fn answer(&self, used: Set) -> Value {
        let mut output = self.class.output;
        if !used.has(TechniqueId::OutputCapping) {
            return output;
        }
        if let Some(share) = self.brevity() {
            output = product(output, rest(share));
        }
        let is_limited = self.scenario.assumptions.is_on(output_capping::CAP)
            && self.scenario.has(TechniqueId::OutputCapping, CAP);
        match self.class.limited_output {
            Some(limited) if is_limited => output.min(limited),
            _ => output,
        }
    }

    /// The share of prose that an instruction takes away; `None` where there is
    /// no prose worth it.
    pub(super) fn brevity(&self) -> Option<Value> {
        let assumptions = &self.scenario.assumptions;
        let share = assumptions.value(output_capping::BREVITY);
        let is_prose = self.class.answers == Answers::Text
            && self.class.output >= assumptions.value(output_capping::BREVITY_MEDIAN_TOKENS);
        let is_on = self.scenario.has(TechniqueId::OutputCapping, BREVITY);
        (share > Value::ZERO && is_prose && is_on).then_some(share)
    }

    /// The call under the techniques in use.
    pub(super) fn shaped(&self, used: Set) -> Shaped {
        let assumptions = &self.scenario.assumptions;
        let mut request = plain(self.class);
        let mut fees = PerCall::ZERO;
        let mut documents = self.class.prompt.documents;
        request.output = self.answer(used);
        request.history = self.history(request.output);
        if used.has(TechniqueId::EmbeddingRetrieval) {
            // What was found differs from call to call: it never opens a prompt.
            let place =
                if self.class.stable_documents { &mut request.head } else { &mut request.fresh };
            *place = less(*place, documents);
            documents = self.passages();
            request.fresh = sum(&[request.fresh, documents]);
        }
        if used.has(TechniqueId::ContextCompression) {
            fees += self.compact(&mut request);
            if let Some(share) = self.trimmed() {
                let left = rest(share);
                request.head = product(request.head, left);
                request.history = product(request.history, left);
                request.fresh = product(request.fresh, left);
                documents = product(documents, left);
            }
            if self.rewrites() {
                let opens =
                    self.class.stable_documents && !used.has(TechniqueId::EmbeddingRetrieval);
                let place = if opens { &mut request.head } else { &mut request.fresh };
                fees += self.rewrite(documents, place);
            }
        }
        if used.has(TechniqueId::OutputCapping) && self.brevity().is_some() {
            let told = assumptions.value(output_capping::BREVITY_PROMPT_TOKENS);
            request.head = sum(&[request.head, told]);
        }
        Shaped { request, fees }
    }

    /// The share of every part that can be left out.
    pub(super) fn trimmed(&self) -> Option<Value> {
        let is_on = self.scenario.assumptions.is_on(context_compression::LOSSLESS)
            && self.scenario.has(TechniqueId::ContextCompression, TRIMMED);
        self.class.removable_share.filter(|share| is_on && *share > Value::ZERO)
    }

    /// Whether a model rewrites documents.
    pub(super) fn rewrites(&self) -> bool {
        self.scenario.assumptions.is_on(context_compression::REWRITING)
            && self.scenario.has(TechniqueId::ContextCompression, REWRITING)
    }

    /// Whether conversations are long enough for a summary.
    pub(super) fn compacts(&self) -> bool {
        let assumptions = &self.scenario.assumptions;
        self.class.turns > assumptions.value(context_compression::COMPACTION_TURNS).floor()
            && self.class.prompt.history > Value::ZERO
            && assumptions.is_on(context_compression::COMPACTION)
            && self.scenario.has(TechniqueId::ContextCompression, COMPACTION)
    }

    /// Earlier turns on average, where answers came out shorter: turn k of a
    /// conversation carries k - 1 of them.
    fn history(&self, output: Value) -> Value {
        let saved = less(self.class.output, output);
        let earlier = self.class.turns.saturating_sub(1);
        let halves = i64::try_from(earlier).unwrap_or(i64::MAX).saturating_mul(Value::MILLION / 2);
        less(self.class.prompt.history, product(saved, Value::from_millionths(halves)))
    }

    /// Replaces blocks of old turns by summaries; the fee of writing them, a
    /// call's part.
    fn compact(&self, request: &mut Request) -> PerCall {
        let assumptions = &self.scenario.assumptions;
        let turns = self.class.turns;
        if !self.compacts() || request.history == Value::ZERO {
            return PerCall::ZERO;
        }
        let block = assumptions.value(context_compression::COMPACTION_TURNS).floor().max(1);
        let summary = assumptions.value(context_compression::COMPACTION_TOKENS);
        let summaries = (turns - 1) / block;
        // Turn k carries k - 1 others; what their mean is, the history is.
        let carried: u64 = (0..turns).sum();
        let carried_in_blocks: u64 = (0..turns).map(|turn| turn % block).sum();
        let per = |tokens: Value, times: u64, over: u64| {
            let scaled = i128::from(tokens.millionths()) * i128::from(times);
            let mean = crate::units::divide_half_even(scaled, i128::from(over.max(1)));
            Value::from_millionths(i64::try_from(mean).unwrap_or(i64::MAX))
        };
        let whole = per(request.history, turns, 1);
        let in_blocks = per(whole, carried_in_blocks, carried);
        let with_summary = turns.saturating_sub(block);
        // A summary is new to the cache in the turn that first carries it.
        request.history =
            per(sum(&[in_blocks, per(summary, with_summary - summaries, 1)]), 1, turns);
        request.fresh = sum(&[request.fresh, per(summary, summaries, turns)]);
        let read = sum(&[
            per(whole, summaries * block, carried),
            per(summary, summaries.saturating_sub(1), 1),
        ]);
        // One summary is one call.
        let own =
            Request { history: per(read, 1, summaries), output: summary, ..Request::default() };
        let own = self.cheap.retokenised(&own, &self.logged);
        let all = i64::try_from(summaries).unwrap_or(i64::MAX / Value::MILLION);
        self.cheap.plain(own.history, own.output).scaled(Value::whole(all)).shared_by(turns)
    }

    /// Has documents rewritten shorter; the fee of it.
    fn rewrite(&self, documents: Value, place: &mut Value) -> PerCall {
        let assumptions = &self.scenario.assumptions;
        if documents < assumptions.value(context_compression::MINIMUM_SEGMENT_TOKENS) {
            return PerCall::ZERO;
        }
        let shorter = product(documents, rest(assumptions.value(context_compression::CUT)));
        *place = sum(&[less(*place, documents), shorter]);
        let own = Request { fresh: documents, output: shorter, ..Request::default() };
        let own = self.cheap.retokenised(&own, &self.logged);
        let uses = assumptions.value(context_compression::REWRITING_USES).floor();
        self.cheap.plain(own.fresh, own.output).shared_by(uses)
    }
}
