//! Why a technique cannot act on a class, or that it can.

use crate::prices::PriceTable;
use crate::record::lane::Tier;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::Value;
use crate::techniques::parameters::{
    embedding_retrieval, fine_tuning, model_routing, output_capping,
};
use crate::techniques::technique::Reason;

use super::amount::{product, sum};
use super::class::Answers;
use super::prepared::{Prepared, plain};
use super::seller::Seller;

/// Whether a technique may act on a class.
pub(super) fn of(
    prepared: &Prepared<'_>,
    technique: TechniqueId,
    table: &PriceTable,
) -> Result<(), Reason> {
    match technique {
        TechniqueId::PromptCaching => caching(prepared),
        TechniqueId::ModelRouting => routing(prepared),
        TechniqueId::EmbeddingRetrieval => retrieval(prepared),
        TechniqueId::ContextCompression => compression(prepared),
        TechniqueId::BatchApi => batch(prepared),
        TechniqueId::OutputCapping => capping(prepared),
        TechniqueId::SemanticDedup => dedup(prepared),
        TechniqueId::FineTuning => tuning(prepared, table),
    }
}

fn caching(prepared: &Prepared<'_>) -> Result<(), Reason> {
    let model = prepared.logged.found().model();
    if model.cache().mode.is_none() {
        return Err(Reason::unknown(
            "NO_CACHE_RULES",
            format!(
                "the price table knows no prompt cache of {}; a price file with a [cache] section \
                 would settle it",
                model.id()
            ),
        ));
    }
    if prepared.logged.caches_by_itself() {
        return Err(Reason::skipped(
            "ALREADY_ON",
            format!(
                "the provider of {} caches by itself; in the bill as it is, stable openings that are \
                 long enough are read at a hit rate of {}",
                model.id(),
                prepared.hit_rate()
            ),
        ));
    }
    let request = plain(prepared.class);
    let prefix = sum(&[request.head, request.history]);
    // Routing may lead to a model with a lower minimum.
    let reaches = |seller: &Seller<'_>| prefix >= seller.minimum();
    if !serving(prepared).any(reaches) {
        return Err(Reason::skipped(
            "BELOW_MIN_PREFIX",
            format!(
                "the {prefix} tokens that prompts open with are fewer than the {} that {} caches",
                prepared.logged.minimum(),
                model.id()
            ),
        ));
    }
    Ok(())
}

/// The models that may serve the class.
fn serving<'p, 't>(prepared: &'p Prepared<'t>) -> impl Iterator<Item = &'p Seller<'t>> {
    let routes = prepared.routes.iter().filter(|_| routing(prepared).is_ok());
    std::iter::once(&prepared.logged).chain(routes.map(|(seller, _)| seller))
}

fn routing(prepared: &Prepared<'_>) -> Result<(), Reason> {
    let (class, assumptions) = (prepared.class, &prepared.scenario.assumptions);
    let logged = prepared.logged.found().model();
    if !assumptions.is_on(model_routing::ROUTER) {
        return Err(Reason::skipped("SWITCHED_OFF", "the router is switched off"));
    }
    if prepared.routes.is_empty() {
        return Err(Reason::skipped(
            "NO_CHEAPER_TIER",
            format!("the provider of {} sells no cheaper tier that stays on sale", logged.id()),
        ));
    }
    let request = plain(class);
    for (seller, _) in &prepared.routes {
        let own = seller.retokenised(&request, &prepared.logged);
        let needed = sum(&[own.input(), own.output]);
        let window = seller.found().model().context_window();
        if window.is_some_and(|window| needed.floor() > window.get()) {
            return Err(Reason::skipped(
                "CONTEXT_LIMIT",
                format!("a call needs more than {} takes", seller.found().model().id()),
            ));
        }
    }
    let limit = assumptions.value(model_routing::OUTPUT_P95_LIMIT);
    let is_stated = class.easy_share.is_some() || !class.routes.is_empty();
    if !is_stated && (class.output > limit || class.prompt.tools > Value::ZERO) {
        return Err(Reason::skipped(
            "NOT_CANDIDATE",
            format!(
                "tools, or answers of more than {limit} tokens on average, do not look easy; an \
                 easy_share says that some are all the same"
            ),
        ));
    }
    Ok(())
}

