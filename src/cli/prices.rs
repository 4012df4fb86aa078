//! `tokopt prices`: what the price table holds, and how a file for it is made.

mod list;
mod show;
mod status;

use std::collections::BTreeMap;
use std::path::Path;

use super::analyze::price_table;
use super::args::{PricesArguments, PricesCommand};
use super::error::CliError;
use super::exit::Exit;
use super::file::{self, Staged};
use super::plan::Overrides;
use super::standard;
use super::terminal::visible;
use crate::prices::import::{Refused, import};
use crate::prices::{Model, PriceTable};
use crate::units::{Rate, Timestamp, counted};

pub(super) fn run(arguments: &PricesArguments) -> Result<Exit, CliError> {
    let overrides = Overrides { files: arguments.files.clone(), ..Overrides::default() };
    let table = || price_table(&overrides);
    match &arguments.command {
        PricesCommand::List { provider } => print(&list::text(&table()?, provider.as_deref())?),
        PricesCommand::Show { model, provider, at } => {
            print(&show::text(&table()?, model, provider.as_deref(), at.as_deref())?)
        }
        PricesCommand::Status => print(&status::text(&table()?)),
        PricesCommand::Import { file, output } => import_file(file, output.as_deref()),
    }
}

fn print(text: &str) -> Result<Exit, CliError> {
    standard::print(visible(text).as_bytes())?;
    Ok(Exit::Done)
}

/// Turns a catalogue into a price file and says what was left out of it.
fn import_file(path: &Path, output: Option<&Path>) -> Result<Exit, CliError> {
    let text = file::read(path)?;
    let imported =
        import(&text).map_err(|source| CliError::Import { path: file::shown(path), source })?;
    match output {
        Some(output) => Staged::new(output, imported.toml.into_bytes())?.place()?,
        None => standard::print(imported.toml.as_bytes())?,
    }
    let catalogue = imported.catalogue.name();
    let taken = counted(imported.taken as u64, "model");
    standard::note(&format!("{catalogue}: {taken} taken, {} left out", imported.refused.len()));
    for (reason, (count, example)) in by_reason(&imported.refused) {
        standard::note(&visible(&format!("  {count} for {reason}, such as {example}")));
    }
    Ok(Exit::Done)
}

/// How many models were left out for each reason, and the first of them.
fn by_reason(refused: &[Refused]) -> BTreeMap<&str, (usize, &str)> {
    let mut reasons = BTreeMap::new();
    for refused in refused {
        let entry = reasons.entry(refused.reason.as_str()).or_insert((0, refused.model.as_str()));
        entry.0 += 1;
    }
    reasons
}

/// The name of a provider that the table knows.
fn known_provider<'t>(table: &'t PriceTable, name: &str) -> Result<&'t str, CliError> {
    table.provider_name(name.trim()).ok_or_else(|| {
        let mut names: Vec<&str> = table.models().map(Model::provider).collect();
        names.dedup();
        names.sort_unstable();
        names.dedup();
        CliError::Setting {
            setting: "--provider".to_owned(),
            message: format!("the price table has no provider `{name}`"),
            hint: Some(format!("it has {}", names.join(", "))),
        }
    })
}

/// A rate in dollars per million tokens, `-` where none is published.
fn dollars(rate: Option<Rate>) -> String {
    rate.map_or_else(|| "-".to_owned(), |rate| rate.to_string())
}

/// An instant as a day where it is the start of one.
fn day(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix("T00:00:00Z").map_or_else(|| text.clone(), str::to_owned)
}
