//! The named numbers of the techniques, as `--set` and `[techniques]` of the
//! settings file give them.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::error::CliError;
use crate::selection::nearest::nearest;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameters::{self, Assumptions, ParameterError};

/// `[techniques]`: a table of parameters for each technique.
pub(super) type TechniquesSection = BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Setting>>;

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
    section: &TechniquesSection,
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

/// Lays what was typed over the settings file's values; the last of equal names
/// wins.
///
/// # Errors
/// When a text is not `TECHNIQUE.NAME=VALUE` or means no parameter.
pub(super) fn with_flags(
    mut assumptions: Assumptions,
    texts: &[String],
) -> Result<Assumptions, CliError> {
    for text in texts {
        let refused = |message: String, hint: Option<String>| CliError::Setting {
            setting: "--set".to_owned(),
            message,
            hint,
        };
        let Some((path, value)) = text.split_once('=') else {
            let hint = "write TECHNIQUE.NAME=VALUE, such as model-routing.share=0.3";
            return Err(refused(format!("`{text}` has no value"), Some(hint.to_owned())));
        };
        assumptions
            .set(path, value)
            .map_err(|error| refused(error.to_string(), Some(hint(&error))))?;
    }
    Ok(assumptions)
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
    use super::{TechniquesSection, hint, of_file, with_flags};
    use crate::techniques::parameter::Value;
    use crate::techniques::parameters::{Assumptions, model_routing, prompt_caching};

    fn file(text: &str) -> TechniquesSection {
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
        let flags =
            ["model-routing.share=0.2", "model-routing.share=0.3"].map(str::to_owned).to_vec();
        let found = with_flags(from_file, &flags).expect("parameters");
        assert_eq!(found.value(model_routing::SHARE), Value::hundredths(30));
    }

    #[test]
    fn a_slip_is_placed_and_answered() {
        let text = "[model-routing]\nshare = 0.4\nrooter = 1\n";
        let (span, error) = of_file(&file(text)).expect_err("no such parameter");
        assert_eq!(text.get(span), Some("rooter"));
        assert_eq!(hint(&error), "did you mean `router`?");
        let refused = |text: &str| {
            let error = with_flags(Assumptions::typical(), &[text.to_owned()]);
            let error = error.expect_err(text);
            (error.to_string(), error.hint().unwrap_or_default())
        };
        let (message, hint) = refused("prompt-cashing.ttl_seconds=300");
        assert_eq!(message, "--set: there is no technique `prompt-cashing`");
        assert_eq!(hint, "did you mean `prompt-caching`?");
        assert_eq!(refused("treshold=0.8").1, "did you mean `semantic-dedup.threshold`?");
        assert!(refused("model-routing.share").0.ends_with("has no value"));
        assert!(refused("model-routing.share=2").0.contains("it takes a share from 0 to 1"));
        assert!(refused("batch-api.zzz=2").1.starts_with("its parameters are "));
    }
}
