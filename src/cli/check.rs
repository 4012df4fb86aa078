//! `tokopt check`: a log is held to its budgets; the exit code is the answer.

use std::path::{Path, PathBuf};

use super::analyze::{check_models, judge, limit_threads, mention, price_table};
use super::args::SelectionArguments;
use super::check_args::CheckArguments;
use super::check_output::{self, CheckOutput};
use super::check_side::Side;
use super::config::Config;
use super::content::{self, Content};
use super::error::CliError;
use super::exit::Exit;
use super::file;
use super::github::Step;
use super::ladder_args::LadderArguments;
use super::output;
use super::plan::{Plan, Typed};
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
    let ladder = LadderArguments { no_ladder: arguments.no_ladder, ..LadderArguments::default() };
    let typed = Typed { ladder: Some(&ladder), ..typed(arguments, &arguments.paths) };
    let mut plan = Plan::resolve(&typed, &config, surroundings)?;
    let outputs = CheckOutput::parse_all(&arguments.outputs)?;
    let options = options(arguments, &plan)?;
    mention(&config, plan.notes);
    let budget = budget_of(arguments, &config)?;
    let table = price_table(&plan.prices)?;
    check_models(&plan, &table)?;
    limit_threads(plan.threads)?;

    let before = plan_of_baseline(arguments, &config, surroundings)?;
    if let Some(before) = &before {
        content::refuse_twice(&plan.paths, &before.paths)?;
    }
    let given = Content::read(&plan, &arguments.selection)?;
    let before = match before {
        Some(before) => Some((Content::read(&before, &SelectionArguments::default())?, before)),
        None => None,
    };
    if given.is_analysis() {
        plan.ladder = None;
    }
    let work = Work { arguments, config: &config, plan: &plan, budget: &budget, table: &table };
    let (check, document) = checked(&given, before.as_ref(), &work)?;

    let read = document.input.files.iter().map(|file| file.path.as_str());
    let baseline = before.iter().flat_map(|(_, plan)| &plan.paths).map(String::as_str);
    let named = plan.paths.iter().map(String::as_str);
    let save = arguments.save.as_deref().map(|path| (path, &document));
    let files = check_output::rendered(&check, &outputs, &options, save)?;
    let kept = plan.kept.iter().map(PathBuf::as_path);
    let inputs = read.chain(named).chain(baseline).map(Path::new).chain(kept);
    output::place_all(files, std::iter::empty(), inputs)?;
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
    given: &Content,
    before: Option<&(Content, Plan)>,
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
    let is_baseline_saved = before.is_some_and(|(before, _)| before.is_analysis());
    let message = match (plan.settings.filter.keeps_everything(), given.is_analysis()) {
        (true, _) => None,
        (false, true) => Some(
            "analyze.where of the settings restricts no saved analysis: it holds the calls that it \
             was saved with",
        ),
        (false, false) => is_baseline_saved.then_some(
            "the log is restricted by --where, and its saved baseline cannot be: the two compare \
             only if it was saved with the same filter",
        ),
    };
    check.warnings.extend(
        message.map(|text| Warning { code: OTHER_CALLS.to_owned(), message: text.to_owned() }),
    );
    Ok((check, side.document))
}

/// What was typed, to read these paths without a ladder.
fn typed<'a>(arguments: &'a CheckArguments, paths: &'a [String]) -> Typed<'a> {
    Typed {
        selection: Some(&arguments.selection),
        show_users: arguments.show_users,
        ..Typed::new(paths, &arguments.reading, &arguments.pricing, &arguments.general)
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
    let mut plan = Plan::resolve(&typed(arguments, &paths), config, surroundings)?;
    plan.settings.period = Period::default();
    Ok(Some(plan))
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
