//! `tokopt convert`: read, price, write one table, read it back.

mod check;

use std::io;
use std::path::Path;

use super::analyze::{judge, limit_threads, mention, price_table, read};
use super::args::{ConvertArguments, PricingArguments, TableFormat, TableSchema};
use super::config::Config;
use super::error::CliError;
use super::exit::Exit;
use super::file;
use super::output::place;
use super::plan::{Plan, Typed};
use super::standard;
use super::surroundings::Surroundings;
use crate::convert::{Calls, Focus, Names};
use crate::ledger::Ledger;
use crate::record::log::Log;
use crate::report::assemble;
use crate::table::{Table, text};
use crate::units::counted;

/// The path that stands for standard output.
const STANDARD_OUTPUT: &str = "-";

pub(super) fn run(
    arguments: &ConvertArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let config = Config::find(&arguments.general, surroundings)?;
    let pricing = PricingArguments { files: arguments.price_files.clone(), model: None };
    let typed = Typed {
        selection: Some(&arguments.selection),
        show_users: arguments.show_users,
        key_file: arguments.key_file.as_deref(),
        ..Typed::new(&arguments.paths, &arguments.reading, &pricing, &arguments.general)
    };
    let plan = Plan::resolve(&typed, &config, surroundings)?;
    let format = format(arguments)?;
    mention(&config, plan.notes);
    let table = price_table(&plan.prices)?;
    limit_threads(plan.threads)?;

    let log = read(&plan)?;
    refuse_inputs(&arguments.output, &log)?;
    let ledger = Ledger::new(&log, &table, &plan.settings);
    let user = |name: &str| plan.naming.user(name);
    let account = |name: &str| plan.naming.account(name);
    let names = Names::new(&log, &user, &account);
    let written = match arguments.schema {
        TableSchema::Calls => {
            let calls = Calls::new(&ledger, &names);
            let expected = check::Totals::of(&ledger, &calls);
            write(&calls, format, &arguments.output, |path| expected.compare(path))
        }
        TableSchema::Focus => {
            let focus = Focus::new(&ledger, &names);
            if plan.notes && focus.undated() > 0 {
                standard::note(&format!(
                    "{} without a date left out: FOCUS has no row without a period; --epoch gives a relative clock one",
                    counted(focus.undated(), "record")
                ));
            }
            write(&focus, format, &arguments.output, |path| check::focus(&focus, format, path))
        }
    };
    let document = assemble::document(&log, &ledger, &plan.naming, None);
    if plan.notes && document.input.rejected > 0 && !plan.strict {
        standard::note(&format!(
            "{} of {} rejected and not in the table; `tokopt analyze` says why",
            document.input.rejected,
            counted(document.input.lines, "record"),
        ));
    }
    // What was asked for strictly is judged even if nobody read the table.
    if plan.strict {
        judge(&document)?;
    }
    written?;
    Ok(Exit::Done)
}

/// What is written: as asked for, else by the file's ending.
fn format(arguments: &ConvertArguments) -> Result<TableFormat, CliError> {
    let path = &arguments.output;
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let format = arguments.format.or(match ending.as_deref() {
        Some("csv") => Some(TableFormat::Csv),
        Some("jsonl" | "ndjson") => Some(TableFormat::Jsonl),
        Some("parquet") => Some(TableFormat::Parquet),
        _ => None,
    });
    let refused = |message: String, hint: &str| CliError::Setting {
        setting: "-o".to_owned(),
        message,
        hint: Some(hint.to_owned()),
    };
    match format {
        None => Err(refused(
            format!("`{}` does not end in .csv, .jsonl or .parquet", file::shown(path)),
            "say what to write: --format csv, jsonl or parquet",
        )),
        Some(TableFormat::Parquet) if cfg!(not(feature = "parquet")) => Err(refused(
            "this tokopt was built without Parquet".to_owned(),
            "build it with the cargo feature `parquet`, or write .csv or .jsonl",
        )),
        Some(TableFormat::Parquet) if is_standard(path) => Err(refused(
            "Parquet is not written to standard output".to_owned(),
            "give a file, or --format csv or jsonl",
        )),
        Some(format) => Ok(format),
    }
}

fn is_standard(path: &Path) -> bool {
    path.as_os_str() == STANDARD_OUTPUT
}

/// Refuses to replace a log that was read.
fn refuse_inputs(output: &Path, log: &Log) -> Result<(), CliError> {
    let target = place(output);
    let mut files = log.accounting.files.iter();
    if !is_standard(output) && files.any(|file| place(Path::new(&file.path)) == target) {
        return Err(CliError::ReplacesInput { path: file::shown(output) });
    }
    Ok(())
}

fn write(
    table: &dyn Table,
    format: TableFormat,
    output: &Path,
    check: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<(), CliError> {
    if is_standard(output) {
        return standard::stream(|out| lay_out(table, format, out));
    }
    file::write_checked(
        output,
        |out| lay_out(table, format, out),
        |draft| {
            check(draft)
                .map_err(|reason| CliError::WrittenWrongly { path: file::shown(output), reason })
        },
    )
}

fn lay_out(
    table: &dyn Table,
    format: TableFormat,
    out: &mut (dyn io::Write + Send),
) -> io::Result<()> {
    match format {
        TableFormat::Csv => text::csv(table, out),
        TableFormat::Jsonl => text::jsonl(table, out),
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => crate::table::parquet::write(table, out),
        #[cfg(not(feature = "parquet"))]
        TableFormat::Parquet => Err(io::ErrorKind::Unsupported.into()),
    }
}
