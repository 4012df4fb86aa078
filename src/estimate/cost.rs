//! raw(A) of a class: what its month costs when exactly these techniques are
//! used, in closed form.
//!
//! Shares are weights of whole states: all calls easy or none, all hits or
//! none. Techniques act in the order in which calls would meet them: repeats are
//! removed, a model is chosen, the prompt and the answer are shaped, a lane is
//! chosen, the cache serves, everything is priced.

use crate::record::lane::Tier;
use crate::techniques::id::{Set, TechniqueId};
use crate::techniques::parameter::Value;
use crate::techniques::parameters::{
    batch_api, embedding_retrieval, fine_tuning, model_routing, prompt_caching, semantic_dedup,
};
use crate::units::{Rate, Usd};

use super::amount::{PerCall, product, rest, sum};
use super::prepared::{Prepared, Tuned};
use super::seller::{Hits, Request, Seller};

/// A month of a class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Month {
    /// Everything.
    pub(super) total: Usd,
    /// What of it techniques charge.
    pub(super) fees: Usd,
}

/// Months over which what is paid once is spread, where nothing ends earlier.
const SPREAD_MONTHS: u64 = 12;

impl<'t> Prepared<'t> {
    /// What a month costs with exactly these techniques.
    pub(super) fn month(&self, used: Set) -> Month {
        let requests = self.class.requests;
        let mut calls = self.answered(used);
        let mut fees = self.shaped(used).fees;
        if used.has(TechniqueId::ModelRouting) {
            fees += self.router();
        }
        if used.has(TechniqueId::EmbeddingRetrieval) {
            // Where the passages did not do, the call is repeated with everything.
            let again = self.scenario.assumptions.value(embedding_retrieval::ESCALATION);
            let whole = self.answered(used.without(TechniqueId::EmbeddingRetrieval));
            calls += whole.scaled(again);
            fees += self.embedded(embedding_retrieval::EMBEDDING_USD_PER_MILLION_TOKENS);
        }
        if used.has(TechniqueId::SemanticDedup) {
            let left = rest(self.repeats());
            (calls, fees) = (calls.scaled(left), fees.scaled(left));
            if self.looks_for_near() {
                fees += self.embedded(semantic_dedup::EMBEDDING_USD_PER_MILLION_TOKENS);
            }
        }
        let fees = fees.times(requests) + self.monthly(used);
        Month { total: calls.times(requests) + fees, fees }
    }

    /// The mean cost of a call over the models that may serve it.
    fn answered(&self, used: Set) -> PerCall {
        let request = self.shaped(used).request;
        let verbosity = self.scenario.assumptions.value(model_routing::VERBOSITY);
        let mut tuned = Value::ZERO;
        let mut states = Vec::new();
        if let Some(found) = self.tuned.filter(|_| used.has(TechniqueId::FineTuning)) {
            tuned = self.scenario.assumptions.value(fine_tuning::SHARE);
            states.push((self.served(&found.seller, &self.learnt(&found, &request), used), tuned));
        }
        let by_ease = if used.has(TechniqueId::ModelRouting) {
            self.by_ease()
        } else {
            vec![(self.logged, Value::ONE, false)]
        };
        for (seller, share, is_routed) in by_ease {
            // The easiest calls are the tuned model's.
            let taken = share.min(tuned);
            let left = Value::from_millionths(share.millionths() - taken.millionths());
            tuned = Value::from_millionths(tuned.millionths() - taken.millionths());
            if left == Value::ZERO {
                continue;
            }
            let mut own = seller.retokenised(&request, &self.logged);
            if is_routed {
                own.output = product(own.output, verbosity);
            }
            states.push((self.served(&seller, &own, used), left));
        }
        PerCall::mean(&states)
    }

    /// A call in the lanes it may take.
    fn served(&self, seller: &Seller<'t>, request: &Request, used: Set) -> PerCall {
        let assumptions = &self.scenario.assumptions;
        let marked = used.has(TechniqueId::PromptCaching);
        let hits = Hits { share: self.hit_rate(), marked };
        let live = seller.live(request, hits, Tier::Standard);
        let waits = self.class.batchable_share.unwrap_or_default();
        if !used.has(TechniqueId::BatchApi) || !seller.sells(Tier::Batch) {
            return live;
        }
        let hits = Hits { share: assumptions.value(batch_api::HIT_SHARE), marked };
        let once = seller.batched(request, hits);
        let again = once.scaled(assumptions.value(batch_api::RESUBMISSION));
        (once + again).mix(live, waits)
    }

