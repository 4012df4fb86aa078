//! `tokopt config`: the settings in force and where each comes from.

use serde::Serialize;
use serde_json::Value;

use super::config::{Config, Given, Key, LookedFor, Origin, key_text, keys};
use super::error::CliError;
use super::exit::Exit;
use super::file;
use super::settings_args::{ConfigArguments, ConfigFormat};
use super::standard;
use super::surroundings::Surroundings;
use super::terminal;

pub(super) fn run(
    arguments: &ConfigArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    let listing = Listing::of(&config);
    let text = match arguments.format {
        ConfigFormat::Table => listing.table(),
        ConfigFormat::Json => format!("{:#}\n", serde_json::json!(listing)),
    };
    standard::print(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Every setting, by its key.
#[derive(Debug, Serialize)]
struct Listing {
    files: Vec<FileLine>,
    settings: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct FileLine {
    whose: &'static str,
    path: Option<String>,
    found: bool,
}

#[derive(Debug, Serialize)]
struct Line {
    key: String,
    /// `None` where nothing stands in for a missing value.
    value: Option<String>,
    /// `flag`, `environment`, `project`, `user` or `default`.
    source: &'static str,
    /// The flag, the variable, or file and line.
    place: Option<String>,
}

impl Listing {
    fn of(config: &Config) -> Self {
        let is_given = |key: &Key| {
            let mut given = config.given.iter();
            given.any(|given| given.path.starts_with(&key.path))
        };
        // A budget that nobody set does not exist.
        let is_shown = |key: &Key| key.default.is_some() || key.path[0] != "budget";
        let unset = keys().into_iter().filter(|key| !is_given(key) && is_shown(key));
        let unset = unset.map(|key| Line::unset(&key));
        let mut settings: Vec<Line> = config.given.iter().map(Line::given).chain(unset).collect();
        settings.sort_by(|one, other| one.key.cmp(&other.key));
        Self { files: config.looked_for.iter().map(FileLine::of).collect(), settings }
    }

    /// TOML, so that it can be taken over as it is.
    fn table(&self) -> String {
        let mut lines: Vec<String> = self.files.iter().map(FileLine::text).collect();
        lines.push(String::new());
        let values: Vec<String> = self.settings.iter().map(Line::text).collect();
        let short = values.iter().map(|text| text.chars().count()).filter(|width| *width <= 60);
        let width = short.max().unwrap_or_default();
        for (line, text) in self.settings.iter().zip(&values) {
            let place = line.place.as_deref().unwrap_or(line.source);
            let place = if line.value.is_none() { "not set" } else { place };
            lines.push(format!("{text:width$}  # {}", terminal::visible(place)));
        }
        lines.join("\n") + "\n"
    }
}

impl FileLine {
    fn of(looked_for: &LookedFor) -> Self {
        Self {
            whose: looked_for.whose,
            path: looked_for.path.as_deref().map(file::shown),
            found: looked_for.is_found,
        }
    }

    fn text(&self) -> String {
        let path = self.path.as_deref().map_or_else(|| "none".to_owned(), terminal::visible);
        let found = if self.found || self.path.is_none() { "" } else { ", not there" };
        format!("# {}: {path}{found}", self.whose)
    }
}

impl Line {
    fn given(given: &Given) -> Self {
        let (source, place) = match &given.origin {
            Origin::Flag(_) => ("flag", "--set".to_owned()),
            Origin::Variable(name) => ("environment", name.clone()),
            Origin::Project(path) => ("project", file::shown(path)),
            Origin::User(path) => ("user", file::shown(path)),
        };
        let line = given.line.map_or_else(String::new, |line| format!(":{line}"));
        Self {
            key: key_text(&given.path),
            value: Some(given.value.clone()),
            source,
            place: Some(format!("{place}{line}")),
        }
    }

    fn unset(key: &Key) -> Self {
        let value = key.default.as_ref().map(as_toml);
        Self { key: key_text(&key.path), value, source: "default", place: None }
    }

    fn text(&self) -> String {
        let text = match &self.value {
            Some(value) => format!("{} = {value}", self.key),
            None => format!("# {}", self.key),
        };
        terminal::visible(&text)
    }
}

/// A default, which is a plain value or a list of them.
fn as_toml(value: &Value) -> String {
    toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Listing;
    use crate::cli::args::GeneralArguments;
    use crate::cli::config::Config;
    use crate::cli::surroundings::Surroundings;

    #[test]
    fn every_value_says_where_it_comes_from() {
        let root = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            std::fs::write(path, text).expect("a file");
        };
        write("home/tokopt/config.toml", "[analyze]\ntimezone = \"Europe/Berlin\"\n");
        let project = "[features]\nfrom = [\"tag.team\"]\n[features.tags.\"a b\"]\npinned = true\n";
        write("project/tokopt.toml", project);
        let surroundings = Surroundings {
            current_folder: Some(root.path().join("project")),
            settings_folder: Some(PathBuf::from(root.path()).join("home")),
            variables: [("TOKOPT_ANALYZE_TOP".to_owned(), "3".into())].into(),
            ..Surroundings::default()
        };
        let general = GeneralArguments {
            values: vec!["model-routing.share=0.3".to_owned()],
            ..GeneralArguments::default()
        };
        let config = Config::find(&general, &surroundings).expect("settings");
        let table = Listing::of(&config).table();
        let place = |key: &str| {
            let mut lines = table.lines().filter(|line| line.starts_with(key));
            let line = lines.next().unwrap_or_else(|| panic!("{key} in {table}"));
            line.rsplit_once("  # ").expect("a place").1.to_owned()
        };
        assert_eq!(place("features.from = [\"tag.team\"]"), "tokopt.toml:2");
        assert_eq!(place("features.tags.\"a b\".pinned = true"), "tokopt.toml:4");
        assert_eq!(place("analyze.top = 3"), "TOKOPT_ANALYZE_TOP");
        assert!(place("analyze.timezone = \"Europe/Berlin\"").ends_with("config.toml:2"));
        assert_eq!(place("assumptions.model-routing.share = 0.3"), "--set");
        assert_eq!(place("assumptions.model-routing.router = "), "default");
        assert_eq!(place("analyze.strict = false"), "default");
        assert_eq!(place("# analyze.model"), "not set");
        assert!(table.starts_with("# project: tokopt.toml\n# user: "), "{table}");
        let read = toml::from_str::<toml::Table>(&table);
        assert!(read.is_ok(), "{read:?} of {table}");
    }
}
