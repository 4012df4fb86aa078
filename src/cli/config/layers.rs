//! Lays settings over each other, key by key, and remembers where each came
//! from.
//!
//! All texts share one line of positions: each is read as if it stood after
//! those before it. A span of the merged settings therefore says whose text it
//! is in and on which line. The project's file comes first, so that its spans
//! are those of its own text.

use std::ops::Range;
use std::path::PathBuf;

use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, ValueDeserializer};

use super::quoted;
use super::shape::ConfigFile;
use crate::cli::error::CliError;
use crate::cli::file;
use crate::selection::nearest::nearest;

/// Who set a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Origin {
    /// The user's own file.
    User(PathBuf),
    /// The project's file.
    Project(PathBuf),
    /// A variable of the environment, by its name.
    Variable(String),
    /// A `--set`, with the key as it was typed.
    Flag(String),
}

/// A value that somebody set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Given {
    /// Its names from the top of the file down.
    pub(in crate::cli) path: Vec<String>,
    /// The value, as TOML on one line.
    pub(in crate::cli) value: String,
    /// Who set it.
    pub(in crate::cli) origin: Origin,
    /// The line, where it stands in a file.
    pub(in crate::cli) line: Option<usize>,
}

/// A text with settings in it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) origin: Origin,
    pub(super) text: String,
    /// What the text is if its value is no TOML but a bare word.
    pub(super) otherwise: Option<String>,
}

/// Everything that was set, laid over each other.
#[derive(Debug)]
pub(super) struct Layered {
    pub(super) settings: ConfigFile,
    pub(super) given: Vec<Given>,
    pub(super) places: Places,
}

/// Which source a position is of.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Vec<(usize, Source)>);

impl Source {
    /// A file as it stands.
    pub(super) fn file(origin: Origin, text: &str) -> Self {
        // Positions must stay those of the file.
        let text = text
            .strip_prefix('\u{feff}')
            .map_or_else(|| text.to_owned(), |rest| format!("   {rest}"));
        Self { origin, text, otherwise: None }
    }

    /// One value. It is TOML where it can be, else a bare word.
    pub(super) fn value(origin: Origin, key: &str, value: &str) -> Self {
        let as_word = format!("{key} = {}", quoted(value));
        match DeValue::parse(value) {
            Ok(_) => Self { origin, text: format!("{key} = {value}"), otherwise: Some(as_word) },
            Err(_) => Self { origin, text: as_word, otherwise: None },
        }
    }

    fn length(&self) -> usize {
        self.text.len().max(self.otherwise.as_ref().map_or(0, String::len))
    }
}

impl Places {
    /// Gives every source its positions: the project's file begins at nought.
    fn of(sources: &[Source]) -> Self {
        let is_project = |source: &&Source| matches!(source.origin, Origin::Project(_));
        let mut start = 0;
        let (first, rest): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(is_project);
        let place = |source: &Source| {
            let placed = (start, source.clone());
            start += source.length() + 1;
            placed
        };
        Self(first.into_iter().chain(rest).map(place).collect())
    }

    fn start(&self, source: &Source) -> usize {
        let mut all = self.0.iter();
        all.find(|(_, one)| one.origin == source.origin && one.text == source.text)
            .map_or(0, |(start, _)| *start)
    }

    /// The source behind a position and the line there, counted from 1.
    fn at(&self, position: usize) -> Option<(&Source, usize)> {
        let (start, source) = self.0.iter().rev().find(|(start, _)| *start <= position)?;
        let before = source.text.get(..position - start).unwrap_or_default();
        Some((source, before.matches('\n').count() + 1))
    }

    /// How a message names a position.
    pub(super) fn named(&self, position: usize) -> String {
        match self.at(position) {
            None => String::new(),
            Some((source, line)) => match &source.origin {
                Origin::User(path) | Origin::Project(path) => {
                    format!("{}:{line}", file::shown(path))
                }
                Origin::Variable(name) => name.clone(),
                Origin::Flag(key) => format!("--set {key}"),
            },
        }
    }

    fn error(&self, error: &toml::de::Error) -> CliError {
        CliError::Config {
            place: self.named(error.span().map_or(0, |span| span.start)),
            message: in_plain_words(error.message()),
            hint: suggestion(error.message()),
        }
    }
}

