//! The shape of `tokopt.toml`: what can be set, with what each setting means.
//!
//! The doc comments of the fields are what `tokopt schema config` says of them.
//! Where a value comes from is the business of its neighbours.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::{self, Unexpected};
use serde::{Deserialize, Deserializer};

use super::schema;
use crate::budget::{BudgetSettings, IgnoreSettings};
use crate::cli::assumptions::AssumptionsSection;
use crate::cli::self_hosting::SelfHostingSection;
use crate::ingest::mapping::MappingSettings;

/// Rows of a table before the rest is summed up, unless somebody says so.
pub(in crate::cli) const TOP: u32 = 10;

/// What an hour of work costs unless somebody says so, in dollars.
pub(in crate::cli) const HOURLY_RATE: &str = "100";

/// A project's settings of tokopt. Everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "tokopt settings")]
pub(in crate::cli) struct ConfigFile {
    /// The version of this file's shape.
    #[schemars(extend("default" = 1, "enum" = [1]), with = "u8")]
    pub(in crate::cli) version: Version,
    /// The logs that are read when the command line names none.
    pub(in crate::cli) inputs: InputsSection,
    /// Defaults of the commands that read logs.
    pub(in crate::cli) analyze: AnalyzeSection,
    /// How a call's feature is found, and what no log shows of one.
    pub(in crate::cli) features: FeaturesSection,
    /// How a call's user is found.
    pub(in crate::cli) users: UsersSection,
    /// The numbers that techniques rest on, a table for each technique. `tokopt explain TECHNIQUE` says where each value comes from.
    #[schemars(schema_with = "schema::assumptions")]
    pub(in crate::cli) assumptions: AssumptionsSection,
    /// What the plan of work rests on.
    pub(in crate::cli) plan: PlanSection,
    /// What one machine of your own does and costs. Without it nothing is said of self-hosting.
    pub(in crate::cli) self_hosting: SelfHostingSection,
    /// What your users pay.
    pub(in crate::cli) plans: PlansSection,
    /// How users are kept private.
    pub(in crate::cli) privacy: PrivacySection,
    /// Prices of your own, over the built-in table.
    pub(in crate::cli) prices: PricesSection,
    /// Negotiated discounts on list prices: PROVIDER or PROVIDER/MODEL to a percentage, such as "15%". Where both fit, both hold, one after the other.
    pub(in crate::cli) discounts: BTreeMap<String, String>,
    /// Log formats of your own, by name.
    pub(in crate::cli) formats: BTreeMap<String, MappingSettings>,
    /// What a log may cost.
    pub(in crate::cli) budget: BudgetSettings,
    /// What may be over its budget, and why.
    pub(in crate::cli) ignore: Vec<IgnoreSettings>,
}

/// The version of the file's shape: there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => {
                let expected = &"version 1, the only one that this tokopt reads";
                Err(de::Error::invalid_value(Unexpected::Signed(other), expected))
            }
        }
    }
}

/// `[inputs]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::cli) struct InputsSection {
    /// Files, folders and patterns, relative to the folder of this file. Paths on the command line replace them.
    pub(in crate::cli) paths: Vec<String>,
}

/// `[analyze]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::cli) struct AnalyzeSection {
    /// Filters that a call must pass, FIELD=PATTERN each, as --where takes them.
    #[serde(rename = "where")]
    pub(in crate::cli) filters: Vec<String>,
    /// Tables by these dimensions, as --by takes them; a comma crosses two.
    pub(in crate::cli) by: Vec<String>,
    /// Time zone of days and hours, an IANA name.
    #[schemars(extend("default" = "UTC"))]
    pub(in crate::cli) timezone: Option<String>,
    /// When a clock without a date starts, such as "2026-06-01".
    pub(in crate::cli) epoch: Option<String>,
    /// The model of calls that name none.
    pub(in crate::cli) model: Option<String>,
    /// Rows of a table before the rest is summed up.
    #[schemars(range(min = 1), extend("default" = TOP))]
    pub(in crate::cli) top: Option<u32>,
    /// Fail, after writing the outputs, if a record was rejected or a model has no price.
    pub(in crate::cli) strict: bool,
}

/// `[features]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::cli) struct FeaturesSection {
    /// Fields to take the feature's name from, the first that has a value: tag.NAME, call_site and others.
    pub(in crate::cli) from: Vec<String>,
    /// Rules that go before `from`; the first that holds names the feature.
    pub(in crate::cli) rule: Vec<FeatureRule>,
    /// What no log shows of a feature, by its name.
    pub(in crate::cli) tags: BTreeMap<String, FeatureTagsSection>,
}

