//! `[budget]` and `[[ignore]]` of a settings file, as they are written: nothing
//! is resolved, every value remembers where it stands.
//!
//! Knows the names of measures, and not what they are worth.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use toml::Spanned;
use toml::value::Datetime;

use super::measure::{self, Measure};
use crate::report::document::Level;

/// A number as a settings file has it: `4000`, `0.02`, `"USD 4000"`, `"5%"`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a number is wanted here, such as 4000, \"USD 4000\" or \"5%\"")]
pub enum Amount {
    /// A number with its unit.
    Text(String),
    /// A whole number of the measure's unit.
    Whole(i64),
    /// A number of the measure's unit.
    Decimal(f64),
}

/// One filter or several that must all hold.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a filter is wanted here, such as \"model=gpt-*\", or a list of them"
)]
pub enum Filters {
    /// One, such as `model=gpt-*`.
    One(String),
    /// Several that must all hold.
    All(Vec<String>),
}

/// What a rule is judged for one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Each feature.
    Feature,
    /// Each model.
    Model,
    /// Each user.
    User,
    /// Each conversation.
    Conversation,
}

/// Declares a table that bounds a measure, with keys of its own.
macro_rules! bound_table {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        #[serde(expecting = "a table such as { max = 0.02 }")]
        pub struct $name {
            $($own)*
            /// The most that is allowed; exactly as much is within.
            #[schemars(with = "Option<Amount>")]
            pub max: Option<Spanned<Amount>>,
            /// The least that is allowed; exactly as much is within.
            #[schemars(with = "Option<Amount>")]
            pub min: Option<Spanned<Amount>>,
            /// How much more than the baseline is allowed: a percentage of it
            /// ("20%") or an amount.
            #[schemars(with = "Option<Amount>")]
            pub increase: Option<Spanned<Amount>>,
            /// How much less than the baseline is allowed: a percentage of it
            /// ("20%") or an amount.
            #[schemars(with = "Option<Amount>")]
            pub decrease: Option<Spanned<Amount>>,
            /// A change of this much or less is within, whatever its percentage.
            #[schemars(with = "Option<Amount>")]
            pub min_change: Option<Spanned<Amount>>,
            /// From which part of the limit on to warn: "80%".
            #[schemars(with = "Option<Amount>")]
            pub warn_at: Option<Spanned<Amount>>,
            /// What being over means; `error` where it is not said.
            pub level: Option<Level>,
            /// Calls below which the rule is not judged.
            pub minimum_calls: Option<u64>,
            /// Of `saving_share`: the technique, such as `prompt-caching`;
            /// without it whichever saves most.
            #[schemars(with = "Option<String>")]
            pub technique: Option<Spanned<String>>,
        }
    };
}

bound_table! {
    /// What is allowed of a measure.
    Bound {}
}

bound_table! {
    /// `[[budget.rule]]`: a measure of any slice.
    RuleSettings {
        /// The rule's name in reports; without it the measure and the filters.
        pub name: Option<String>,
        /// What is measured, the key of a measure.
        #[schemars(with = "String")]
        pub measure: Option<Spanned<String>>,
        /// Which calls, as `--where` takes them; all without it.
        #[serde(rename = "where")]
        #[schemars(with = "Option<Filters>")]
        pub filters: Option<Spanned<Filters>>,
        /// Judged for each of these on its own.
        pub per: Option<Per>,
    }
}

impl RuleSettings {
    /// What the rule allows.
    #[must_use]
    pub fn bound(&self) -> Bound {
        Bound {
            max: self.max.clone(),
            min: self.min.clone(),
            increase: self.increase.clone(),
            decrease: self.decrease.clone(),
            min_change: self.min_change.clone(),
            warn_at: self.warn_at.clone(),
            level: self.level,
            minimum_calls: self.minimum_calls,
            technique: self.technique.clone(),
        }
    }
}

/// A measure that a section bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureSettings {
    /// What is measured.
    pub measure: &'static Measure,
    /// What is allowed, and where that stands.
    pub bound: Spanned<Bound>,
}

