//! `tokopt.toml` and everything that goes before it or stands in for it: the
//! settings in force, each with where it came from.
//!
//! `docs/configuration.md` explains every one of them.

mod discounts;
mod environment;
mod layers;
mod schema;
mod shape;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::args::GeneralArguments;
use super::assumptions::{self, Typed};
use super::error::CliError;
use super::file;
use super::surroundings::Surroundings;
use crate::techniques::parameters::Assumptions;

use layers::{Layered, Places, Source};

pub(super) use discounts::as_price_file;
pub(super) use environment::PREFIX;
pub(super) use layers::{Given, Origin, suggestion};
pub(super) use schema::{Key, json_schema, keys};
pub(super) use shape::{Amount, ConfigFile, FeaturesSection, HOURLY_RATE, TOP};
#[cfg(test)]
pub(super) use shape::{AnalyzeSection, PlansSection};

/// The name that is looked for in the current folder and those above it.
pub(super) const FILE_NAME: &str = "tokopt.toml";

/// The user's own file, in the folder of users' settings.
const USER_FILE: &str = "tokopt/config.toml";

/// The settings in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    /// Where the project's file is; `None` where there is none.
    pub(super) path: Option<PathBuf>,
    /// Whether nobody named it: it was found above the current folder.
    pub(super) from_above: bool,
    /// What is set.
    pub(super) settings: ConfigFile,
    /// The numbers of `[assumptions]`, over those of the registry.
    pub(super) assumptions: Assumptions,
    /// The numbers that `--set` gave: they go before a described workload's.
    pub(super) typed: Vec<Typed>,
    /// Every value that somebody set, by its key.
    pub(super) given: Vec<Given>,
    /// The files that were looked for, in the order in which they count.
    pub(super) looked_for: Vec<LookedFor>,
    /// The project's file as it stands. Positions of its values are positions
    /// in this text.
    #[allow(dead_code, reason = "the places of budgets are looked up in it")]
    pub(super) project_text: Option<String>,
}

/// A settings file that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LookedFor {
    /// Whose file it is: `project` or `user`.
    pub(super) whose: &'static str,
    /// Where it is, or where it would be.
    pub(super) path: Option<PathBuf>,
    /// Whether it was there.
    pub(super) is_found: bool,
}

impl Config {
    /// Finds and reads the settings: the user's file, over it the project's,
    /// over that the environment, over that `--set`.
    ///
    /// The project's file is the one that was named, else the one in
    /// `TOKOPT_CONFIG`, else the nearest in the folders from the current one up.
    /// An empty `TOKOPT_CONFIG` reads no file that was not named.
    ///
    /// # Errors
    /// When a file that was named is missing, one cannot be read, or a setting
    /// is none.
    pub(super) fn find(
        general: &GeneralArguments,
        surroundings: &Surroundings,
    ) -> Result<Self, CliError> {
        let project = project_file(general.config.as_deref(), surroundings);
        let user = user_file(surroundings);
        let mut sources = Vec::new();
        if let Some(path) = user.as_ref().filter(|path| path.is_file()) {
            sources.push(Source::file(Origin::User(path.clone()), &file::read(path)?));
        }
        let mut project_text = None;
        let mut from_above = false;
        if let Some(found) = &project {
            let text = file::read(&found.path)?;
            sources.push(Source::file(Origin::Project(found.shown.clone()), &text));
            project_text = Some(text);
            from_above = found.from_above;
        }
        for variable in environment::settings(&surroundings.variables)? {
            let key = key_text(&variable.path);
            let origin = Origin::Variable(variable.name);
            sources.push(Source::value(origin, &key, &variable.value));
        }
        let typed = assumptions::typed(&general.values)?;
        for one in &typed {
            sources.push(Source::value(Origin::Flag(one.key.clone()), &one.key, &one.value));
        }
        let Layered { settings, given, places } = layers::lay(&sources)?;
        let assumptions = in_force(&settings, &places)?;
        let path = project.map(|found| found.shown);
        Ok(Self {
            from_above,
            looked_for: vec![looked_for("project", path.clone()), looked_for("user", user)],
            path,
            settings,
            assumptions,
            typed: typed.into_iter().filter(|one| one.is_assumption).collect(),
            given,
            project_text,
        })
    }

    /// Who set a value, by its dotted key; `None` where nobody did.
    pub(super) fn origin(&self, key: &str) -> Option<&Origin> {
        let given = self.given.iter().find(|given| key.split('.').eq(given.path.iter()));
        given.map(|given| &given.origin)
    }

    /// A path that a setting gives, as it is meant: from the folder of the file
    /// that it stands in.
    pub(super) fn resolved(&self, key: &str, path: &Path) -> PathBuf {
        let folder = match self.origin(key) {
            Some(Origin::Project(file) | Origin::User(file)) => file.parent(),
            Some(Origin::Variable(_) | Origin::Flag(_)) | None => None,
        };
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
        folder.map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }
}

/// The project's file.
struct Found {
    /// Where it is read.
    path: PathBuf,
    /// What it is called: as short as can be from the current folder.
    shown: PathBuf,
    from_above: bool,
}

fn project_file(named: Option<&Path>, surroundings: &Surroundings) -> Option<Found> {
    let by_name = |path: PathBuf| Found { shown: path.clone(), path, from_above: false };
    match (named, &surroundings.config) {
        (Some(named), _) => Some(by_name(named.to_owned())),
        (None, Some(variable)) if variable.is_empty() => None,
        (None, Some(variable)) => Some(by_name(PathBuf::from(variable))),
        (None, None) => {
            let folders = surroundings.current_folder.as_deref()?.ancestors().enumerate();
            let mut files = folders.map(|(height, folder)| (height, folder.join(FILE_NAME)));
            let (height, path) = files.find(|(_, path)| path.is_file())?;
            let shown = Path::new(&"../".repeat(height)).join(FILE_NAME);
            Some(Found { path, shown, from_above: height > 0 })
        }
    }
}

/// Where the user's own file would be; `None` where no file is to be read.
fn user_file(surroundings: &Surroundings) -> Option<PathBuf> {
    let reads_none = surroundings.config.as_ref().is_some_and(|variable| variable.is_empty());
    let folder = surroundings.settings_folder.as_ref().filter(|_| !reads_none)?;
    Some(folder.join(USER_FILE))
}

fn looked_for(whose: &'static str, path: Option<PathBuf>) -> LookedFor {
    let is_found = path.as_ref().is_some_and(|path| path.is_file());
    LookedFor { whose, path, is_found }
}

fn in_force(settings: &ConfigFile, places: &Places) -> Result<Assumptions, CliError> {
    assumptions::of_file(&settings.assumptions).map_err(|(span, error)| CliError::Config {
        place: places.named(span.start),
        message: error.to_string(),
        hint: Some(assumptions::hint(&error)),
    })
}

/// A key as TOML has it: `discounts."anthropic/claude-x"`.
pub(super) fn key_text(path: &[String]) -> String {
    let is_bare = |word: &str| {
        let mut letters = word.chars();
        !word.is_empty() && letters.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    let word = |word: &String| if is_bare(word) { word.clone() } else { quoted(word) };
    path.iter().map(word).collect::<Vec<_>>().join(".")
}

/// A text as TOML has it on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests;
