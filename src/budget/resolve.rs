//! From settings as they are written to rules that can be judged.
//!
//! Says what is wrong with its place. Knows no log.

use std::ops::Range;

use toml::Spanned;

use super::amount::{self, Size};
use super::measure::{self, Measure};
use super::place::Source;
use super::preset::{self, PRESETS, Preset};
use super::rule::{
    Budget, Ignore, MINIMUM_CALLS, REJECTED_SHARE, Rule, RuleLimit, Scope, SettingsError,
    UNPRICED_SHARE,
};
use super::settings::{
    Amount, Bound, BudgetSettings, Filters, IgnoreSettings, MeasureSettings, Per, RuleSettings,
};
use crate::report::document::{Level, Place, Unit};
use crate::selection::nearest::nearest;
use crate::selection::{Filter, SelectionError};

/// Settings files hold these; the rest comes from flags.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// `[budget]`
    pub budget: &'a BudgetSettings,
    /// `[[ignore]]`
    pub ignore: &'a [IgnoreSettings],
    /// The settings file, where there is one.
    pub source: Option<Source<'a>>,
    /// Presets besides those of the file.
    pub presets: &'a [String],
    /// The least calls, over those of the file.
    pub minimum_calls: Option<u64>,
}

/// All of a baseline, in billionths.
const WHOLE: i128 = 1_000_000_000;

/// Reads every number and filter.
///
/// # Errors
/// For the first that cannot be understood.
pub fn resolve(settings: &Settings<'_>) -> Result<Budget, SettingsError> {
    let budget = settings.budget;
    let share =
        |amount: &Option<Spanned<Amount>>, otherwise| amount.as_ref().map_or(Ok(otherwise), part);
    let reader = Reader {
        source: settings.source,
        minimum_calls: settings.minimum_calls.or(budget.minimum_calls).unwrap_or(MINIMUM_CALLS),
    };
    let presets = presets(budget, settings.presets)?;
    let mut rules = reader.own_rules(budget, !presets.is_empty())?;
    for preset in presets {
        rules.extend(reader.preset_rules(preset, &budget.measures)?);
    }
    let ignores = settings.ignore.iter().map(|ignore| reader.ignore(ignore));
    rules.retain(|rule| rule.level != Level::Off);
    Ok(Budget {
        rules,
        ignores: ignores.collect::<Result<_, _>>()?,
        rejected_share: share(&budget.max_rejected_share, REJECTED_SHARE)?,
        unpriced_share: share(&budget.max_unpriced_share, UNPRICED_SHARE)?,
        allow_empty: budget.allow_empty,
    })
}

/// The presets of the file and of flags, each once.
fn presets(
    budget: &BudgetSettings,
    named: &[String],
) -> Result<Vec<&'static Preset>, SettingsError> {
    let of_file = budget.preset.iter().map(|name| (name.get_ref(), Some(name.span())));
    let named = named.iter().map(|name| (name, None));
    let mut found: Vec<&'static Preset> = Vec::new();
    for (name, span) in of_file.chain(named) {
        let names = || PRESETS.iter().map(|preset| preset.name);
        let preset = preset::find(name).ok_or_else(|| SettingsError {
            span,
            message: format!("there is no preset `{name}`"),
            hint: Some(match nearest(name, names()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the presets are {}", names().collect::<Vec<_>>().join(", ")),
            }),
        })?;
        if !found.iter().any(|found| found.name == preset.name) {
            found.push(preset);
        }
    }
    Ok(found)
}

fn refused<T>(at: &Spanned<T>, message: impl Into<String>, hint: Option<&str>) -> SettingsError {
    SettingsError { span: Some(at.span()), message: message.into(), hint: hint.map(str::to_owned) }
}

/// A percentage or a part of one, in billionths.
fn part(amount: &Spanned<Amount>) -> Result<i128, SettingsError> {
    amount::quantity(amount.get_ref(), Unit::Share)
        .map(crate::report::document::Quantity::billionths)
        .map_err(|message| refused(amount, message, None))
}

struct Reader<'a> {
    source: Option<Source<'a>>,
    minimum_calls: u64,
}

/// What the rules of a bound share.
struct Base {
    name: String,
    measure: &'static Measure,
    scope: Scope,
}