    /// The share of prefix tokens that a cache serves.
    pub(super) fn hit_rate(&self) -> Value {
        let assumed = self.scenario.assumptions.value(prompt_caching::HIT_SHARE);
        self.class.hit_rate.unwrap_or(assumed)
    }

    /// A call's part of the decision where its conversation goes.
    fn router(&self) -> PerCall {
        let assumptions = &self.scenario.assumptions;
        let asked = Request { fresh: self.class.prompt.user, ..Request::default() };
        let asked = self.cheap.retokenised(&asked, &self.logged).fresh;
        let read = sum(&[assumptions.value(model_routing::ROUTER_PROMPT_TOKENS), asked]);
        let written = assumptions.value(model_routing::ROUTER_OUTPUT_TOKENS);
        self.cheap.plain(read, written).shared_by(self.class.turns)
    }

    /// The price of embedding the user's last turn.
    fn embedded(&self, price: crate::techniques::parameters::Handle) -> PerCall {
        PerCall::of(rate(self.scenario.assumptions.value(price)), self.class.prompt.user)
    }

    /// A call to the tuned model: most of what opened the prompt is learnt.
    fn learnt(&self, tuned: &Tuned<'t>, request: &Request) -> Request {
        let left = product(request.head, self.scenario.assumptions.value(fine_tuning::HEAD_SHARE));
        // Whole tokens, rounded up.
        let part = left.millionths().rem_euclid(Value::MILLION);
        let up = if part == 0 { 0 } else { Value::MILLION - part };
        let head = Value::from_millionths(left.millionths().saturating_add(up));
        tuned.seller.retokenised(&Request { head, ..*request }, &self.logged)
    }

    /// What is paid by the month, whatever the number of calls.
    fn monthly(&self, used: Set) -> Usd {
        let assumptions = &self.scenario.assumptions;
        let mut sum = Usd::ZERO;
        if used.has(TechniqueId::EmbeddingRetrieval) {
            let price = assumptions.value(embedding_retrieval::EMBEDDING_USD_PER_MILLION_TOKENS);
            let corpus = PerCall::of(rate(price), self.corpus()).times(self.documents());
            sum += corpus.mean_over(SPREAD_MONTHS).unwrap_or_default();
            sum += usd(assumptions.value(embedding_retrieval::STORE_MONTHLY_USD));
        }
        if used.has(TechniqueId::SemanticDedup) {
            sum += usd(assumptions.value(semantic_dedup::STORE_MONTHLY_USD));
        }
        if used.has(TechniqueId::FineTuning) {
            sum += self.tuning();
        }
        sum
    }

    /// Tokens of one document set, and how many there are to embed.
    fn corpus(&self) -> Value {
        self.class.corpus_tokens.unwrap_or(self.class.prompt.documents)
    }

    /// Without a stated corpus every call may bring documents of its own.
    const fn documents(&self) -> u64 {
        let is_one = self.class.corpus_tokens.is_some() || self.class.stable_documents;
        if is_one { 1 } else { self.class.requests }
    }

    /// Training, labels, evaluation and hosting of the tuned model, a month's
    /// part.
    pub(super) fn tuning(&self) -> Usd {
        let Some(tuned) = &self.tuned else { return Usd::ZERO };
        let assumptions = &self.scenario.assumptions;
        let call = self.learnt(tuned, &self.shaped(Set::NONE).request);
        let examples = assumptions.value(fine_tuning::EXAMPLES).floor();
        let epochs = assumptions.value(fine_tuning::EPOCHS);
        let read = PerCall::of(tuned.training, sum(&[call.input(), call.output]));
        let labels = usd(assumptions.value(fine_tuning::LABEL_USD));
        let labels = Usd::from_femto(labels.femto().saturating_mul(examples.into()));
        let once = read.scaled(epochs).times(examples)
            + labels
            + usd(assumptions.value(fine_tuning::EVALUATION_USD));
        let months = assumptions.value(fine_tuning::RETRAIN_MONTHS).floor().max(1);
        once.mean_over(months).unwrap_or_default()
            + usd(assumptions.value(fine_tuning::HOSTING_MONTHLY_USD))
    }
}

/// A value in dollars.
fn usd(value: Value) -> Usd {
    Usd::from_femto(i128::from(value.millionths()) * 1_000_000_000)
}

/// A value in dollars per million tokens: a millionth of a dollar is a thousand
/// femto-dollars a token.
fn rate(value: Value) -> Rate {
    let femto = u64::try_from(value.millionths()).unwrap_or(0).saturating_mul(1_000);
    Rate::from_femto_per_token(femto)
}
