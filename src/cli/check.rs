//! `tokopt check`: a log is held to its budgets; the exit code is the answer.

use std::path::{Path, PathBuf};

use super::analyze::{check_models, judge, limit_threads, mention, price_table};
use super::args::{AnalyzeArguments, OutputArguments};
use super::check_args::CheckArguments;
use super::check_output::{self, CheckOutput};
use super::check_side::{Given, Side};
use super::config::Config;
use super::error::CliError;
use super::exit::Exit;
use super::file;
use super::github::Step;
use super::ladder_args::LadderArguments;
use super::plan::Plan;
use super::standard;
use super::surroundings::Surroundings;
use crate::budget::check::OTHER_CALLS;
use crate::budget::place::Source;
use crate::budget::{self, Allowances, Budget, Figures, Settings};
use crate::ledger::Ledger;
use crate::prices::PriceTable;
use crate::report::check::{CheckKind, CheckOptions, CommentTag};
use crate::report::document::{Check, Document, Outcome, Warning};
use crate::selection::Period;

pub(super) fn run(
    arguments: &CheckArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    let mut plan = Plan::resolve(&as_analysis(arguments), &config, surroundings)?;
    let outputs = CheckOutput::parse_all(&arguments.outputs)?;
    let options = options(arguments, &plan)?;
    mention(&config, plan.notes);
    let budget = budget_of(arguments, &config)?;
    let table = price_table(&plan.prices)?;
    check_models(&plan, &table)?;
    limit_threads(plan.threads)?;

    let given = Given::read(&plan)?;
    refuse_selection(&given, &plan, arguments)?;
    let before = plan_of_baseline(arguments, &config, surroundings)?;
    let before = match before {
        Some(before) => Some((Given::read(&before)?, before)),
        None => None,
    };
    if matches!(given, Given::Saved(_)) {
        plan.ladder = None;
    }
    let work = Work { arguments, config: &config, plan: &plan, budget: &budget, table: &table };
    let (check, document) = checked(&given, before.as_ref(), &work)?;

    let read = document.input.files.iter().map(|file| file.path.as_str());
    let baseline = before.iter().flat_map(|(_, plan)| &plan.paths).map(String::as_str);
    let named = plan.paths.iter().map(String::as_str);
    let save = arguments.save.as_deref().map(|path| (path, &document));
    let files = check_output::rendered(&check, &outputs, &options, save)?;
    let read = read.chain(named).chain(baseline).map(Path::new);
    check_output::write_all(files, read.chain(plan.kept.iter().map(PathBuf::as_path)))?;
    let step = Step::around(surroundings, arguments.no_annotations);
    if let Some(step) = &step {
        step.summarise(&check, &options)?;
    }
    let printed = print(&check, arguments, &options, step.as_ref());
    if plan.strict {
        judge(&document)?;
    }
    // Whoever closed the pipe has read enough; the answer stands.
    match printed {
        Err(CliError::BrokenPipe) | Ok(()) => Ok(exit(&check, arguments)),
        Err(error) => Err(error),
    }
}

/// What a check is made with.
struct Work<'a> {
    arguments: &'a CheckArguments,
    config: &'a Config,
    plan: &'a Plan,
    budget: &'a Budget,
    table: &'a PriceTable,
}

/// Holds what was read against the budget.
fn checked(
    given: &Given,
    before: Option<&(Given, Plan)>,
    work: &Work<'_>,
) -> Result<(Check, Document), CliError> {
    let Work { arguments, config, plan, budget, table } = *work;
    let assumptions = plan.ladder.as_ref().map(|ladder| &ladder.settings.assumptions);
    let assumptions = assumptions.unwrap_or(&config.assumptions);
    let ledger = given.log().map(|log| Ledger::new(log, table, &plan.settings));
    let side = Side::new(given, ledger.as_ref(), plan, assumptions)?;
    let older = before
        .and_then(|(given, plan)| given.log().map(|log| Ledger::new(log, table, &plan.settings)));
    let baseline = before
        .map(|(given, plan)| Side::new(given, older.as_ref(), plan, assumptions))
        .transpose()?;
    let allowances = Allowances {
        empty: arguments.allow_empty,
        rejected: arguments.allow_rejected,
        error_on_warning: arguments.error_on_warning,
    };
    let baseline = baseline.as_ref().map(|baseline| -> &dyn Figures { baseline });
    let mut check = budget::check(budget, &side, baseline, allowances);
    if !plan.settings.filter.keeps_everything()
        && before.is_some_and(|(given, _)| matches!(given, Given::Saved(_)))
    {
        check.warnings.push(Warning {
            code: OTHER_CALLS.to_owned(),
            message: "the log is restricted by --where, and its saved baseline cannot be: the two \
                      compare only if it was saved with the same filter"
                .to_owned(),
        });
    }
    Ok((check, side.document))
}