/// Lays sources over each other, the last one on top.
///
/// # Errors
/// When one of them cannot be read or says what cannot be; it names the place.
pub(super) fn lay(sources: &[Source]) -> Result<Layered, CliError> {
    let places = Places::of(sources);
    let padded =
        |source: &Source, text: &str| format!("{}{text}", " ".repeat(places.start(source)));
    let texts: Vec<(&Source, String, Option<String>)> = sources
        .iter()
        .map(|source| {
            let otherwise = source.otherwise.as_ref().map(|text| padded(source, text));
            (source, padded(source, &source.text), otherwise)
        })
        .collect();
    let mut merged = Spanned::new(0..0, DeTable::new());
    for (source, text, otherwise) in &texts {
        let laid = over(&merged, source, text, &places);
        merged = match (laid, otherwise) {
            (Err(refused), Some(text)) => over(&merged, source, text, &places).map_err(|_| refused),
            (laid, _) => laid,
        }?;
    }
    let settings = read::<ConfigFile>(&merged).map_err(|error| places.error(&error))?;
    let mut given = Vec::new();
    collect(merged.get_ref(), &mut Vec::new(), &mut |path, key, value| {
        if let Some((source, line)) = places.at(key.start) {
            let is_file = matches!(source.origin, Origin::User(_) | Origin::Project(_));
            given.push(Given {
                path: path.to_vec(),
                value: on_one_line(value),
                origin: source.origin.clone(),
                line: is_file.then_some(line),
            });
        }
    });
    given.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(Layered { settings, given, places })
}

/// The settings with one more source over them, checked.
fn over<'t>(
    below: &Spanned<DeTable<'t>>,
    source: &Source,
    text: &'t str,
    places: &Places,
) -> Result<Spanned<DeTable<'t>>, CliError> {
    let above = DeTable::parse(text).map_err(|error| places.error(&error))?;
    refuse(above.get_ref(), source, places)?;
    let mut merged = below.clone();
    merge(merged.get_mut(), above.into_inner());
    read::<ConfigFile>(&merged).map_err(|error| places.error(&error))?;
    Ok(merged)
}

fn read<T: DeserializeOwned>(table: &Spanned<DeTable<'_>>) -> Result<T, toml::de::Error> {
    T::deserialize(Deserializer::from(table.clone()))
}

/// Tables are merged key by key; anything else takes the place of what was
/// there.
fn merge<'t>(below: &mut DeTable<'t>, above: DeTable<'t>) {
    for (key, value) in above {
        match (below.get_mut(&key).map(Spanned::get_mut), value.get_ref()) {
            (Some(DeValue::Table(lower)), DeValue::Table(_)) => {
                if let DeValue::Table(upper) = value.into_inner() {
                    merge(lower, upper);
                }
            }
            _ => {
                // The key stands where its value stands.
                below.remove(&key);
                below.insert(key, value);
            }
        }
    }
}

/// Sections that decide over a gate stand in the project's file alone.
fn refuse(table: &DeTable<'_>, source: &Source, places: &Places) -> Result<(), CliError> {
    if !matches!(source.origin, Origin::User(_)) {
        return Ok(());
    }
    let mut gates =
        table.keys().filter(|key| matches!(key.get_ref().as_ref(), "budget" | "ignore"));
    gates.next().map_or(Ok(()), |key| {
        Err(CliError::Config {
            place: places.named(key.span().start),
            message: format!("[{}] is not read from your own settings", key.get_ref()),
            hint: Some(
                "put it into the project's tokopt.toml: a gate must say the same on every machine"
                    .to_owned(),
            ),
        })
    })
}

type See<'a> = dyn FnMut(&[String], Range<usize>, &Spanned<DeValue<'_>>) + 'a;

fn collect(table: &DeTable<'_>, path: &mut Vec<String>, see: &mut See<'_>) {
    for (key, value) in table {
        path.push(key.get_ref().clone().into_owned());
        match value.get_ref() {
            DeValue::Table(below) => collect(below, path, see),
            _ => see(path, key.span(), value),
        }
        path.pop();
    }
}