/// `[budget]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BudgetSettings {
    /// Sets of rules that come with the program.
    pub preset: Vec<Spanned<String>>,
    /// The saved analysis that changes are held against.
    pub baseline: Option<String>,
    /// Calls below which percentiles, shares, per-unit measures and comparisons
    /// are not judged.
    pub minimum_calls: Option<u64>,
    /// The part of the log's records from which on rejected ones refuse the
    /// check.
    pub max_rejected_share: Option<Spanned<Amount>>,
    /// The part of a slice's calls that may be without a price before its
    /// dollars are not judged.
    pub max_unpriced_share: Option<Spanned<Amount>>,
    /// Whether a log without a call passes.
    pub allow_empty: bool,
    /// How much the cost may grow against the baseline.
    pub increase: Option<Spanned<Bound>>,
    /// Budgets of features.
    pub feature: Vec<FeatureBudget>,
    /// Rules on any slice.
    pub rule: Vec<Spanned<RuleSettings>>,
    /// Budgets of the whole log.
    pub measures: Vec<MeasureSettings>,
}

/// `[[budget.feature]]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureBudget {
    /// Which features, `*` and `?` standing for text; each is judged on its own.
    pub pattern: Option<Spanned<String>>,
    /// What is allowed of each.
    pub measures: Vec<MeasureSettings>,
}

/// `[[ignore]]`: what may be over, for a stated reason. All that is given must
/// hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IgnoreSettings {
    /// The code of the rules, `TK111`.
    #[schemars(with = "Option<String>")]
    pub code: Option<Spanned<String>>,
    /// The name of the rule.
    pub rule: Option<String>,
    /// The feature, `*` and `?` standing for text.
    #[schemars(with = "Option<String>")]
    pub feature: Option<Spanned<String>>,
    /// The filters of the rule, written the same way.
    #[serde(rename = "where")]
    pub filters: Option<Filters>,
    /// Why; required.
    #[schemars(with = "String")]
    pub reason: Option<Spanned<String>>,
    /// The last day that it holds, 2026-12-31, compared with the log's last
    /// call.
    #[schemars(with = "Option<String>")]
    pub expires: Option<Spanned<Datetime>>,
}

/// A table of keys of its own and of measures.
trait Section: Default {
    /// The keys of its own.
    const OWN: &'static [&'static str];

    /// Takes the value of an own key.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;

    /// The measures that it bounds.
    fn measures(&mut self) -> &mut Vec<MeasureSettings>;
}

impl Section for BudgetSettings {
    const OWN: &'static [&'static str] = &[
        "preset",
        "baseline",
        "minimum_calls",
        "max_rejected_share",
        "max_unpriced_share",
        "allow_empty",
        "increase",
        "feature",
        "rule",
    ];

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "preset" => self.preset = map.next_value()?,
            "baseline" => self.baseline = Some(map.next_value()?),
            "minimum_calls" => self.minimum_calls = Some(map.next_value()?),
            "max_rejected_share" => self.max_rejected_share = Some(map.next_value()?),
            "max_unpriced_share" => self.max_unpriced_share = Some(map.next_value()?),
            "allow_empty" => self.allow_empty = map.next_value()?,
            "increase" => self.increase = Some(map.next_value()?),
            "feature" => self.feature = map.next_value()?,
            _ => self.rule = map.next_value()?,
        }
        Ok(())
    }

    fn measures(&mut self) -> &mut Vec<MeasureSettings> {
        &mut self.measures
    }
}

impl Section for FeatureBudget {
    const OWN: &'static [&'static str] = &["match"];

    fn take<'de, A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
        self.pattern = Some(map.next_value()?);
        Ok(())
    }

    fn measures(&mut self) -> &mut Vec<MeasureSettings> {
        &mut self.measures
    }
}