/// What was typed, as `analyze` takes it: one way to read and select.
fn as_analysis(arguments: &CheckArguments) -> AnalyzeArguments {
    AnalyzeArguments {
        invoices: Vec::new(),
        paths: arguments.paths.clone(),
        reading: arguments.reading.clone(),
        selection: arguments.selection.clone(),
        pricing: arguments.pricing.clone(),
        ladder: LadderArguments { no_ladder: arguments.no_ladder, ..LadderArguments::default() },
        output: OutputArguments { show_users: arguments.show_users, ..OutputArguments::default() },
        general: arguments.general.clone(),
    }
}

/// How the baseline is read: as the log, without its time and without a ladder.
fn plan_of_baseline(
    arguments: &CheckArguments,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<Option<Plan>, CliError> {
    let of_file = config.settings.budget.baseline.as_deref();
    let of_file = of_file.map(|path| {
        let resolved = config.resolved("budget.baseline", Path::new(path));
        resolved.to_string_lossy().into_owned()
    });
    let mut paths = arguments.baseline.clone();
    if paths.is_empty() {
        paths.extend(of_file);
    }
    if paths.is_empty() {
        return Ok(None);
    }
    let ladder = LadderArguments { no_ladder: true, ..LadderArguments::default() };
    let typed = AnalyzeArguments { paths, ladder, ..as_analysis(arguments) };
    let mut plan = Plan::resolve(&typed, config, surroundings)?;
    plan.settings.period = Period::default();
    Ok(Some(plan))
}

/// A saved analysis is what it is: nothing can be left out of it any more.
fn refuse_selection(
    given: &Given,
    plan: &Plan,
    arguments: &CheckArguments,
) -> Result<(), CliError> {
    let selects = !plan.settings.filter.keeps_everything() || !plan.settings.period.is_unbounded();
    if !(selects && matches!(given, Given::Saved(_))) {
        return Ok(());
    }
    let setting =
        if arguments.selection.filters.is_empty() { "--since and --until" } else { "--where" };
    Err(CliError::Setting {
        setting: setting.to_owned(),
        message: "a saved analysis cannot be restricted".to_owned(),
        hint: Some("give the logs instead, or save an analysis of that part".to_owned()),
    })
}

/// The rules of the settings file, of presets and of flags.
fn budget_of(arguments: &CheckArguments, config: &Config) -> Result<Budget, CliError> {
    let path = config.path.as_deref().map(file::shown);
    let source = path.as_deref().zip(config.project_text.as_deref());
    let source = source.map(|(path, text)| Source { path, text });
    let settings = Settings {
        budget: &config.settings.budget,
        ignore: &config.settings.ignore,
        source,
        presets: &arguments.presets,
        minimum_calls: arguments.minimum_calls,
    };
    let budget = budget::resolve(&settings).map_err(|error| {
        let place = error.span.and_then(|span| source?.place(span));
        match place {
            Some(place) => CliError::Config {
                place: format!("{}:{}:{}", place.path, place.line, place.column),
                message: error.message,
                hint: error.hint,
            },
            None => CliError::Setting {
                setting: "budget".to_owned(),
                message: error.message,
                hint: error.hint,
            },
        }
    })?;
    if budget.rules.is_empty() {
        return Err(CliError::NoBudget);
    }
    Ok(budget)
}

fn options(arguments: &CheckArguments, plan: &Plan) -> Result<CheckOptions, CliError> {
    let tag = arguments.comment_tag.as_deref().map(CommentTag::parse).transpose();
    let tag = tag.map_err(|error| CliError::setting("--comment-tag", error.to_string()))?;
    Ok(CheckOptions {
        width: plan.render.width,
        color: plan.render.color,
        comment_tag: tag.unwrap_or_default(),
    })
}

/// Prints the report: none where it is quiet and a file holds it. A step of
/// GitHub Actions gets its annotations in any case.
fn print(
    check: &Check,
    arguments: &CheckArguments,
    options: &CheckOptions,
    step: Option<&Step>,
) -> Result<(), CliError> {
    let is_silent = arguments.general.quiet && !arguments.outputs.is_empty();
    let kind = arguments.format.or((!is_silent).then_some(CheckKind::Table));
    let bytes = match (step, kind) {
        (Some(_), kind) => Step::printed(check, kind, options)?,
        (None, Some(kind)) => check_output::render(check, kind, options)?,
        (None, None) => return Ok(()),
    };
    standard::print(&bytes)
}

fn exit(check: &Check, arguments: &CheckArguments) -> Exit {
    match check.outcome {
        Outcome::Over if !arguments.exit_zero => Exit::OverBudget,
        Outcome::Over | Outcome::Within => Exit::Done,
        Outcome::NotJudged => Exit::Failed,
    }
}