fn on_one_line(value: &Spanned<DeValue<'_>>) -> String {
    let value = toml::Value::deserialize(ValueDeserializer::from(value.clone()));
    value.map_or_else(|_| String::new(), |value| value.to_string())
}

/// What was meant by an unknown setting or word: the message names it first and then
/// those that there are.
pub(in crate::cli) fn suggestion(message: &str) -> Option<String> {
    let listed =
        message.strip_prefix("unknown field ").or(message.strip_prefix("unknown variant "));
    let mut quoted = listed?.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    if unknown == "techniques" {
        return Some("[techniques.ID] is called [assumptions.ID] now".to_owned());
    }
    nearest(unknown, quoted).map(|meant| format!("did you mean `{meant}`?"))
}

/// The types of the file as its readers call them.
fn in_plain_words(message: &str) -> String {
    let message = message.lines().collect::<Vec<_>>().join(", ");
    let Some((found, wanted)) = message.split_once(", expected ") else { return message };
    let wanted = match wanted {
        "u8" | "u16" | "u32" | "u64" | "i64" | "usize" => "a whole number",
        "f64" => "a number",
        "a TOML datetime" => "a day without quotes, such as 2026-12-31",
        "a sequence" => "a list",
        "a map" => "a table",
        wanted if wanted.starts_with("struct ") => "a table",
        wanted => wanted,
    };
    let found = found
        .replace("invalid type: sequence", "invalid type: list")
        .replace("invalid type: map", "invalid type: table");
    format!("{found}, expected {wanted}")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Layered, Origin, Source, lay};

    fn project(text: &str) -> Source {
        Source::file(Origin::Project(PathBuf::from("tokopt.toml")), text)
    }

    fn user(text: &str) -> Source {
        Source::file(Origin::User(PathBuf::from("config.toml")), text)
    }

    fn variable(name: &str, key: &str, value: &str) -> Source {
        Source::value(Origin::Variable(name.to_owned()), key, value)
    }

    fn flag(key: &str, value: &str) -> Source {
        Source::value(Origin::Flag(key.to_owned()), key, value)
    }

    fn refused(sources: &[Source]) -> (String, Option<String>) {
        let error = lay(sources).expect_err("a refusal");
        (error.to_string(), error.hint())
    }

    fn origin(layered: &Layered, key: &str) -> (String, Option<usize>) {
        let found = layered.given.iter().find(|given| given.path.join(".") == key);
        let found = found.unwrap_or_else(|| panic!("{key} in {:?}", layered.given));
        (format!("{:?}", found.origin), found.line)
    }

    /// Each layer sets everything that those above it set, and one thing more.
    #[test]
    fn each_layer_goes_before_the_next() {
        let all = [
            user("[analyze]\ntop = 1\nepoch = \"u\"\nmodel = \"u\"\ntimezone = \"u\"\n"),
            project("[analyze]\ntop = 2\nepoch = \"p\"\nmodel = \"p\"\n"),
            variable("TOKOPT_X", "analyze.top", "3"),
            variable("TOKOPT_Y", "analyze.epoch", "e"),
            flag("analyze.top", "4"),
        ];
        for (layers, expected) in [
            (0..1, (Some(1), "u", "u", "u")),
            (0..2, (Some(2), "p", "p", "u")),
            (0..4, (Some(3), "e", "p", "u")),
            (0..5, (Some(4), "e", "p", "u")),
        ] {
            let analyze = lay(&all[layers]).expect("settings").settings.analyze;
            let text = |value: Option<String>| value.unwrap_or_default();
            let found = (text(analyze.epoch), text(analyze.model), text(analyze.timezone));
            assert_eq!(analyze.top, expected.0);
            assert_eq!(found, (expected.1.into(), expected.2.into(), expected.3.into()));
        }
        let layered = lay(&all).expect("settings");
        assert_eq!(origin(&layered, "analyze.top").0, "Flag(\"analyze.top\")");
        assert_eq!(origin(&layered, "analyze.epoch").0, "Variable(\"TOKOPT_Y\")");
        let model = origin(&layered, "analyze.model");
        assert_eq!(model, ("Project(\"tokopt.toml\")".to_owned(), Some(4)));
        let zone = origin(&layered, "analyze.timezone");
        assert_eq!(zone, ("User(\"config.toml\")".to_owned(), Some(5)));
    }

    #[test]
    fn tables_are_merged_and_lists_are_replaced() {
        let layered = lay(&[
            user("[features]\nfrom = [\"tag.a\", \"tag.b\"]\n[features.tags.x]\npinned = true\n"),
            project("features.from = [\"tag.c\"]\n[features.tags.x]\npersonal = true\n"),
        ]);
        let features = layered.expect("settings").settings.features;
        assert_eq!(features.from, ["tag.c"]);
        assert!(features.tags["x"].pinned && features.tags["x"].personal);
    }

    #[test]
    fn a_single_value_is_toml_where_it_fits_and_else_a_word() {
        let layered = lay(&[
            flag("analyze.epoch", "2026-06-01"),
            flag("analyze.model", "4"),
            flag("analyze.timezone", "Europe/Berlin"),
            flag("features.from", "[\"tag.team\"]"),
            flag("discounts.\"anthropic/claude-x\"", "15%"),
        ]);
        let settings = layered.expect("settings").settings;
        assert_eq!(settings.analyze.epoch.as_deref(), Some("2026-06-01"));
        assert_eq!(settings.analyze.model.as_deref(), Some("4"));
        assert_eq!(settings.analyze.timezone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(settings.features.from, ["tag.team"]);
        assert_eq!(settings.discounts["anthropic/claude-x"], "15%");
    }

    #[test]
    fn a_slip_is_named_with_its_place_and_what_was_meant() {
        let fine = project("[analyze]\ntop = 3\n");
        let slip = user("\n[analyze]\ntimezome = \"UTC\"\n");
        let (message, hint) = refused(&[slip, fine.clone()]);
        assert!(message.starts_with("config.toml:3: unknown field `timezome`"), "{message}");
        assert_eq!(hint.as_deref(), Some("did you mean `timezone`?"));
        let (message, hint) = refused(&[fine.clone(), flag("analyze.topp", "3")]);
        assert!(message.starts_with("--set analyze.topp: unknown field `topp`"), "{message}");
        assert_eq!(hint.as_deref(), Some("did you mean `top`?"));
        let (message, _) = refused(&[fine.clone(), project("[features.tags.x]\npined = true")]);
        assert!(message.starts_with("tokopt.toml:2: unknown field `pined`"), "{message}");
        let (message, _) = refused(&[fine, variable("TOKOPT_X", "analyze.top", "many")]);
        let expected = "TOKOPT_X: invalid type: string \"many\", expected a whole number";
        assert_eq!(message, expected);
    }

    #[test]
    fn the_type_that_is_wanted_is_named() {
        for (text, expected) in [
            (
                "[analyze]\n\ntop = \"3\"",
                "tokopt.toml:3: invalid type: string \"3\", expected a whole number",
            ),
            ("analyze = 3", "tokopt.toml:1: invalid type: integer `3`, expected a table"),
            (
                "[features]\nfrom = \"tag.x\"",
                "tokopt.toml:2: invalid type: string \"tag.x\", expected a list",
            ),
            (
                "[analyze]\nstrict = 1",
                "tokopt.toml:2: invalid type: integer `1`, expected a boolean",
            ),
            ("[plan]\nhourly_rate_usd = []", "tokopt.toml:2: a number of dollars"),
        ] {
            assert_eq!(refused(&[project(text)]).0, expected);
        }
    }

    #[test]
    fn an_old_name_says_what_it_is_called_now() {
        let (message, hint) = refused(&[project("\n[techniques.batch-api]\nhit_share = 0.3\n")]);
        assert!(message.starts_with("tokopt.toml:2: unknown field `techniques`"), "{message}");
        assert_eq!(hint.as_deref(), Some("[techniques.ID] is called [assumptions.ID] now"));
    }

    #[test]
    fn a_byte_order_mark_moves_no_line() {
        let (message, _) = refused(&[project("\u{feff}[analyze]\nx = 1\n")]);
        assert!(message.starts_with("tokopt.toml:2: unknown field `x`"), "{message}");
    }
}
