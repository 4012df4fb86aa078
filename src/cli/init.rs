//! `tokopt init`: a commented `tokopt.toml` from what a log shows.

mod budgets;
mod draft;
mod tags;

use std::path::{Component, Path, PathBuf};

use super::analyze::{price_table, read};
use super::args::{GeneralArguments, PricingArguments, ReadingArguments};
use super::config::Config;
use super::error::CliError;
use super::exit::Exit;
use super::file::{self, Staged};
use super::plan::{Plan, Typed};
use super::settings_args::InitArguments;
use super::standard;
use super::surroundings::Surroundings;
use super::terminal;
use crate::ingest::source::STANDARD_INPUT;
use crate::ledger::Ledger;
use crate::report::assemble;

use draft::Seen;

pub(super) fn run(
    arguments: &InitArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let is_written = !arguments.stdout;
    if is_written && !arguments.force && arguments.output.exists() {
        return Err(CliError::Setting {
            setting: file::shown(&arguments.output),
            message: "it is there already".to_owned(),
            hint: Some("--force replaces it, -o FILE writes another, --stdout prints".to_owned()),
        });
    }
    let text = match arguments.paths.as_slice() {
        [] => draft::skeleton(),
        paths => {
            let inputs = inputs(paths, arguments, surroundings);
            measured(arguments, surroundings, &inputs)?
        }
    };
    if !is_written {
        standard::print(text.as_bytes())?;
        return Ok(Exit::Done);
    }
    Staged::new(&arguments.output, text.clone().into_bytes())?.place()?;
    if !arguments.quiet {
        let path = terminal::visible(&file::shown(&arguments.output));
        standard::note(&format!("wrote {path}; {}", next(&text, arguments)));
    }
    Ok(Exit::Done)
}

/// What to do with the new file.
fn next(text: &str, arguments: &InitArguments) -> &'static str {
    let is_rule = |line: &str| !line.is_empty() && !line.starts_with('#');
    if text.lines().skip_while(|line| *line != "[budget]").skip(1).any(is_rule) {
        "`tokopt check` holds the log to its budgets, `tokopt config` shows what it sets"
    } else if arguments.paths.is_empty() {
        "every line is a comment; `tokopt init LOG` fills in what a log shows"
    } else {
        "it sets no budget, because no call could be priced: see [prices] in it"
    }
}

/// The file's text, from an analysis by the settings that will be in force
/// beside it: those of no project.
fn measured(
    arguments: &InitArguments,
    surroundings: &Surroundings,
    inputs: &[String],
) -> Result<String, CliError> {
    let around = Surroundings {
        current_folder: None,
        config: surroundings.config.clone().filter(|variable| variable.is_empty()),
        ..surroundings.clone()
    };
    let general = GeneralArguments {
        quiet: arguments.quiet,
        no_progress: arguments.no_progress,
        ..GeneralArguments::default()
    };
    let config = Config::find(&general, &around)?;
    let (reading, pricing) = (ReadingArguments::default(), PricingArguments::default());
    let typed = Typed::new(&arguments.paths, &reading, &pricing, &general);
    let plan = Plan::resolve(&typed, &config, &around)?;
    let table = price_table(&plan.prices)?;
    let log = read(&plan)?;
    let ledger = Ledger::new(&log, &table, &plan.settings);
    let document = assemble::document(&log, &ledger, &plan.naming, None);
    Ok(draft::text(&Seen { document: &document, tags: &tags::seen(&log), inputs }))
}

/// The paths as the file must name them: from its own folder.
fn inputs(paths: &[String], arguments: &InitArguments, surroundings: &Surroundings) -> Vec<String> {
    let folder = arguments.output.parent().filter(|_| !arguments.stdout).unwrap_or(Path::new(""));
    let back = way_back(folder);
    let from_folder = |path: &&String| {
        let is_absolute = Path::new(path).is_absolute();
        let start = match (is_absolute, &back, &surroundings.current_folder) {
            (true, _, _) => PathBuf::new(),
            (false, Some(back), _) => back.clone(),
            (false, None, here) => here.clone().unwrap_or_default(),
        };
        file::shown(&start.join(path))
    };
    let files = paths.iter().filter(|path| *path != STANDARD_INPUT);
    files.map(|path| from_folder(&path)).collect()
}

/// The way from a folder below this one back here; `None` where the folder is
/// somewhere else.
fn way_back(folder: &Path) -> Option<PathBuf> {
    let mut back = PathBuf::new();
    for part in folder.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(_) => back.push(".."),
            Component::Prefix(_) | Component::RootDir | Component::ParentDir => return None,
        }
    }
    Some(back)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::inputs;
    use crate::cli::settings_args::InitArguments;
    use crate::cli::surroundings::Surroundings;

    #[test]
    fn paths_start_at_the_folder_of_the_file() {
        let here = Surroundings { current_folder: Some("/here".into()), ..Surroundings::default() };
        let named = |output: &str| {
            let output = PathBuf::from(output);
            let arguments = InitArguments { output, ..InitArguments::default() };
            let paths = ["logs/*.jsonl", "/var/log/x", "-"].map(str::to_owned);
            inputs(&paths, &arguments, &here)
        };
        assert_eq!(named("tokopt.toml"), ["logs/*.jsonl", "/var/log/x"]);
        assert_eq!(named("./ci/a/tokopt.toml"), ["../../logs/*.jsonl", "/var/log/x"]);
        assert_eq!(named("../tokopt.toml"), ["/here/logs/*.jsonl", "/var/log/x"]);
    }
}