impl Reader<'_> {
    fn own_rules(
        &self,
        budget: &BudgetSettings,
        has_preset: bool,
    ) -> Result<Vec<Rule>, SettingsError> {
        let mut rules = Vec::new();
        for MeasureSettings { measure, bound } in &budget.measures {
            let name = format!("budget.{}", measure.key);
            let base = Base { name, measure, scope: Scope::default() };
            let found = self.limits(&base, bound.get_ref())?;
            let is_off = bound.get_ref().level == Some(Level::Off);
            if found.is_empty() && !has_preset && !is_off {
                return Err(no_limit(bound));
            }
            rules.extend(found);
        }
        if let Some(increase) = &budget.increase {
            rules.push(self.increase(increase)?);
        }
        for feature in &budget.feature {
            rules.extend(self.feature_rules(feature)?);
        }
        for rule in &budget.rule {
            rules.extend(self.free_rule(rule)?);
        }
        Ok(rules)
    }

    fn feature_rules(
        &self,
        feature: &super::settings::FeatureBudget,
    ) -> Result<Vec<Rule>, SettingsError> {
        let Some(pattern) = &feature.pattern else {
            let at = feature.measures.first().map(|measure| measure.bound.span());
            return Err(SettingsError {
                span: at,
                message: "a [[budget.feature]] has no `match`".to_owned(),
                hint: Some("write match = \"support-*\", or match = \"*\" for each".to_owned()),
            });
        };
        if feature.measures.is_empty() {
            let hint = "write cost_per_call = { max = \"USD 0.02\" } under it";
            return Err(refused(pattern, "a [[budget.feature]] bounds nothing", Some(hint)));
        }
        let text = format!("feature={}", pattern.get_ref());
        let filter = Filter::parse(&[&text]).map_err(|error| selection(pattern, &error))?;
        let scope =
            Scope { texts: vec![text], filter, per: Some(Per::Feature), chooses_features: true };
        let mut rules = Vec::new();
        for MeasureSettings { measure, bound } in &feature.measures {
            let name = format!("budget.feature.{}.{}", pattern.get_ref(), measure.key);
            let found =
                self.limits(&Base { name, measure, scope: scope.clone() }, bound.get_ref())?;
            if found.is_empty() {
                return Err(no_limit(bound));
            }
            rules.extend(found);
        }
        Ok(rules)
    }

    fn free_rule(&self, rule: &Spanned<RuleSettings>) -> Result<Vec<Rule>, SettingsError> {
        let settings = rule.get_ref();
        let Some(key) = &settings.measure else {
            return Err(refused(
                rule,
                "a [[budget.rule]] has no `measure`",
                Some("write measure = \"cost_per_call\""),
            ));
        };
        let measure = Measure::parse(key.get_ref()).ok_or_else(|| unknown_measure(key))?;
        let (texts, filter) = match &settings.filters {
            None => (Vec::new(), Filter::default()),
            Some(filters) => {
                let texts = texts(filters.get_ref());
                let filter = Filter::parse(&texts).map_err(|error| selection(filters, &error))?;
                (texts, filter)
            }
        };
        let name = settings.name.clone().unwrap_or_else(|| {
            let of: Vec<&str> = [measure.key]
                .into_iter()
                .chain(texts.iter().map(String::as_str))
                .chain(settings.per.map(Per::name))
                .collect();
            of.join(".")
        });
        let base = Base {
            name: format!("budget.rule.{name}"),
            measure,
            scope: Scope { texts, filter, per: settings.per, chooses_features: false },
        };
        let found = self.limits(&base, &settings.bound())?;
        if found.is_empty() {
            return Err(no_limit(rule));
        }
        Ok(found)
    }

    /// `[budget] increase`: of the monthly cost.
    fn increase(&self, settings: &Spanned<Bound>) -> Result<Rule, SettingsError> {
        let written = settings.get_ref();
        let as_increase = Bound { increase: written.max.clone(), max: None, ..written.clone() };
        let base = Base {
            name: "budget".to_owned(),
            measure: &measure::MONTHLY_COST,
            scope: Scope::default(),
        };
        let misplaced = written.min.is_some() || written.increase.is_some();
        let mut found = self.limits(&base, &as_increase)?;
        match (found.pop(), misplaced || written.decrease.is_some()) {
            (Some(rule), false) => Ok(rule),
            _ => Err(refused(
                settings,
                "[budget] increase takes `max` and `min_change`",
                Some("write increase = { max = \"5%\", min_change = \"USD 50\" }"),
            )),
        }
    }

    /// The rules of a preset, as far as the settings file has none of that
    /// measure.
    fn preset_rules(
        &self,
        preset: &Preset,
        own: &[MeasureSettings],
    ) -> Result<Vec<Rule>, SettingsError> {
        let settings: BudgetSettings =
            toml::from_str(preset.text).map_err(|error| SettingsError {
                span: None,
                message: format!("the preset {}: {}", preset.name, error.message()),
                hint: None,
            })?;
        let bare = Reader { source: None, minimum_calls: self.minimum_calls };
        let mut rules = Vec::new();
        for MeasureSettings { measure, bound } in &settings.measures {
            let mut bound = bound.get_ref().clone();
            let mut place = None;
            if let Some(own) = own.iter().find(|own| own.measure == *measure) {
                let written = own.bound.get_ref();
                if has_limit(written) {
                    continue;
                }
                place = self.source.and_then(|source| source.place(own.bound.span()));
                bound.level = written.level.or(bound.level);
                bound.minimum_calls = written.minimum_calls.or(bound.minimum_calls);
            }
            let name = format!("preset.{}.{}", preset.name, measure.key);
            let found = bare.limits(&Base { name, measure, scope: Scope::default() }, &bound)?;
            rules.extend(found.into_iter().map(|rule| Rule { place: place.clone(), ..rule }));
        }
        Ok(rules)
    }

    /// One rule for each limit that a bound sets.
    fn limits(&self, base: &Base, bound: &Bound) -> Result<Vec<Rule>, SettingsError> {
        let unit = base.measure.unit;
        let number = |amount: &Spanned<Amount>| {
            amount::quantity(amount.get_ref(), unit)
                .map_err(|message| refused(amount, wrong(base.measure, &message), None))
        };
        let change = |amount: &Spanned<Amount>| {
            amount::change(amount.get_ref(), unit)
                .map_err(|message| refused(amount, wrong(base.measure, &message), None))
        };
        if let Some(decrease) = &bound.decrease
            && let Size::Part(part) = change(decrease)?
            && part.billionths() > WHOLE
        {
            let message = "nothing falls by more than 100 %: the rule could never be over";
            return Err(refused(decrease, wrong(base.measure, message), None));
        }
        let least = bound.min_change.as_ref().map(change).transpose()?;
        let warn_at = bound.warn_at.as_ref().map(part).transpose()?;
        check_fit(base, bound, least)?;
        let mut limits: Vec<(&str, Range<usize>, RuleLimit)> = Vec::new();
        if let Some(max) = &bound.max {
            limits.push(("", max.span(), RuleLimit::Max(number(max)?)));
        }
        if let Some(min) = &bound.min {
            let suffix = if bound.max.is_some() { ".min" } else { "" };
            limits.push((suffix, min.span(), RuleLimit::Min(number(min)?)));
        }
        if let Some(increase) = &bound.increase {
            let limit = RuleLimit::Increase { allowed: change(increase)?, least };
            limits.push((".increase", increase.span(), limit));
        }
        if let Some(decrease) = &bound.decrease {
            let limit = RuleLimit::Decrease { allowed: change(decrease)?, least };
            limits.push((".decrease", decrease.span(), limit));
        }
        let rule = |(suffix, span, limit): (&str, Range<usize>, RuleLimit)| Rule {
            name: format!("{}{suffix}", base.name),
            measure: base.measure,
            scope: base.scope.clone(),
            limit,
            warn_at,
            level: bound.level.unwrap_or_default(),
            minimum_calls: bound.minimum_calls.unwrap_or(self.minimum_calls),
            technique: bound.technique.as_ref().map(|technique| technique.get_ref().clone()),
            place: self.place(span),
        };
        Ok(limits.into_iter().map(rule).collect())
    }

    fn place(&self, span: Range<usize>) -> Option<Place> {
        self.source.and_then(|source| source.place(span))
    }

    fn ignore(&self, settings: &IgnoreSettings) -> Result<Ignore, SettingsError> {
        let span = settings.code.as_ref().map(Spanned::span);
        let span = span.or(settings.reason.as_ref().map(Spanned::span));
        let says_what = settings.code.is_some()
            || settings.rule.is_some()
            || settings.feature.is_some()
            || settings.filters.is_some();
        let Some(reason) =
            settings.reason.as_ref().filter(|reason| !reason.get_ref().trim().is_empty())
        else {
            return Err(SettingsError {
                span,
                message: "an [[ignore]] has no `reason`".to_owned(),
                hint: Some("say why it may be over: whoever reads it next will ask".to_owned()),
            });
        };
        if !says_what {
            let hint = "name a code, a rule, a feature or a where";
            return Err(refused(reason, "an [[ignore]] ignores nothing in particular", Some(hint)));
        }
        if let Some(code) = &settings.code {
            known_code(code)?;
        }
        let feature = settings.feature.as_ref().map(|feature| {
            let text = format!("feature={}", feature.get_ref());
            Filter::parse(&[text]).map_err(|error| selection(feature, &error))
        });
        let expires = settings.expires.as_ref().map(|expires| {
            let date = expires.get_ref().date;
            date.map(|date| date.to_string()).ok_or_else(|| {
                refused(expires, "`expires` is no day", Some("write expires = 2026-12-31"))
            })
        });
        Ok(Ignore {
            code: settings.code.as_ref().map(|code| code.get_ref().to_ascii_uppercase()),
            rule: settings.rule.clone(),
            feature: feature.transpose()?,
            filters: settings.filters.as_ref().map(texts),
            reason: reason.get_ref().clone(),
            expires: expires.transpose()?,
            place: self.place(reason.span()),
        })
    }
}

