//! `tokopt analyze`: plan, prices, read, attribute, write, judge.

use std::path::Path;

use super::args::AnalyzeArguments;
use super::config::Config;
use super::content;
use super::error::CliError;
use super::exit::Exit;
use super::file;
use super::invoice;
use super::output::{self, Reported};
use super::plan::{Overrides, Plan, Typed};
use super::progress::Bar;
use super::standard;
use super::surroundings::Surroundings;
use super::terminal;
use super::what_if;
use crate::findings;
use crate::ingest::{self, ReadOptions};
use crate::ladder::cache::cache;
use crate::ladder::climb::climb;
use crate::ledger::Ledger;
use crate::prices::{PriceSource, PriceTable};
use crate::record::log::Log;
use crate::report::assemble::{self, Analysis};
use crate::report::document::Document;
use crate::report::{Kind, RenderOptions};
use crate::techniques::parameters::Assumptions;
use crate::techniques::traffic::Traffic;
use crate::units::counted;

pub(super) fn run(
    arguments: &AnalyzeArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    let plan = Plan::resolve(&arguments.typed(), &config, surroundings)?;
    mention(&config, plan.notes);
    let table = price_table(&plan.prices)?;
    check_models(&plan, &table)?;
    limit_threads(plan.threads)?;

    let log = read(&plan)?;
    let ledger = Ledger::new(&log, &table, &plan.settings);
    let assumptions = plan.ladder.as_ref().map(|ladder| &ladder.settings.assumptions);
    let assumptions = assumptions.unwrap_or(&config.assumptions);
    let mut document = assembled(&log, &ledger, &plan, assumptions)?;
    invoice::reconcile(&mut document, &ledger, &plan, &arguments.invoices)?;
    document.findings = assemble::findings(&findings::find(&ledger, &plan.findings));

    output::write_all(&document, &plan.outputs, &plan.render, &plan.kept)?;
    let printed = print(&document, plan.print, &plan.render);
    // What was asked for strictly is judged even if nobody read the report.
    if plan.strict {
        judge(&document)?;
    }
    printed?;
    Ok(Exit::Done)
}

impl AnalyzeArguments {
    /// Those that are shared with other commands.
    pub(super) fn typed(&self) -> Typed<'_> {
        Typed {
            selection: Some(&self.selection),
            ladder: Some(&self.ladder),
            written: Some(&self.output.written),
            tables: Some(&self.output.tables),
            show_users: self.output.show_users,
            key_file: self.output.key_file.as_deref(),
            ..Typed::new(&self.paths, &self.reading, &self.pricing, &self.general)
        }
    }
}

/// Makes the document, with the ladder and other models where they are wanted.
///
/// # Errors
/// When another model that was asked for is not known.
pub(super) fn assembled(
    log: &Log,
    ledger: &Ledger<'_>,
    plan: &Plan,
    assumptions: &Assumptions,
) -> Result<Document, CliError> {
    if plan.ladder.is_none() && plan.what_if.is_empty() {
        return Ok(assemble::document(log, ledger, &plan.naming, None));
    }
    let traffic = Traffic::of(ledger);
    let mut document = match &plan.ladder {
        None => assemble::document(log, ledger, &plan.naming, None),
        Some(ladder_plan) => {
            let caches = cache(&traffic, assumptions);
            let analysis = Analysis {
                traffic: &traffic,
                ladder: &climb(&traffic, &ladder_plan.settings),
                assumptions,
                cache: caches.as_ref(),
                hourly_rate: ladder_plan.hourly_rate,
            };
            let mut document = assemble::document(log, ledger, &plan.naming, Some(&analysis));
            document.warnings.extend(ladder_plan.warnings(ledger));
            document
        }
    };
    let answers = what_if::answers(&plan.what_if, ledger.table, &traffic, assumptions)?;
    document.what_if = assemble::what_ifs(&answers);
    Ok(document)
}

/// Says which settings file counts where that is not plain to see.
pub(super) fn mention(config: &Config, notes: bool) {
    if let Some(path) = config.path.as_deref().filter(|_| notes && config.from_above) {
        standard::note(&format!("settings: {}", terminal::visible(&file::shown(path))));
    }
}

/// The built-in table with the user's price files over it.
///
/// # Errors
/// When a price file cannot be read or is faulty.
pub(super) fn price_table(overrides: &Overrides) -> Result<PriceTable, CliError> {
    let mut files = Vec::new();
    files.extend(overrides.inline.clone());
    for path in &overrides.files {
        files.push((file::shown(path), file::read(path)?));
    }
    files.extend(overrides.discounts.clone());
    let sources: Vec<PriceSource<'_>> =
        files.iter().map(|(name, text)| PriceSource { name, text }).collect();
    Ok(PriceTable::with_overrides(&sources)?)
}

