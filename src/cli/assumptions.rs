//! The named numbers of the techniques, as `--set` and `[assumptions]` of the
//! settings file give them, and what else `--set` can name.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::config;
use super::error::CliError;
use crate::selection::nearest::nearest;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameters::{self, Assumptions, ParameterError};

/// `[assumptions]`: a table of parameters for each technique.
pub(super) type AssumptionsSection = BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Setting>>;

/// A parameter's value: a number, a switch as `true` or `false`, or `"inf"`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Setting {
    Switch(bool),
    Whole(i64),
    Decimal(f64),
    Text(String),
}

impl Setting {
    /// The value as `--set` takes it; the shortest decimal of a float is the one
    /// in the file.
    fn text(&self) -> String {
        match self {
            Self::Switch(on) => i32::from(*on).to_string(),
            Self::Whole(whole) => whole.to_string(),
            Self::Decimal(decimal) => decimal.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// The registry's values with those of a settings file over them.
///
/// # Errors
/// When the file names no parameter or a value is none of its unit, with where
/// that stands in the file's text.
pub(super) fn of_file(
    section: &AssumptionsSection,
) -> Result<Assumptions, (Range<usize>, ParameterError)> {
    let mut assumptions = Assumptions::typical();
    for (technique, values) in section {
        let id = TechniqueId::parse(technique.get_ref()).ok_or_else(|| {
            let technique_name = technique.get_ref().clone();
            (technique.span(), ParameterError::UnknownTechnique { technique: technique_name })
        })?;
        for (name, value) in values {
            let path = format!("{}.{}", id.name(), name.get_ref());
            assumptions.set(&path, &value.text()).map_err(|error| (name.span(), error))?;
        }
    }
    Ok(assumptions)
}

/// A value that `--set` gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Typed {
    /// The key of the settings file.
    pub(super) key: String,
    /// The value, as it was typed.
    pub(super) value: String,
    /// Whether it is a number of a technique, whose key opens with
    /// `assumptions.`
    pub(super) is_assumption: bool,
}

const ASSUMPTIONS: &str = "assumptions.";

/// Reads `KEY=VALUE`: a dotted key of the settings file, or a technique's
/// number without the `assumptions.` before it.
///
/// # Errors
/// When a text has no value, means no section and no technique, or gives a
/// number that its technique does not have.
pub(super) fn typed(texts: &[String]) -> Result<Vec<Typed>, CliError> {
    let sections: BTreeSet<String> =
        config::keys().into_iter().filter_map(|key| key.path.into_iter().next()).collect();
    texts.iter().map(|text| read(text, &sections)).collect()
}

fn read(text: &str, sections: &BTreeSet<String>) -> Result<Typed, CliError> {
    let refused = |message: String, hint: Option<String>| CliError::Setting {
        setting: "--set".to_owned(),
        message,
        hint,
    };
    let Some((key, value)) = text.split_once('=') else {
        let hint = "write KEY=VALUE, such as analyze.top=5 or model-routing.share=0.3";
        return Err(refused(format!("`{text}` has no value"), Some(hint.to_owned())));
    };
    let (key, value) = (key.trim(), value.trim());
    let section = key.split('.').next().unwrap_or_default();
    let known = || sections.iter().map(String::as_str);
    if section != "assumptions" && known().any(|known| known == section) {
        let (key, value) = (key.to_owned(), value.to_owned());
        return Ok(Typed { key, value, is_assumption: false });
    }
    let path = key.strip_prefix(ASSUMPTIONS).unwrap_or(key);
    match Assumptions::typical().set(path, value) {
        Ok(()) => Ok(Typed {
            key: format!("{ASSUMPTIONS}{path}"),
            value: value.to_owned(),
            is_assumption: true,
        }),
        Err(error) => match nearest(section, known()) {
            Some(meant) if TechniqueId::parse(section).is_none() && meant != section => {
                let hint = format!("did you mean `{}`?", key.replacen(section, meant, 1));
                Err(refused(format!("there is no setting `{key}`"), Some(hint)))
            }
            _ => Err(refused(error.to_string(), Some(hint(&error)))),
        },
    }
}

/// Lays what was typed over other values; the last of equal names wins.
pub(super) fn over(mut assumptions: Assumptions, typed: &[Typed]) -> Assumptions {
    for one in typed {
        let path = one.key.strip_prefix(ASSUMPTIONS).unwrap_or(&one.key);
        // It was tried when it was read.
        let _ = assumptions.set(path, &one.value);
    }
    assumptions
}

/// What was probably meant, else what there is.
pub(super) fn hint(error: &ParameterError) -> String {
    let Some((word, words)) = error.misspelt() else {
        return "`tokopt explain TECHNIQUE` lists every parameter with its values".to_owned();
    };
    let meant = nearest(word, words.iter().copied());
    match (error, meant) {
        (ParameterError::NoDot { .. }, Some(meant)) => {
            let mut all = parameters::all();
            let technique = all.find(|parameter| parameter.name == meant);
            let technique = technique.map_or("TECHNIQUE", |parameter| parameter.technique.name());
            format!("did you mean `{technique}.{meant}`?")
        }
        (_, Some(meant)) => format!("did you mean `{meant}`?"),
        (ParameterError::UnknownTechnique { .. }, None) => {
            format!("the techniques are {}", words.join(", "))
        }
        (ParameterError::UnknownName { .. }, None) => {
            format!("its parameters are {}", words.join(", "))
        }
        (_, None) => "`tokopt explain TECHNIQUE` lists its parameters".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{AssumptionsSection, hint, of_file, over, typed};
    use crate::techniques::parameter::Value;
    use crate::techniques::parameters::{model_routing, prompt_caching};

    fn file(text: &str) -> AssumptionsSection {
        toml::from_str(text).expect("a table of tables")
    }

    #[test]
    fn a_flag_goes_before_the_file_and_the_last_flag_before_the_first() {
        let text = "[model-routing]\nshare = 0.4\nrouter = false\n[prompt-caching]\n\
                    ttl_seconds = \"inf\"\n";
        let from_file = of_file(&file(text)).expect("parameters");
        assert_eq!(from_file.value(model_routing::SHARE), Value::hundredths(40));
        assert!(!from_file.is_on(model_routing::ROUTER));
        assert_eq!(from_file.given(prompt_caching::TTL_SECONDS), Some(Value::INFINITE));
        let flags = ["model-routing.share=0.2", "assumptions.model-routing.share=0.3"];
        let typed = typed(&flags.map(str::to_owned)).expect("parameters");
        assert!(typed.iter().all(|one| one.key == "assumptions.model-routing.share"));
        let found = over(from_file, &typed);
        assert_eq!(found.value(model_routing::SHARE), Value::hundredths(30));
    }

    #[test]
    fn a_slip_is_placed_and_answered() {
        let text = "[model-routing]\nshare = 0.4\nrooter = 1\n";
        let (span, error) = of_file(&file(text)).expect_err("no such parameter");
        assert_eq!(text.get(span), Some("rooter"));
        assert_eq!(hint(&error), "did you mean `router`?");
        let refused = |text: &str| {
            let error = typed(&[text.to_owned()]).expect_err(text);
            (error.to_string(), error.hint().unwrap_or_default())
        };
        let (message, hint) = refused("prompt-cashing.ttl_seconds=300");
        assert_eq!(message, "--set: there is no technique `prompt-cashing`");
        assert_eq!(hint, "did you mean `prompt-caching`?");
        assert_eq!(refused("treshold=0.8").1, "did you mean `semantic-dedup.threshold`?");
        assert!(refused("model-routing.share").0.ends_with("has no value"));
        let section = refused("analyse.top=3");
        assert_eq!(section.0, "--set: there is no setting `analyse.top`");
        assert_eq!(section.1, "did you mean `analyze.top`?");
        assert!(refused("model-routing.share=2").0.contains("it takes a share from 0 to 1"));
        assert!(refused("batch-api.zzz=2").1.starts_with("its parameters are "));
    }
}