/// Refuses settings that would say nothing.
fn check_fit(base: &Base, bound: &Bound, least: Option<Size>) -> Result<(), SettingsError> {
    let compares = bound.increase.is_some() || bound.decrease.is_some();
    if let Some(at) = bound.min_change.as_ref().filter(|_| least.is_some() && !compares) {
        return Err(refused(
            at,
            "`min_change` says which change against a baseline is none",
            Some("set `increase` or `decrease` beside it"),
        ));
    }
    let is_saving = *base.measure == measure::SAVING_SHARE;
    if let Some(technique) = bound.technique.as_ref().filter(|_| !is_saving) {
        return Err(refused(technique, "only `saving_share` takes a technique", None));
    }
    let is_mix = *base.measure == measure::MODEL_MIX_SHIFT;
    let at = bound.increase.as_ref().or(bound.decrease.as_ref());
    if let Some(at) = at.filter(|_| is_mix || is_saving) {
        return Err(refused(
            at,
            format!("`{}` takes `max`", base.measure.key),
            is_mix.then_some("it is a comparison with the baseline already"),
        ));
    }
    Ok(())
}

fn known_code(code: &Spanned<String>) -> Result<(), SettingsError> {
    let codes = || measure::ALL.iter().map(|measure| measure.code);
    let upper = code.get_ref().to_ascii_uppercase();
    if codes().any(|known| known == upper) {
        return Ok(());
    }
    let of_measure = measure::ALL.iter().find(|measure| measure.key == code.get_ref());
    let meant = of_measure.map(|measure| measure.code).or_else(|| nearest(&upper, codes()));
    let meant = meant.map(|meant| format!("did you mean `{meant}`?"));
    let hint = meant.unwrap_or_else(|| "`tokopt explain` lists every code".to_owned());
    Err(refused(code, format!("no rule has the code `{}`", code.get_ref()), Some(&hint)))
}