/// Refuses a `--model` or `--what-if` that would leave its calls without a price.
pub(super) fn check_models(plan: &Plan, table: &PriceTable) -> Result<(), CliError> {
    plan.what_if.iter().try_for_each(|question| question.find(table).map(drop))?;
    match &plan.settings.model {
        Some(model) if table.find(None, model).is_none() => Err(CliError::UnknownModel {
            model: model.clone(),
            suggestions: table.suggestions(model),
        }),
        _ => Ok(()),
    }
}

pub(super) fn limit_threads(threads: Option<u16>) -> Result<(), CliError> {
    let Some(threads) = threads else { return Ok(()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads));
    pool.build_global().map_err(|error| CliError::Threads(format!("--threads: {error}")))
}

pub(super) fn read(plan: &Plan) -> Result<Log, CliError> {
    read_from(plan, None)
}

/// Reads, with standard input from the file that it was copied to.
///
/// # Errors
/// As [`read`].
pub(super) fn read_from(plan: &Plan, standard_input: Option<&Path>) -> Result<Log, CliError> {
    read_as(plan, ReadOptions { standard_input, ..ReadOptions::default() })
}

/// Reads, and notes of every file how its format was recognised.
///
/// # Errors
/// As [`read`].
pub(super) fn read_and_explain(plan: &Plan) -> Result<Log, CliError> {
    read_as(plan, ReadOptions { explains: true, ..ReadOptions::default() })
}

fn read_as<'a>(plan: &'a Plan, options: ReadOptions<'a>) -> Result<Log, CliError> {
    let options = ReadOptions {
        input_format: plan.input_format.as_deref(),
        mappings: &plan.mappings,
        ..options
    };
    let log = if plan.progress {
        let bar = Bar::over(&plan.paths);
        let log = ingest::read(&plan.paths, options, &bar);
        bar.finish();
        log
    } else {
        ingest::read(&plan.paths, options, &())
    };
    let mut log = log.map_err(content::or_unreadable)?;
    plan.users.apply(&mut log);
    Ok(log)
}

/// Prints a report of a kind, or nothing.
///
/// # Errors
/// When it cannot be rendered or written.
pub(super) fn print(
    document: &dyn Reported,
    kind: Option<Kind>,
    options: &RenderOptions,
) -> Result<(), CliError> {
    match kind {
        Some(kind) => standard::print(&output::render(document, kind, options)?),
        None => Ok(()),
    }
}

/// Fails for what `--strict` does not let pass, naming the first of each.
pub(super) fn judge(document: &Document) -> Result<(), CliError> {
    let mut reasons = Vec::new();
    let input = &document.input;
    if input.rejected > 0 {
        let first = input.rejections.first();
        let place = first.map_or_else(String::new, |first| {
            format!(", the first at {}:{}: {}", first.path, first.line, first.reason)
        });
        reasons.push(format!("{} rejected{place}", counted(input.rejected, "record")));
    }
    let unpriced = &document.prices.unpriced_models;
    if !unpriced.is_empty() {
        let names: Vec<&str> = unpriced.iter().map(|model| model.model.as_str()).take(3).collect();
        let more = if unpriced.len() > names.len() { ", ..." } else { "" };
        let count = counted(unpriced.len() as u64, "model");
        reasons.push(format!("{count} without a price: {}{more}", names.join(", ")));
    }
    if reasons.is_empty() {
        return Ok(());
    }
    Err(CliError::Strict { reasons: reasons.join("; ") })
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::report::document::{Document, Rejection, UnpricedModel};

    #[test]
    fn strictness_names_what_it_does_not_let_pass() {
        let mut document = Document::new("0.1.0");
        assert!(judge(&document).is_ok());
        document.input.rejected = 2;
        document.input.rejections.push(Rejection {
            path: "usage.jsonl".to_owned(),
            line: 7,
            reason: "not valid JSON".to_owned(),
        });
        document
            .prices
            .unpriced_models
            .push(UnpricedModel { model: "in-house".to_owned(), ..UnpricedModel::default() });
        let message = judge(&document).map_err(|error| error.to_string());
        assert_eq!(
            message.err().as_deref(),
            Some(
                "--strict: 2 records rejected, the first at usage.jsonl:7: not valid JSON; \
                 1 model without a price: in-house"
            )
        );
    }
}
