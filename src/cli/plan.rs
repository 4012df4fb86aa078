//! What is meant: flags, environment and settings file resolved into one plan,
//! checked before anything is read. A flag replaces the setting of its name.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::args::{
    GeneralArguments, PricingArguments, ReadingArguments, SelectionArguments, TablesArguments,
    WriteArguments,
};
use super::config::{self, Config, FeaturesSection, TOP};
use super::error::CliError;
use super::file;
use super::ladder_args::LadderArguments;
use super::ladder_plan::LadderPlan;
use super::output::Output;
use super::self_hosting;
use super::surroundings::Surroundings;
use super::terminal;
use super::what_if::Question;
use crate::findings;
use crate::ingest::mapping::Mapping;
use crate::ingest::source::STANDARD_INPUT;
use crate::ledger::Settings;
use crate::record::dimension::Dimension;
use crate::report::assemble::Naming;
use crate::report::{Kind, RenderOptions};
use crate::selection::nearest::nearest;
use crate::selection::period::parse_instant;
use crate::selection::{FeatureRules, Filter, Period, UserRules};
use crate::units::{Timestamp, Usd};

/// What was typed of the flags that commands share. A command that does not
/// have some of them leaves them out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed<'a> {
    pub(super) paths: &'a [String],
    pub(super) reading: &'a ReadingArguments,
    pub(super) pricing: &'a PricingArguments,
    pub(super) general: &'a GeneralArguments,
    pub(super) selection: Option<&'a SelectionArguments>,
    /// Without them no ladder is climbed.
    pub(super) ladder: Option<&'a LadderArguments>,
    pub(super) written: Option<&'a WriteArguments>,
    pub(super) tables: Option<&'a TablesArguments>,
    pub(super) show_users: bool,
    pub(super) key_file: Option<&'a Path>,
}

impl<'a> Typed<'a> {
    /// What every command that reads logs has, and nothing else.
    pub(super) const fn new(
        paths: &'a [String],
        reading: &'a ReadingArguments,
        pricing: &'a PricingArguments,
        general: &'a GeneralArguments,
    ) -> Self {
        Self {
            paths,
            reading,
            pricing,
            general,
            selection: None,
            ladder: None,
            written: None,
            tables: None,
            show_users: false,
            key_file: None,
        }
    }
}

/// Everything a command that reads logs is to do.
#[derive(Debug)]
pub(super) struct Plan {
    /// Files, folders, patterns, `-`.
    pub(super) paths: Vec<String>,
    /// The format of every file, instead of recognising it.
    pub(super) input_format: Option<String>,
    /// Formats of the user's own.
    pub(super) mappings: Vec<Mapping>,
    /// What counts and how.
    pub(super) settings: Settings,
    /// How a call's user is found.
    pub(super) users: UserRules,
    /// What is laid over the price table.
    pub(super) prices: Overrides,
    /// How the ladder is climbed; `None` leaves it out.
    pub(super) ladder: Option<LadderPlan>,
    /// What findings are looked for with.
    pub(super) findings: findings::Settings,
    /// Which models take whose place, beside the ladder.
    pub(super) what_if: Vec<Question>,
    /// How users are named.
    pub(super) naming: Naming,
    /// What is printed; `None` prints nothing.
    pub(super) print: Option<Kind>,
    /// What is written besides.
    pub(super) outputs: Vec<Output>,
    /// Files that no report may replace: the settings, price files.
    pub(super) kept: Vec<PathBuf>,
    /// How reports for people look; files never get colour or a terminal's width.
    pub(super) render: RenderOptions,
    /// Whether a rejection or an unpriced model is a failure.
    pub(super) strict: bool,
    /// Whether notes may be written to standard error.
    pub(super) notes: bool,
    /// Whether progress may be shown.
    pub(super) progress: bool,
    /// How many threads read.
    pub(super) threads: Option<u16>,
}

/// Price files to lay over the table, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Overrides {
    /// The content of `[prices.overrides]`, with the settings file's name.
    pub(super) inline: Option<(String, String)>,
    /// The files.
    pub(super) files: Vec<PathBuf>,
    /// What `[discounts]` takes off all of them, with its name.
    pub(super) discounts: Option<(String, String)>,
}