impl Per {
    /// The word of the settings file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Model => "model",
            Self::User => "user",
            Self::Conversation => "conversation",
        }
    }
}

fn texts(filters: &Filters) -> Vec<String> {
    match filters {
        Filters::One(text) => vec![text.clone()],
        Filters::All(texts) => texts.clone(),
    }
}

const fn has_limit(bound: &Bound) -> bool {
    bound.max.is_some()
        || bound.min.is_some()
        || bound.increase.is_some()
        || bound.decrease.is_some()
}

fn no_limit<T>(at: &Spanned<T>) -> SettingsError {
    refused(at, "the rule has no limit", Some("set max, min, increase or decrease"))
}

fn wrong(measure: &Measure, message: &str) -> String {
    format!("`{}`: {message}", measure.key)
}

fn unknown_measure(key: &Spanned<String>) -> SettingsError {
    let word = key.get_ref();
    let keys = measure::ALL.iter().map(|measure| measure.key);
    let meant = Measure::renamed(word).or_else(|| nearest(word, keys));
    let hint = meant.map(|meant| format!("did you mean `{meant}`?"));
    let hint = hint.as_deref().or(Some("docs/check.md lists every measure"));
    refused(key, format!("there is no measure `{word}`"), hint)
}

fn selection<T>(at: &Spanned<T>, error: &SelectionError) -> SettingsError {
    refused(at, error.to_string(), error.hint().as_deref())
}

#[cfg(test)]
mod tests;
