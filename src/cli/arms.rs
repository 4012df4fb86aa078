//! `tokopt diff --arms TAG`: the arms of an A/B test inside one log.

use std::io;

use super::analyze::{check_models, judge, limit_threads, mention, price_table, print, read};
use super::config::Config;
use super::diff_args::DiffArguments;
use super::error::CliError;
use super::exit::Exit;
use super::output::{self, Reported};
use super::plan::Plan;
use super::quality;
use super::surroundings::Surroundings;
use crate::arms::{self, ArmsError, Scores, Settings};
use crate::ledger::Ledger;
use crate::report::assemble;
use crate::report::csv::{CsvFile, arms_tables};
use crate::report::document::Arms;
use crate::report::{Kind, RenderOptions, write_arms};
use crate::selection::Field;

/// The tag that holds a score where none is named.
const USUAL_SCORE: &str = "score";

pub(super) fn run(
    arguments: &DiffArguments,
    field: &str,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    let plan = Plan::resolve(&arguments.typed(&arguments.paths), &config, surroundings)?;
    output::refuse_metrics(plan.print, &plan.outputs)?;
    let field = field_of(field)?;
    let quality = arguments.arms.quality.as_deref().map(quality::Scores::read).transpose()?;
    mention(&config, plan.notes);
    let table = price_table(&plan.prices)?;
    check_models(&plan, &table)?;
    limit_threads(plan.threads)?;

    let log = read(&plan)?;
    let ledger = Ledger::new(&log, &table, &plan.settings);
    let measured = |call: &str, model: &str| quality.as_ref()?.quality.of_call(call, model);
    let score = arguments.arms.score.as_deref();
    let scores = match quality {
        Some(_) => Scores::Measured(&measured),
        None => Scores::Field(match score {
            Some(name) => field_of(name)?,
            None => Field::Tag(USUAL_SCORE.to_owned()),
        }),
    };
    let control = arguments.arms.control.clone();
    let settings = Settings { field, control, scores };
    let found = arms::compare(&ledger, &settings).map_err(|error| refused(&error))?;
    let was_named = settings.control.is_some();
    let mut document = assemble::arms(&found, &ledger, &settings.field, was_named);
    document.warnings.extend(quality.iter().flat_map(|scores| scores.warnings(&ledger)));

    output::write_all(&document, &plan.outputs, &plan.render, &plan.kept)?;
    let printed = print(&document, plan.print, &plan.render);
    if plan.strict {
        judge(&assemble::document(&log, &ledger, &plan.naming, None))?;
    }
    printed?;
    Ok(Exit::Done)
}

/// The field of that name; a bare name that is no field is a tag's.
fn field_of(name: &str) -> Result<Field, CliError> {
    let name = name.trim();
    match Field::parse(name) {
        Ok(field) => Ok(field),
        Err(_) if !name.is_empty() && !name.starts_with("tag.") => Ok(Field::Tag(name.to_owned())),
        Err(error) => Err(CliError::selection("--arms")(error)),
    }
}

fn refused(error: &ArmsError) -> CliError {
    let setting = match error {
        ArmsError::NoSuchControl { .. } => "--control",
        _ => "--arms",
    };
    CliError::Setting {
        setting: setting.to_owned(),
        message: error.to_string(),
        hint: error.hint(),
    }
}

impl Reported for Arms {
    fn render(
        &self,
        kind: Kind,
        options: &RenderOptions,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        write_arms(self, kind, options, out)
    }

    fn tables(&self) -> io::Result<Vec<CsvFile>> {
        arms_tables(self)
    }

    fn inputs(&self) -> Vec<&str> {
        self.input.files.iter().map(String::as_str).collect()
    }
}
