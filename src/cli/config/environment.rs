//! Settings from the environment: `TOKOPT_ANALYZE_TOP=3` is `analyze.top = 3`.
//!
//! The name of a variable is made from the key of the file, never the other way
//! round, so that no name can mean two settings.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::schema;
use crate::cli::error::CliError;
use crate::selection::nearest::nearest;

/// What every variable of ours begins with.
pub(in crate::cli) const PREFIX: &str = "TOKOPT_";

/// Variables that are no setting: where the file is, and what our own tests
/// are told.
const OTHERS: [&str; 3] = ["TOKOPT_CONFIG", "TOKOPT_REFERENCE_DATA", "TOKOPT_REFRESH"];

/// A setting that a variable makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) path: Vec<String>,
    pub(super) value: String,
}

/// The variable that sets a key.
pub(super) fn name_of(path: &[String]) -> String {
    let words: Vec<String> =
        path.iter().map(|word| word.replace('-', "_").to_ascii_uppercase()).collect();
    format!("{PREFIX}{}", words.join("_"))
}

/// The settings among the variables that begin with [`PREFIX`], by name.
///
/// # Errors
/// When a variable is no setting, or its value no text.
pub(super) fn settings(variables: &BTreeMap<String, OsString>) -> Result<Vec<Variable>, CliError> {
    let is_other = |name: &str| OTHERS.contains(&name);
    if variables.keys().all(|name| is_other(name)) {
        return Ok(Vec::new());
    }
    let names: BTreeMap<String, Vec<String>> =
        schema::keys().into_iter().map(|key| (name_of(&key.path), key.path)).collect();
    let of_settings = variables.iter().filter(|(name, _)| !is_other(name));
    let setting = |(name, value): (&String, &OsString)| {
        let known = names.get(name).ok_or_else(|| unknown(name, &names))?;
        let text = value.to_str().ok_or_else(|| CliError::setting(name, "it is not UTF-8 text"))?;
        Ok(Variable { name: name.clone(), path: known.clone(), value: text.to_owned() })
    };
    of_settings.map(setting).collect()
}

fn unknown(name: &str, names: &BTreeMap<String, Vec<String>>) -> CliError {
    let known = names.keys().map(String::as_str).chain(["TOKOPT_CONFIG"]);
    let hint = match nearest(name, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`tokopt config` lists the settings; TOKOPT_ANALYZE_TOP is analyze.top".to_owned(),
    };
    CliError::Setting {
        setting: name.to_owned(),
        message: "there is no such setting".to_owned(),
        hint: Some(hint),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::ffi::OsString;

    use super::{OTHERS, name_of, settings};
    use crate::cli::config::schema;

    fn read(pairs: &[(&str, &str)]) -> Result<Vec<String>, (String, Option<String>)> {
        let variables: BTreeMap<String, OsString> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect();
        let found = settings(&variables).map_err(|error| (error.to_string(), error.hint()))?;
        Ok(found.iter().map(|one| format!("{}={}", one.path.join("."), one.value)).collect())
    }

    #[test]
    fn a_name_is_the_key_in_capitals() {
        let pairs = [
            ("TOKOPT_ANALYZE_TOP", "3"),
            ("TOKOPT_ASSUMPTIONS_MODEL_ROUTING_SHARE", "0.3"),
            ("TOKOPT_CONFIG", ""),
        ];
        let expected = ["analyze.top=3", "assumptions.model-routing.share=0.3"];
        assert_eq!(read(&pairs).expect("settings"), expected);
    }

    #[test]
    fn an_unknown_name_is_an_error_with_the_nearest() {
        let (message, hint) = read(&[("TOKOPT_ANALYSE_TOP", "3")]).expect_err("no such setting");
        assert_eq!(message, "TOKOPT_ANALYSE_TOP: there is no such setting");
        assert_eq!(hint.as_deref(), Some("did you mean `TOKOPT_ANALYZE_TOP`?"));
        let (_, hint) = read(&[("TOKOPT_CONFIGS", "x")]).expect_err("no such setting");
        assert_eq!(hint.as_deref(), Some("did you mean `TOKOPT_CONFIG`?"));
    }

    #[test]
    fn no_two_keys_share_a_variable() {
        let keys = schema::keys();
        let names: BTreeSet<String> = keys.iter().map(|key| name_of(&key.path)).collect();
        assert_eq!(names.len(), keys.len());
        assert!(OTHERS.iter().all(|other| !names.contains(*other)));
    }
}
