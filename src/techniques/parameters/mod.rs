//! The registry of named parameters, a list per technique, and the values in
//! force.
//!
//! A technique reads `assumptions.value(model_routing::SHARE)`; a user sets
//! `model-routing.share`. Knows no technique's method.

mod assumptions;
pub mod batch_api;
pub mod context_compression;
pub mod embedding_retrieval;
mod error;
pub mod fine_tuning;
mod handle;
pub mod model_routing;
pub mod output_capping;
pub mod prompt_caching;
pub mod semantic_dedup;

use super::id::TechniqueId;
use super::parameter::{Kind, Parameter, Spread, Unit};

use handle::Position;

pub use assumptions::{Assumptions, InForce};
pub use error::ParameterError;
pub use handle::{Handle, TableHandle};

/// The parameters of a technique, in the order of reports.
#[must_use]
pub const fn of(technique: TechniqueId) -> &'static [Parameter] {
    match technique {
        TechniqueId::PromptCaching => prompt_caching::PARAMETERS,
        TechniqueId::ModelRouting => model_routing::PARAMETERS,
        TechniqueId::EmbeddingRetrieval => embedding_retrieval::PARAMETERS,
        TechniqueId::ContextCompression => context_compression::PARAMETERS,
        TechniqueId::BatchApi => batch_api::PARAMETERS,
        TechniqueId::OutputCapping => output_capping::PARAMETERS,
        TechniqueId::SemanticDedup => semantic_dedup::PARAMETERS,
        TechniqueId::FineTuning => fine_tuning::PARAMETERS,
    }
}

/// Every parameter, by technique in playbook order.
pub fn all() -> impl Iterator<Item = &'static Parameter> {
    TechniqueId::ALL.into_iter().flat_map(of)
}

/// The parameter of that name; `None` where the technique has none.
#[must_use]
pub fn find(technique: TechniqueId, name: &str) -> Option<&'static Parameter> {
    of(technique).iter().find(|parameter| parameter.name == name)
}

/// Every parameter that has a band, with the handle that reads it: what a
/// simulation draws from.
pub fn banded() -> impl Iterator<Item = (&'static Parameter, Handle)> {
    TechniqueId::ALL.into_iter().flat_map(|technique| {
        of(technique).iter().enumerate().filter_map(move |(place, parameter)| {
            let spread = parameter.spread.filter(|spread| spread.low != spread.high)?;
            Some((parameter, Handle { position: Position { technique, place }, spread }))
        })
    })
}

/// Hours of work are known of every technique and change no cost.
const fn effort(technique: TechniqueId, hours: i64) -> Parameter {
    Parameter {
        technique,
        name: "effort_hours",
        unit: Unit::Hours,
        kind: Kind::Rule,
        spread: Some(Spread::whole(hours, hours, hours)),
        meaning: "Hours of work until the technique is in production.",
        source: "choice of ours: hours (4), days (24) or weeks (120) of one engineer",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Assumptions, all, banded, find, of};
    use crate::prices::PriceTable;
    use crate::record::lane::Tier;
    use crate::techniques::id::TechniqueId;
    use crate::techniques::parameter::{Kind, Unit, Value};
    use crate::units::Rate;

    /// Where a smaller number saves more, each for its own reason: they are
    /// costs, work done twice, tokens that remain, or doors that open earlier.
    const LESS_SAVES_MORE: [&str; 9] = [
        "model-routing.escalation",
        "model-routing.verbosity",
        "embedding-retrieval.chunks",
        "embedding-retrieval.chunk_tokens",
        "embedding-retrieval.escalation",
        "embedding-retrieval.embedding_usd_per_million_tokens",
        "batch-api.resubmission",
        "semantic-dedup.threshold",
        "semantic-dedup.embedding_usd_per_million_tokens",
    ];

    #[test]
    fn bands_run_from_the_least_saving_to_the_most() {
        let mut falling = BTreeSet::new();
        for parameter in all() {
            let path = format!("{}.{}", parameter.technique.name(), parameter.name);
            let Some(spread) = parameter.spread else { continue };
            let values = [spread.low, spread.typical, spread.high];
            assert!(values.into_iter().all(|value| parameter.unit.allows(value)), "{path}");
            if values.is_sorted_by(|before, after| before >= after) && values[0] != values[2] {
                falling.insert(path);
            } else {
                assert!(values.is_sorted(), "{path} goes up and down");
            }
        }
        assert_eq!(falling, LESS_SAVES_MORE.map(str::to_owned).into());
    }

    #[test]
    fn names_are_unique_and_of_their_technique() {
        for technique in TechniqueId::ALL {
            let names: BTreeSet<&str> = of(technique).iter().map(|found| found.name).collect();
            assert_eq!(names.len(), of(technique).len(), "{}", technique.name());
            assert!(of(technique).iter().all(|parameter| parameter.technique == technique));
            assert!(find(technique, "effort_hours").is_some() && find(technique, "").is_none());
        }
    }

    #[test]
    fn every_band_can_be_drawn_from_unless_the_user_set_it() {
        let mut given = Assumptions::typical();
        given.set("batch-api.hit_share", "0.5").unwrap();
        for (parameter, handle) in banded() {
            let drawn = Assumptions::typical().with_value(handle, Value::ONE);
            let in_force = drawn.in_force(parameter.technique);
            let changed: Vec<&str> =
                in_force.filter(|found| found.is_given).map(|found| found.parameter.name).collect();
            assert_eq!(changed, [parameter.name]);
            let expected = if given.is_given(handle) { Value::hundredths(50) } else { Value::ONE };
            assert_eq!(given.with_value(handle, Value::ONE).value(handle), expected);
        }
        let names: Vec<&str> = banded().map(|(parameter, _)| parameter.name).collect();
        assert!(names.contains(&"precision") && !names.contains(&"quantile"));
    }

    #[test]
    fn every_parameter_says_what_it_means_and_where_it_comes_from() {
        for parameter in all() {
            assert!(parameter.meaning.ends_with('.') && !parameter.source.is_empty());
            let is_banded = parameter.spread.is_some_and(|spread| spread.low != spread.high);
            // A band is doubt, and nobody doubts a fact or a wish of their own.
            let may_doubt = !matches!(parameter.kind, Kind::Fact | Kind::Choice);
            assert!(may_doubt || !is_banded, "{}", parameter.name);
        }
    }

    #[test]
    fn embedding_prices_are_those_of_the_table() {
        let table = PriceTable::embedded().unwrap();
        let price = |model: &str| {
            let found = table.find(None, model).unwrap().model();
            let latest = found.intervals().last().unwrap();
            latest.context_rates(Tier::Standard).next().unwrap().1.input
        };
        for parameter in all().filter(|found| found.unit == Unit::DollarsPerMillionTokens) {
            let spread = parameter.spread.unwrap();
            let rate = |value: Value| Rate::from_usd_per_million(&value.to_string()).unwrap();
            assert_eq!(rate(spread.typical), price("text-embedding-3-small"));
            assert_eq!(rate(spread.low), price("text-embedding-3-large"));
        }
        // Models that generate nothing are the embedding models of the table.
        let embeddings = table.models().filter_map(|model| {
            let rates = model.intervals().last()?.context_rates(Tier::Standard).next()?.1;
            rates.output.is_none().then_some((rates.input, model.id()))
        });
        let (cheapest, model) = embeddings.min().unwrap();
        assert_eq!(cheapest, price("text-embedding-3-small"), "{model} is cheaper");
    }
}