fn retrieval(prepared: &Prepared<'_>) -> Result<(), Reason> {
    let (class, assumptions) = (prepared.class, &prepared.scenario.assumptions);
    let documents = class.prompt.documents;
    let factor = assumptions.value(embedding_retrieval::DOCUMENT_FACTOR);
    let ratio = assumptions.value(embedding_retrieval::QUESTION_RATIO);
    let least = product(prepared.passages(), factor).max(product(class.output, ratio));
    if documents > Value::ZERO && documents >= least {
        return Ok(());
    }
    Err(Reason::skipped(
        "NO_LARGE_DOCUMENTS",
        format!(
            "a prompt holds {documents} tokens of documents; sending passages instead takes \
             {least} beside such passages and answers"
        ),
    ))
}

fn compression(prepared: &Prepared<'_>) -> Result<(), Reason> {
    let rewrites = prepared.rewrites() && prepared.class.prompt.documents > Value::ZERO;
    if prepared.trimmed().is_some() || prepared.compacts() || rewrites {
        return Ok(());
    }
    if prepared.class.removable_share.is_none() {
        return Err(Reason::unknown(
            "NOT_STATED",
            "not stated: which share of the prompts could be left out (removable_share); and no \
             conversation is long enough to summarise",
        ));
    }
    Err(Reason::skipped("NOTHING_TO_REWRITE", "nothing can be left out of the prompts"))
}

fn batch(prepared: &Prepared<'_>) -> Result<(), Reason> {
    if prepared.class.turns > 1 {
        return Err(Reason::skipped("MULTI_TURN", "somebody waits for every turn"));
    }
    if !serving(prepared).any(|seller| seller.sells(Tier::Batch)) {
        let model = prepared.logged.found().model().id();
        return Err(Reason::skipped("NO_BATCH_LANE", format!("{model} is not sold in batches")));
    }
    match prepared.class.batchable_share {
        Some(share) if share > Value::ZERO => Ok(()),
        Some(_) => Err(Reason::skipped("NOT_ASYNC", "no request can wait")),
        None => Err(Reason::unknown(
            "NOT_STATED",
            "not stated: which share of requests can wait (batchable_share)",
        )),
    }
}

fn capping(prepared: &Prepared<'_>) -> Result<(), Reason> {
    let is_limited = prepared.scenario.assumptions.is_on(output_capping::CAP)
        && prepared.class.limited_output.is_some_and(|limited| limited < prepared.class.output);
    if is_limited || prepared.brevity().is_some() {
        return Ok(());
    }
    if prepared.class.limited_output.is_none() {
        return Err(Reason::unknown(
            "NOT_STATED",
            "not stated: what answers would average under a limit (limited_output_tokens)",
        ));
    }
    Err(Reason::skipped("NOT_CANDIDATE", "no answer would be shorter"))
}

fn dedup(prepared: &Prepared<'_>) -> Result<(), Reason> {
    if prepared.repeats() > Value::ZERO {
        return Ok(());
    }
    if prepared.class.repeated_share.is_none() {
        return Err(Reason::unknown(
            "NOT_STATED",
            "not stated: which share of requests repeats an earlier one (repeated_share)",
        ));
    }
    Err(Reason::skipped("NOT_CANDIDATE", "no request repeats another"))
}

fn tuning(prepared: &Prepared<'_>, table: &PriceTable) -> Result<(), Reason> {
    let class = prepared.class;
    let limit = prepared.scenario.assumptions.value(fine_tuning::OUTPUT_P95_LIMIT);
    if class.answers != Answers::Labels || class.output > limit || class.prompt.tools > Value::ZERO
    {
        return Err(Reason::skipped(
            "NOT_NARROW",
            "answers that are not a few short labels are no small task to train for",
        ));
    }
    if prepared.tuned.is_some() {
        return Ok(());
    }
    let message = match &class.tuned_model {
        None => "no model to tune is named".to_owned(),
        Some(name) => format!(
            "{name} cannot be tuned as the price table of {} has it, or is shut down before the \
             money is back",
            table.as_of()
        ),
    };
    Err(Reason::skipped("NOT_TUNABLE_OR_RETIRING", message))
}
