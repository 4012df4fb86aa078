//! What is meant by the flags and settings of the savings ladder.

use std::collections::BTreeSet;

use super::config::{Config, FeaturesSection, HOURLY_RATE};
use super::error::CliError;
use super::ladder_args::{LadderArguments, StepArguments};
use super::quality::Scores;
use crate::ladder::climb::Settings;
use crate::ledger::Ledger;
use crate::report::document::Warning;
use crate::selection::nearest::nearest;
use crate::techniques::technique::FeatureTags;
use crate::units::Usd;

/// How the ladder is climbed and the plan is weighed.
#[derive(Debug)]
pub(super) struct LadderPlan {
    /// The assumptions, tags, scores and order.
    pub(super) settings: Settings,
    /// The file of scores, for what there is to say about it.
    pub(super) scores: Option<Scores>,
    /// The features that the settings file tags.
    pub(super) tagged: BTreeSet<String>,
    /// What an hour of work costs.
    pub(super) hourly_rate: Usd,
}

impl LadderPlan {
    /// Resolves what was typed; `None` where no ladder is wanted.
    ///
    /// # Errors
    /// When a value cannot be used; it names the flag or setting.
    pub(super) fn resolve(
        arguments: &LadderArguments,
        config: &Config,
    ) -> Result<Option<Self>, CliError> {
        if arguments.no_ladder {
            return Ok(None);
        }
        let scores = arguments.quality.as_deref().map(Scores::read).transpose()?;
        let settings = Settings {
            assumptions: config.assumptions.clone(),
            features: tags(&config.settings.features),
            quality: scores.as_ref().map(|scores| scores.quality.clone()),
            order: arguments.steps.order.unwrap_or_default(),
        };
        let hourly_rate = hourly_rate(&arguments.steps, config)?;
        let tagged = config.settings.features.tags.keys().cloned().collect();
        Ok(Some(Self { settings, scores, tagged, hourly_rate }))
    }

    /// What a reader of the report should know of what was asked for.
    pub(super) fn warnings(&self, ledger: &Ledger<'_>) -> Vec<Warning> {
        let of_scores = self.scores.iter().flat_map(|scores| scores.warnings(ledger));
        of_scores.chain(self.strange_tags(ledger)).collect()
    }

    /// Tags of features that the log does not have: they say nothing. In a part
    /// of a log a feature may well be missing.
    fn strange_tags(&self, ledger: &Ledger<'_>) -> Vec<Warning> {
        if ledger.left_out > 0 {
            return Vec::new();
        }
        let of_calls = ledger.entries.iter().map(|entry| entry.feature);
        let of_buckets = ledger.buckets.iter().map(|bucket| bucket.feature);
        let features = of_calls.chain(of_buckets);
        let known: BTreeSet<&str> =
            features.filter_map(|feature| ledger.names.text_of(feature)).collect();
        let strange = self.tagged.iter().filter(|name| !known.contains(name.as_str()));
        let warning = |name: &String| {
            let meant = nearest(name, known.iter().copied())
                .map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
            Warning {
                code: "TAG_UNMATCHED".to_owned(),
                message: format!("[features.tags] names `{name}`, which no call is for{meant}"),
            }
        };
        strange.map(warning).collect()
    }
}

/// What an hour of work costs: the flag, else the setting, else our choice.
///
/// # Errors
/// When it is no amount above zero.
pub(super) fn hourly_rate(arguments: &StepArguments, config: &Config) -> Result<Usd, CliError> {
    let setting = config.settings.plan.hourly_rate_usd.as_ref();
    let (name, text) = match (&arguments.hourly_rate, setting) {
        (Some(typed), _) => ("--hourly-rate", typed.clone()),
        (None, Some(amount)) => ("[plan] hourly_rate_usd", amount.text()),
        (None, None) => ("--hourly-rate", HOURLY_RATE.to_owned()),
    };
    let rate = Usd::from_decimal(&text)
        .map_err(|error| CliError::setting(name, format!("`{text}` is no amount: {error}")))?;
    if rate > Usd::ZERO {
        return Ok(rate);
    }
    Err(CliError::setting(name, "an hour of work costs more than nothing"))
}

fn tags(section: &FeaturesSection) -> FeatureTags {
    let mut tags = FeatureTags::default();
    for (feature, said) in &section.tags {
        if let Some(asynchronous) = said.asynchronous {
            tags.asynchronous.insert(feature.clone(), asynchronous);
        }
        for (is_so, features) in [
            (said.cacheable, &mut tags.cacheable),
            (said.personal, &mut tags.personal),
            (said.pinned, &mut tags.pinned),
        ] {
            if is_so {
                features.insert(feature.clone());
            }
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::{LadderPlan, hourly_rate};
    use crate::cli::config::{Amount, Config};
    use crate::cli::ladder_args::LadderArguments;
    use crate::units::Usd;

    #[test]
    fn a_flag_goes_before_the_setting_and_that_before_our_choice() {
        let mut config = Config::default();
        let mut arguments = LadderArguments::default();
        let rate = |arguments: &LadderArguments, config: &Config| {
            hourly_rate(&arguments.steps, config).map_err(|error| error.to_string())
        };
        let dollars = |amount: i128| Ok(Usd::from_femto(amount * 1_000_000_000_000_000));
        assert_eq!(rate(&arguments, &config), dollars(100));
        config.settings.plan.hourly_rate_usd = Some(Amount::Whole(80));
        assert_eq!(rate(&arguments, &config), dollars(80));
        arguments.steps.hourly_rate = Some("120".to_owned());
        assert_eq!(rate(&arguments, &config), dollars(120));
        arguments.steps.hourly_rate = Some("cheap".to_owned());
        assert!(rate(&arguments, &config).is_err_and(|error| error.starts_with("--hourly-rate: ")));
        arguments.steps.hourly_rate = Some("0".to_owned());
        assert!(rate(&arguments, &config).is_err());
        arguments.no_ladder = true;
        assert!(LadderPlan::resolve(&arguments, &config).is_ok_and(|plan| plan.is_none()));
    }
}