impl Plan {
    /// Resolves what was typed.
    ///
    /// # Errors
    /// When a value cannot be used; it names the flag or setting.
    pub(super) fn resolve(
        typed: &Typed<'_>,
        config: &Config,
        surroundings: &Surroundings,
    ) -> Result<Self, CliError> {
        let (no_tables, not_written) = (TablesArguments::default(), WriteArguments::default());
        let written = typed.written.unwrap_or(&not_written);
        let general = typed.general;
        let tables = typed.tables.unwrap_or(&no_tables);
        let render = render_options(tables, general, config, surroundings)?;
        let outputs = Output::parse_all(&written.outputs)?;
        let watched =
            surroundings.stderr_is_terminal && !surroundings.is_ci && !surroundings.is_dumb;
        let prices = overrides(&typed.pricing.files, config)?;
        Ok(Self {
            kept: config.path.iter().chain(&prices.files).cloned().collect(),
            paths: paths(typed.paths, config, surroundings)?,
            input_format: typed.reading.input_format.clone(),
            mappings: mappings(config)?,
            settings: settings(typed, config, &render.by)?,
            users: users(&config.settings.users.from)?,
            prices,
            ladder: match typed.ladder {
                Some(ladder) => LadderPlan::resolve(ladder, config)?,
                None => None,
            },
            findings: self_hosting::findings(&config.settings.self_hosting)?,
            what_if: Question::parse_all(typed.ladder.map_or(&[], |ladder| &ladder.what_if))?,
            naming: naming(typed, config)?,
            print: printed(written, general, &outputs),
            outputs,
            render,
            strict: typed.reading.strict || config.settings.analyze.strict,
            notes: !general.quiet,
            progress: watched && !general.quiet && !general.no_progress,
            threads: typed.reading.threads,
        })
    }
}

