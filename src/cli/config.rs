//! `tokopt.toml`: a project's own settings, read and checked.
//!
//! `docs/configuration.md` explains every one of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::assumptions::{self, TechniquesSection};
use super::error::CliError;
use super::file;
use super::self_hosting::SelfHostingSection;
use super::surroundings::Surroundings;
use crate::budget::{BudgetSettings, IgnoreSettings};
use crate::ingest::mapping::MappingSettings;
use crate::selection::nearest::nearest;
use crate::techniques::parameters::Assumptions;

/// The name that is looked for in the current folder and those above it.
const FILE_NAME: &str = "tokopt.toml";

/// A settings file, or none.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    /// Where it is.
    pub(super) path: Option<PathBuf>,
    /// Whether nobody named it: it was found above the current folder.
    pub(super) from_above: bool,
    /// What it says.
    pub(super) settings: ConfigFile,
    /// The numbers of `[techniques]`, over those of the registry.
    pub(super) assumptions: Assumptions,
}

/// The shape of the file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ConfigFile {
    /// Defaults of `tokopt analyze`.
    pub(super) analyze: AnalyzeSection,
    /// How a call's feature is found.
    pub(super) features: FeaturesSection,
    /// The numbers that techniques rest on.
    pub(super) techniques: TechniquesSection,
    /// What the plan of work rests on.
    pub(super) plan: PlanSection,
    /// What a machine of one's own does and costs.
    pub(super) self_hosting: Option<SelfHostingSection>,
    /// What users pay.
    pub(super) plans: PlansSection,
    /// How users are kept private.
    pub(super) privacy: PrivacySection,
    /// Prices of one's own.
    pub(super) prices: PricesSection,
    /// Log formats of one's own, by name.
    pub(super) formats: BTreeMap<String, MappingSettings>,
    /// What a log may cost.
    pub(super) budget: BudgetSettings,
    /// What may be over its budget, and why.
    pub(super) ignore: Vec<IgnoreSettings>,
}

/// `[analyze]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AnalyzeSection {
    /// See `--where`.
    #[serde(rename = "where")]
    pub(super) filters: Vec<String>,
    /// See `--by`.
    pub(super) by: Vec<String>,
    /// See `--timezone`.
    pub(super) timezone: Option<String>,
    /// See `--epoch`.
    pub(super) epoch: Option<String>,
    /// See `--model`.
    pub(super) model: Option<String>,
    /// See `--top`.
    pub(super) top: Option<u32>,
    /// See `--strict`.
    pub(super) strict: bool,
}

/// `[features]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FeaturesSection {
    /// Fields to take the feature's name from, the first that has a value.
    pub(super) from: Vec<String>,
    /// Rules that go before `from`, the first that holds.
    pub(super) rule: Vec<FeatureRule>,
    /// What no log shows of a feature, by its name.
    pub(super) tags: BTreeMap<String, FeatureTagsSection>,
}

/// `[features.tags.NAME]`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FeatureTagsSection {
    /// Whether nobody waits for the answers; without it the calls' arrivals
    /// decide.
    pub(super) asynchronous: Option<bool>,
    /// Whether a stored answer will do, whatever the temperature.
    pub(super) cacheable: bool,
    /// Whether answers are about one user and serve no other.
    pub(super) personal: bool,
    /// Whether a cheaper model must not answer.
    pub(super) pinned: bool,
}

/// `[[features.rule]]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeatureRule {
    /// The feature.
    pub(super) name: String,
    /// Filters that a call must pass, as `--where` takes them.
    #[serde(rename = "where")]
    pub(super) filters: Vec<String>,
}

/// `[plan]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PlanSection {
    /// See `--hourly-rate`.
    pub(super) hourly_rate_usd: Option<Amount>,
}

/// `[plans]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PlansSection {
    /// What a user pays in thirty days, in dollars.
    pub(super) price_usd: Option<Amount>,
}

/// A number of dollars, with or without quotes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Amount {
    Text(String),
    Whole(i64),
    Decimal(f64),
}

impl Amount {
    /// The amount as it is written; the shortest decimal of a float is the one
    /// in the file.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Whole(whole) => whole.to_string(),
            Self::Decimal(decimal) => decimal.to_string(),
        }
    }
}

/// `[privacy]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PrivacySection {
    /// See `--key-file`; relative to the folder of the file.
    pub(super) key_file: Option<PathBuf>,
}

/// `[prices]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PricesSection {
    /// Price files, relative to the folder of the file.
    pub(super) files: Vec<PathBuf>,
    /// A price file's content, here.
    pub(super) overrides: toml::Table,
}

impl Config {
    /// Finds and reads the file: the one that was named, else the one in
    /// `TOKOPT_CONFIG`, else the nearest in the folders from the current one up.
    ///
    /// # Errors
    /// When a file that was named is missing, or one cannot be read.
    pub(super) fn find(
        named: Option<&Path>,
        surroundings: &Surroundings,
    ) -> Result<Self, CliError> {
        let path = match (named, &surroundings.config) {
            (Some(named), _) => Some(named.to_owned()),
            (None, Some(variable)) if variable.is_empty() => None,
            (None, Some(variable)) => Some(PathBuf::from(variable)),
            (None, None) => surroundings.current_folder.as_deref().and_then(nearest_file),
        };
        let is_named = named.is_some() || surroundings.config.is_some();
        let folder = path.as_deref().and_then(Path::parent);
        let from_above = !is_named && folder != surroundings.current_folder.as_deref();
        match path {
            None => Ok(Self::default()),
            Some(path) => {
                let text = file::read(&path)?;
                let settings = parse(&text, &file::shown(&path))?;
                let assumptions = assumptions(&settings, &text, &file::shown(&path))?;
                Ok(Self { path: Some(path), from_above, settings, assumptions })
            }
        }
    }