/// A key of a section.
enum Key<S> {
    Own(&'static str),
    Measure(&'static Measure, PhantomData<S>),
}

impl<'de, S: Section> Deserialize<'de> for Key<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = Cow::<str>::deserialize(deserializer)?;
        if let Some(own) = S::OWN.iter().find(|own| **own == key) {
            return Ok(Self::Own(own));
        }
        if let Some(measure) = Measure::parse(&key) {
            return Ok(Self::Measure(measure, PhantomData));
        }
        if let Some(here) = Measure::renamed(&key) {
            return Err(de::Error::custom(format!("`{key}` is called `{here}` here")));
        }
        let known = S::OWN.iter().copied().chain(measure::ALL.iter().map(|known| known.key));
        let known: Vec<String> = known.map(|known| format!("`{known}`")).collect();
        Err(de::Error::custom(format!(
            "unknown field `{key}`, expected one of {}",
            known.join(", ")
        )))
    }
}

struct SectionVisitor<S>(PhantomData<S>);

impl<'de, S: Section> Visitor<'de> for SectionVisitor<S> {
    type Value = S;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of budgets")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<S, A::Error> {
        let mut section = S::default();
        while let Some(key) = map.next_key::<Key<S>>()? {
            match key {
                Key::Own(key) => section.take(key, &mut map)?,
                Key::Measure(measure, _) => {
                    let bound = map.next_value()?;
                    section.measures().push(MeasureSettings { measure, bound });
                }
            }
        }
        // The parser hands keys over by their letters.
        section.measures().sort_by_key(|measure| measure.bound.span().start);
        Ok(section)
    }
}

impl<'de> Deserialize<'de> for BudgetSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SectionVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for FeatureBudget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SectionVisitor(PhantomData))
    }
}

/// The schema of a section: what `Own` derives, and every measure.
fn section_schema<Own: JsonSchema>(generator: &mut SchemaGenerator, about: &str) -> Schema {
    let mut schema = Own::json_schema(generator);
    let bound = generator.subschema_for::<Bound>();
    schema.insert("description".to_owned(), about.into());
    if let Some(properties) =
        schema.get_mut("properties").and_then(serde_json::Value::as_object_mut)
    {
        for measure in measure::ALL {
            let mut bound = bound.clone();
            let about = format!("{} Code {}.", measure.about, measure.code);
            bound.insert("description".to_owned(), about.into());
            properties.insert(measure.key.to_owned(), bound.into());
        }
    }
    schema
}

/// The own keys of `[budget]`, for its schema.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is what it is for")]
struct BudgetKeys {
    /// Sets of rules that come with the program: `playbook`, `dashboard`.
    preset: Option<Vec<String>>,
    /// The saved analysis that changes are held against, relative to the folder
    /// of the file.
    baseline: Option<String>,
    /// Calls below which percentiles, shares, per-unit measures and comparisons
    /// are not judged; 30 where it is not said.
    minimum_calls: Option<u64>,
    /// The part of the log's records from which on rejected ones refuse the
    /// check; "50%" where it is not said.
    max_rejected_share: Option<Amount>,
    /// The part of a slice's calls that may be without a price before its
    /// dollars are not judged; "5%" where it is not said.
    max_unpriced_share: Option<Amount>,
    /// Whether a log without a call passes.
    allow_empty: Option<bool>,
    /// How much the cost may grow against the baseline: `max` as a percentage or
    /// an amount, `min_change` below which it is no change.
    increase: Option<Bound>,
    /// Budgets of features.
    feature: Option<Vec<FeatureBudget>>,
    /// Rules on any slice.
    rule: Option<Vec<RuleSettings>>,
}

/// The own keys of `[[budget.feature]]`, for its schema.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema is what it is for")]
struct FeatureKeys {
    /// Which features, `*` and `?` standing for text; each is judged on its own.
    r#match: String,
}

impl JsonSchema for BudgetSettings {
    fn schema_name() -> Cow<'static, str> {
        "BudgetSettings".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        section_schema::<BudgetKeys>(
            generator,
            "What a log may cost; each measure with its bounds.",
        )
    }
}

impl JsonSchema for FeatureBudget {
    fn schema_name() -> Cow<'static, str> {
        "FeatureBudget".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        section_schema::<FeatureKeys>(generator, "What each of some features may cost.")
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Amount, BudgetSettings, Filters, IgnoreSettings, Per};
    use crate::budget::measure;
    use crate::report::document::Level;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct File {
        budget: BudgetSettings,
        ignore: Vec<IgnoreSettings>,
    }

    const TEXT: &str = r#"