/// How reports for people look.
///
/// # Errors
/// When a table is by something that is no dimension.
pub(super) fn render_options(
    tables: &TablesArguments,
    general: &GeneralArguments,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<RenderOptions, CliError> {
    let settings = &config.settings.analyze;
    Ok(RenderOptions {
        width: terminal::width(surroundings),
        color: terminal::colors_report(general.color, surroundings),
        by: dimensions(first(&tables.by, &settings.by))?,
        top: tables.top.or(settings.top).unwrap_or(TOP).max(1) as usize,
    })
}

/// What is printed: nothing where it is quiet and a file holds the report.
pub(super) fn printed(
    written: &WriteArguments,
    general: &GeneralArguments,
    outputs: &[Output],
) -> Option<Kind> {
    let is_silent = general.quiet && !outputs.is_empty() && written.format.is_none();
    (!is_silent).then(|| written.format.unwrap_or(Kind::Table))
}

/// The flag's values, else the setting's.
fn first<'a>(flag: &'a [String], setting: &'a [String]) -> &'a [String] {
    if flag.is_empty() { setting } else { flag }
}

/// What is read: what was typed, else what the settings name, else standard
/// input.
fn paths(
    typed: &[String],
    config: &Config,
    surroundings: &Surroundings,
) -> Result<Vec<String>, CliError> {
    let set = &config.settings.inputs.paths;
    match (typed, set.as_slice()) {
        ([], []) if surroundings.stdin_is_terminal => Err(CliError::NoInput),
        ([], []) => Ok(vec![STANDARD_INPUT.to_owned()]),
        ([], set) => Ok(set.iter().map(|path| input(path, config)).collect()),
        (typed, _) => Ok(typed.to_vec()),
    }
}

fn input(path: &str, config: &Config) -> String {
    if path == STANDARD_INPUT {
        return path.to_owned();
    }
    file::shown(&config.resolved("inputs.paths", Path::new(path)))
}

fn mappings(config: &Config) -> Result<Vec<Mapping>, CliError> {
    let formats = config.settings.formats.iter();
    let mappings = formats.map(|(name, settings)| Ok(Mapping::new(name, settings)?));
    mappings.collect()
}

fn settings(
    typed: &Typed<'_>,
    config: &Config,
    by: &[Vec<Dimension>],
) -> Result<Settings, CliError> {
    let everything = SelectionArguments::default();
    let selection = typed.selection.unwrap_or(&everything);
    let analyze = &config.settings.analyze;
    let time_zone = time_zone(selection.timezone.as_ref().or(analyze.timezone.as_ref()))?;
    let filters = first(&selection.filters, &analyze.filters);
    let (since, until) = (selection.since.as_deref(), selection.until.as_deref());
    let plan_price = config.settings.plans.price_usd.as_ref();
    Ok(Settings {
        epoch: epoch(typed.reading.epoch.as_ref().or(analyze.epoch.as_ref()), &time_zone)?,
        model: typed.pricing.model.clone().or_else(|| analyze.model.clone()),
        filter: Filter::parse(filters).map_err(CliError::selection("--where"))?,
        period: Period::parse(since, until, &time_zone)
            .map_err(CliError::selection("--since and --until"))?,
        features: features(&config.settings.features)?,
        crosses: by.iter().filter(|dimensions| !is_standard(dimensions)).cloned().collect(),
        plan_price: plan_price.map(|amount| dollars(&amount.text())).transpose()?,
        time_zone,
    })
}

fn time_zone(name: Option<&String>) -> Result<TimeZone, CliError> {
    let Some(name) = name else { return Ok(TimeZone::UTC) };
    TimeZone::get(name).map_err(|_| CliError::Setting {
        setting: "--timezone".to_owned(),
        message: format!("there is no time zone `{name}`"),
        hint: Some("use an IANA name, such as Europe/Berlin or UTC".to_owned()),
    })
}

fn epoch(text: Option<&String>, zone: &TimeZone) -> Result<Option<Timestamp>, CliError> {
    let read = |text: &String| parse_instant(text, zone).map_err(CliError::selection("--epoch"));
    text.map(read).transpose()
}

fn features(section: &FeaturesSection) -> Result<FeatureRules, CliError> {
    let mut rules = FeatureRules::default();
    for rule in &section.rule {
        let setting = format!("[[features.rule]] {}", rule.name);
        rules.add_rule(&rule.name, &rule.filters).map_err(CliError::selection(&setting))?;
    }
    for field in &section.from {
        rules.add_source(field).map_err(CliError::selection("[features] from"))?;
    }
    Ok(rules)
}

fn users(from: &[String]) -> Result<UserRules, CliError> {
    let mut rules = UserRules::default();
    for field in from {
        rules.add_source(field).map_err(CliError::selection("[users] from"))?;
    }
    Ok(rules)
}

fn dollars(text: &str) -> Result<Usd, CliError> {
    let setting = "[plans] price_usd";
    let amount = Usd::from_decimal(text)
        .map_err(|error| CliError::setting(setting, format!("`{text}` is no amount: {error}")))?;
    if amount > Usd::ZERO {
        return Ok(amount);
    }
    Err(CliError::setting(setting, "a plan costs more than nothing"))
}

/// Reads tables: each a dimension or a cross of several, none twice.
fn dimensions(texts: &[String]) -> Result<Vec<Vec<Dimension>>, CliError> {
    let mut tables: Vec<Vec<Dimension>> = Vec::new();
    for text in texts {
        let table = text.split(',').map(dimension).collect::<Result<Vec<_>, _>>()?;
        let mut distinct = table.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < table.len() {
            return Err(CliError::setting("--by", format!("`{text}` names a dimension twice")));
        }
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    Ok(tables)
}

fn dimension(name: &str) -> Result<Dimension, CliError> {
    let name = name.trim();
    let names = Dimension::ALL.map(Dimension::name);
    Dimension::parse(&name.to_ascii_lowercase()).ok_or_else(|| CliError::Setting {
        setting: "--by".to_owned(),
        message: format!("there is no dimension `{name}`"),
        hint: Some(match nearest(name, names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the dimensions are {}", names.join(", ")),
        }),
    })
}

/// Whether every analysis has this table anyway.
fn is_standard(table: &[Dimension]) -> bool {
    match table {
        [dimension] => !matches!(dimension, Dimension::Conversation | Dimension::Hour),
        _ => false,
    }
}

/// What is laid over the price table: the settings' prices, then these files,
/// then the settings' discounts.
///
/// # Errors
/// When the settings' prices cannot be written as the file they stand for.
pub(super) fn overrides(files: &[PathBuf], config: &Config) -> Result<Overrides, CliError> {
    let section = &config.settings.prices;
    let mut overrides = Overrides::default();
    if !section.overrides.is_empty() {
        let setting = "[prices.overrides]";
        let text = toml::to_string(&section.overrides)
            .map_err(|error| CliError::setting(setting, error.to_string()))?;
        let place = config.path.as_deref().map_or_else(String::new, file::shown);
        overrides.inline = Some((format!("{place} {setting}"), text));
    }
    let resolved = |path: &PathBuf| config.resolved("prices.files", path);
    overrides.files = section.files.iter().map(resolved).collect();
    overrides.files.extend(files.iter().cloned());
    let discounts = config::as_price_file(&config.settings.discounts)?;
    overrides.discounts = discounts.map(|text| ("[discounts]".to_owned(), text));
    Ok(overrides)
}

/// The fewest bytes of a key that cannot be guessed by trying.
const SHORTEST_KEY: usize = 16;

fn naming(typed: &Typed<'_>, config: &Config) -> Result<Naming, CliError> {
    if typed.show_users {
        return Ok(Naming::Shown);
    }
    let setting = config.settings.privacy.key_file.as_deref();
    let path = typed
        .key_file
        .map(Path::to_owned)
        .or_else(|| setting.map(|path| config.resolved("privacy.key_file", path)));
    let Some(path) = path else { return Ok(Naming::PublishedKey) };
    let key = file::read_bytes(&path)?.trim_ascii_end().to_vec();
    if key.len() < SHORTEST_KEY {
        return Err(CliError::Setting {
            setting: file::shown(&path),
            message: format!("a key has at least {SHORTEST_KEY} bytes, this one has {}", key.len()),
            hint: Some("make one: head -c 32 /dev/urandom | base64 > tokopt.key".to_owned()),
        });
    }
    Ok(Naming::Key(key))
}

#[cfg(test)]
mod tests;