/// `[features.tags.NAME]`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::cli) struct FeatureTagsSection {
    /// Whether nobody waits for the answers; without it the calls' arrivals decide.
    pub(in crate::cli) asynchronous: Option<bool>,
    /// Whether a stored answer will do, whatever the temperature.
    pub(in crate::cli) cacheable: bool,
    /// Whether answers are about one user and serve no other.
    pub(in crate::cli) personal: bool,
    /// Whether a cheaper model must not answer.
    pub(in crate::cli) pinned: bool,
}

/// `[[features.rule]]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct FeatureRule {
    /// The feature.
    pub(in crate::cli) name: String,
    /// Filters that a call must pass, FIELD=PATTERN each; an empty list takes every call.
    #[serde(rename = "where")]
    pub(in crate::cli) filters: Vec<String>,
}

/// `[users]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::cli) struct UsersSection {
    /// Fields to take the user from, the first that has a value, before what the log calls a user: tag.NAME, account and others.
    pub(in crate::cli) from: Vec<String>,
}

/// `[plan]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::cli) struct PlanSection {
    /// What an hour of work costs, in dollars.
    #[schemars(extend("default" = schema::number(HOURLY_RATE)))]
    pub(in crate::cli) hourly_rate_usd: Option<Amount>,
}

/// `[plans]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::cli) struct PlansSection {
    /// What a user pays you in thirty days, in dollars.
    pub(in crate::cli) price_usd: Option<Amount>,
}

/// A number of dollars, with or without quotes.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a number of dollars")]
pub(in crate::cli) enum Amount {
    /// A decimal in quotes.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A decimal.
    Decimal(f64),
}

impl Amount {
    /// The amount as it is written; the shortest decimal of a float is the one
    /// in the file.
    pub(in crate::cli) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Whole(whole) => whole.to_string(),
            Self::Decimal(decimal) => decimal.to_string(),
        }
    }
}

/// `[privacy]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::cli) struct PrivacySection {
    /// A file with the key that pseudonyms are made with, relative to the folder of this file.
    pub(in crate::cli) key_file: Option<PathBuf>,
}

/// `[prices]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::cli) struct PricesSection {
    /// Price files, relative to the folder of this file; the last one wins.
    pub(in crate::cli) files: Vec<PathBuf>,
    /// A price file's content, here.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub(in crate::cli) overrides: toml::Table,
}

#[cfg(test)]
mod tests {
    use super::{Amount, ConfigFile};

    fn parse(text: &str) -> Result<ConfigFile, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn every_section_is_read() {
        let text = r#"
            version = 1
            [inputs]
            paths = ["logs/**/*.jsonl"]
            [analyze]
            where = ["user!=load-test"]
            by = ["model,component"]
            timezone = "Europe/Berlin"
            [features]
            from = ["tag.team"]
            [[features.rule]]
            name = "support"
            where = ["tag.route=/support/*"]
            [features.tags.support]
            asynchronous = false
            pinned = true
            [users]
            from = ["tag.user_id"]
            [assumptions.model-routing]
            share = 0.3
            [plan]
            hourly_rate_usd = 80
            [self_hosting]
            input_tokens_per_second = 20000
            output_tokens_per_second = 2500
            usd_per_hour = 2.49
            [plans]
            price_usd = 19.99
            [privacy]
            key_file = "tokopt.key"
            [prices]
            files = ["negotiated.toml"]
            [[prices.overrides.model]]
            id = "in-house"
            [discounts]
            anthropic = "15%"
            [formats.gateway.fields]
            model = "req.model"
        "#;
        let file = parse(text).expect("a settings file");
        assert_eq!(file.inputs.paths, ["logs/**/*.jsonl"]);
        assert_eq!(file.analyze.filters, ["user!=load-test"]);
        assert_eq!(file.features.rule[0].name, "support");
        let tags = file.features.tags["support"];
        assert_eq!((tags.asynchronous, tags.pinned, tags.cacheable), (Some(false), true, false));
        assert_eq!(file.users.from, ["tag.user_id"]);
        assert_eq!(file.plan.hourly_rate_usd, Some(Amount::Whole(80)));
        assert_eq!(file.plans.price_usd, Some(Amount::Decimal(19.99)));
        assert_eq!(file.plans.price_usd.map(|amount| amount.text()).as_deref(), Some("19.99"));
        assert_eq!(file.formats["gateway"].fields["model"], "req.model");
        assert!(file.prices.overrides.contains_key("model"));
        assert_eq!(file.discounts["anthropic"], "15%");
        assert_eq!(parse("").expect("no settings"), ConfigFile::default());
    }

    #[test]
    fn another_version_is_not_guessed_at() {
        let message = parse("version = 2").expect_err("a version to come");
        assert!(message.ends_with("expected version 1, the only one that this tokopt reads"));
    }
}