    /// A path of the file as it is meant: from the file's folder.
    pub(super) fn resolved(&self, path: &Path) -> PathBuf {
        let folder = self.path.as_deref().and_then(Path::parent);
        folder.map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }
}

fn nearest_file(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file())
}

fn parse(text: &str, path: &str) -> Result<ConfigFile, CliError> {
    toml::from_str(text).map_err(|error| CliError::Config {
        place: place(path, text, error.span().map_or(0, |span| span.start)),
        message: error.message().lines().collect::<Vec<_>>().join(", "),
        hint: suggestion(error.message()),
    })
}

fn assumptions(settings: &ConfigFile, text: &str, path: &str) -> Result<Assumptions, CliError> {
    assumptions::of_file(&settings.techniques).map_err(|(span, error)| CliError::Config {
        place: place(path, text, span.start),
        message: error.to_string(),
        hint: Some(assumptions::hint(&error)),
    })
}

/// A file and a line of it.
fn place(path: &str, text: &str, start: usize) -> String {
    let before = text.get(..start).unwrap_or_default();
    format!("{path}:{}", before.matches('\n').count() + 1)
}

/// What was meant by an unknown setting: the message names it first and then
/// those that there are.
pub(super) fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    nearest(unknown, quoted).map(|meant| format!("did you mean `{meant}`?"))
}

#[cfg(test)]
mod tests {
    use super::{Amount, Config, ConfigFile, parse};
    use crate::cli::error::CliError;
    use crate::cli::surroundings::Surroundings;

    #[test]
    fn every_section_is_read() {
        let text = r#"
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
            [techniques.model-routing]
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
            [formats.gateway.fields]
            model = "req.model"
        "#;
        let file = parse(text, "tokopt.toml").expect("a settings file");
        assert_eq!(file.analyze.filters, ["user!=load-test"]);
        assert_eq!(file.features.rule[0].name, "support");
        let tags = file.features.tags["support"];
        assert_eq!((tags.asynchronous, tags.pinned, tags.cacheable), (Some(false), true, false));
        assert_eq!(file.plan.hourly_rate_usd, Some(Amount::Whole(80)));
        assert!(file.self_hosting.is_some());
        assert_eq!(file.plans.price_usd, Some(Amount::Decimal(19.99)));
        assert_eq!(file.plans.price_usd.map(|amount| amount.text()).as_deref(), Some("19.99"));
        assert_eq!(file.formats["gateway"].fields["model"], "req.model");
        assert!(file.prices.overrides.contains_key("model"));
        assert_eq!(parse("", "tokopt.toml").expect("no settings"), ConfigFile::default());
    }

    #[test]
    fn a_slip_is_named_with_its_line_and_what_was_meant() {
        let error = parse("[analyze]\ntop = 3\ntimezome = \"UTC\"\n", "a/tokopt.toml");
        let Err(CliError::Config { place, message, hint }) = error else {
            panic!("{error:?}");
        };
        assert_eq!(place, "a/tokopt.toml:3");
        assert!(message.starts_with("unknown field `timezome`"), "{message}");
        assert_eq!(hint.as_deref(), Some("did you mean `timezone`?"));
    }

    #[test]
    fn a_number_of_no_technique_is_named_with_its_line() {
        let text = "[techniques.model-routing]\nshare = 0.2\nescalatoin = 0.1\n";
        let settings = parse(text, "tokopt.toml").expect("well formed");
        let error = super::assumptions(&settings, text, "tokopt.toml");
        let Err(CliError::Config { place, message, hint }) = error else {
            panic!("{error:?}");
        };
        assert_eq!(place, "tokopt.toml:3");
        assert_eq!(message, "model-routing has no parameter `escalatoin`");
        assert_eq!(hint.as_deref(), Some("did you mean `escalation`?"));
    }

    #[test]
    fn the_nearest_file_counts_unless_one_is_named() {
        let root = tempfile::tempdir().expect("a folder");
        let below = root.path().join("a/b");
        std::fs::create_dir_all(&below).expect("folders");
        std::fs::write(root.path().join("tokopt.toml"), "[analyze]\ntop = 1\n").expect("a file");
        let named = root.path().join("named.toml");
        std::fs::write(&named, "[analyze]\ntop = 2\n").expect("a file");
        let here = Surroundings { current_folder: Some(below), ..Surroundings::default() };
        let top = |named, surroundings: &Surroundings| {
            Config::find(named, surroundings).map(|config| config.settings.analyze.top)
        };
        assert_eq!(top(None, &here).expect("found"), Some(1));
        assert_eq!(top(Some(named.as_path()), &here).expect("named"), Some(2));
        let variable = Surroundings { config: Some(named.as_os_str().to_owned()), ..here.clone() };
        assert_eq!(top(None, &variable).expect("named"), Some(2));
        let none = Surroundings { config: Some("".into()), ..here.clone() };
        assert_eq!(top(None, &none).expect("none"), None);
        assert!(top(Some(std::path::Path::new("missing.toml")), &here).is_err());
    }
}
