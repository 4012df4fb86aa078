//! What surrounds the program: environment, terminals, current folder. Read
//! once, so that everything else can be tested without them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use super::config::PREFIX;

/// What the program finds around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// The folder it was started in; `None` where that cannot be told.
    pub(super) current_folder: Option<PathBuf>,
    /// `TOKOPT_CONFIG`: the settings file, empty for none at all.
    pub(super) config: Option<OsString>,
    /// Every variable whose name begins with `TOKOPT_`.
    pub(super) variables: BTreeMap<String, OsString>,
    /// Where users keep settings: `XDG_CONFIG_HOME`, else `.config` at home.
    pub(super) settings_folder: Option<PathBuf>,
    /// `NO_COLOR` is set and not empty.
    pub(super) no_color: bool,
    /// `CLICOLOR_FORCE` is set and not `0`.
    pub(super) force_color: bool,
    /// `COLUMNS`, where it is a number.
    pub(super) columns: Option<usize>,
    /// `TERM` is `dumb`: no colour and no moving lines.
    pub(super) is_dumb: bool,
    /// `CI` is set: nobody watches.
    pub(super) is_ci: bool,
    /// `GITHUB_ACTIONS` is `true`: a step of a workflow, whose output a runner
    /// reads.
    pub(super) is_github: bool,
    /// `GITHUB_STEP_SUMMARY`: the file whose Markdown is shown with the step.
    pub(super) step_summary: Option<PathBuf>,
    /// Standard input is a terminal.
    pub(super) stdin_is_terminal: bool,
    /// Standard output is a terminal.
    pub(super) stdout_is_terminal: bool,
    /// Standard error is a terminal.
    pub(super) stderr_is_terminal: bool,
    /// Columns of the terminal behind standard output.
    pub(super) terminal_width: Option<usize>,
}

impl Surroundings {
    /// Looks around.
    pub(super) fn look() -> Self {
        let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let stdout = io::stdout();
        let width = terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0));
        Self {
            current_folder: current_folder(),
            config: variable("TOKOPT_CONFIG"),
            variables: our_variables(),
            settings_folder: settings_folder(),
            no_color: is_set("NO_COLOR"),
            force_color: variable("CLICOLOR_FORCE")
                .is_some_and(|value| !value.is_empty() && value != "0"),
            columns: variable("COLUMNS").and_then(|value| value.to_str()?.trim().parse().ok()),
            is_dumb: variable("TERM").is_some_and(|value| value == "dumb"),
            is_ci: is_set("CI"),
            is_github: variable("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            step_summary: variable("GITHUB_STEP_SUMMARY")
                .filter(|value| !value.is_empty())
                .map(PathBuf::from),
            stdin_is_terminal: io::stdin().is_terminal(),
            stdout_is_terminal: stdout.is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
            terminal_width: width,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[expect(clippy::disallowed_methods, reason = "only to find tokopt.toml in the folders above")]
fn current_folder() -> Option<PathBuf> {
    std::env::current_dir().ok()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn our_variables() -> BTreeMap<String, OsString> {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with(PREFIX).then_some((name, value))
    });
    variables.collect()
}

/// The same on every platform, so that one page of documentation holds.
fn settings_folder() -> Option<PathBuf> {
    let folder = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || folder("HOME").or_else(|| folder("USERPROFILE"));
    folder("XDG_CONFIG_HOME").or_else(|| Some(home()?.join(".config")))
}