[budget]
preset = ["playbook"]
baseline = "base.json"
minimum_calls = 50
max_rejected_share = "10%"
monthly_cost = { max = "USD 4000", warn_at = "80%" }
increase = { max = "5%", min_change = "USD 50" }

[budget.cost_per_call]
max = 0.012
level = "warn"

[[budget.feature]]
match = "support-*"
output_tokens_p95 = { max = 3000 }

[[budget.rule]]
name = "opus"
measure = "calls"
where = "model=claude-opus-*"
per = "user"
max = 10

[[ignore]]
code = "TK111"
feature = "legacy-export"
reason = "retired in December"
expires = 2026-12-31
"#;

    #[test]
    fn every_shape_is_read_with_its_place() {
        let file: File = toml::from_str(TEXT).expect("a budget");
        let budget = &file.budget;
        assert_eq!(budget.preset[0].get_ref(), "playbook");
        assert_eq!(budget.minimum_calls, Some(50));
        let [monthly, call] = budget.measures.as_slice() else { panic!("{budget:?}") };
        assert_eq!((monthly.measure, call.measure.key), (&measure::MONTHLY_COST, "cost_per_call"));
        let max = monthly.bound.get_ref().max.clone().expect("a limit");
        assert_eq!(TEXT.get(max.span()), Some("\"USD 4000\""));
        assert_eq!(max.into_inner(), Amount::Text("USD 4000".to_owned()));
        assert_eq!(call.bound.get_ref().level, Some(Level::Warn));
        let pattern = budget.feature[0].pattern.as_ref().map(|pattern| pattern.get_ref().as_str());
        assert_eq!(pattern, Some("support-*"));
        let rule = budget.rule[0].get_ref();
        assert_eq!(rule.per, Some(Per::User));
        let filters = rule.filters.clone().map(toml::Spanned::into_inner);
        assert_eq!(filters, Some(Filters::One("model=claude-opus-*".to_owned())));
        assert_eq!(rule.bound().max.map(toml::Spanned::into_inner), Some(Amount::Whole(10)));
        let expires = file.ignore[0].expires.as_ref().map(|day| day.get_ref().to_string());
        assert_eq!(expires.as_deref(), Some("2026-12-31"));
        assert_eq!(toml::from_str::<File>("").expect("nothing"), File::default());
    }

    #[test]
    fn a_slip_is_placed() {
        let refused = |text: &str| {
            let error = toml::from_str::<File>(text).expect_err("a slip");
            let slip = error.span().and_then(|span| text.get(span)).map(str::to_owned);
            (error.message().to_owned(), slip)
        };
        let (message, slip) = refused("[budget]\nmonthly_cots = { max = 1 }\n");
        assert!(message.starts_with("unknown field `monthly_cots`, expected one of"), "{message}");
        assert_eq!(slip.as_deref(), Some("monthly_cots"));
        let (message, slip) = refused("[[budget.feature]]\ncost_per_request = { max = 1 }\n");
        assert_eq!(message, "`cost_per_request` is called `cost_per_call` here");
        assert_eq!(slip.as_deref(), Some("cost_per_request"));
        let (message, slip) = refused("[budget]\ncost = { maximum = 1 }\n");
        assert!(message.starts_with("unknown field `maximum`"), "{message}");
        assert_eq!(slip.as_deref(), Some("maximum"));
    }

    #[test]
    fn the_schema_names_every_measure() {
        let schema = serde_json::to_value(schemars::schema_for!(BudgetSettings)).expect("JSON");
        let own = schema["properties"].as_object().expect("properties");
        let feature = schema["$defs"]["FeatureBudget"]["properties"].as_object().expect("defined");
        for measure in measure::ALL {
            for properties in [own, feature] {
                let about = properties[measure.key]["description"].as_str().unwrap_or_default();
                assert!(about.starts_with(measure.about), "{}: {about}", measure.key);
            }
        }
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(feature["match"]["type"], "string");
    }
}
