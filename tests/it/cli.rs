//! The command line from outside: every command, every exit code, what goes to
//! which stream, and what happens when the outside world is unkind.

mod analyze;
mod arms;
mod backtest;
mod check_outputs;
mod diff;
mod inspect;
mod nothing;
mod outputs;
mod prices;
mod program;
mod report;
mod schemas;
mod settings;

use std::path::Path;

use assert_cmd::Command;

/// The log that the README's first command reads.
const QUICKSTART: &str = "fixtures/quickstart/usage.jsonl";

/// The program in the repository's root, in surroundings that say nothing.
fn tokopt(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokopt"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    for name in [
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
        "CI",
        "TERM",
        "GITHUB_ACTIONS",
        "GITHUB_STEP_SUMMARY",
    ] {
        command.env_remove(name);
    }
    command.env("TOKOPT_CONFIG", "");
    command
}

/// What a run left behind.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(command: &mut Command) -> Ran {
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs and expects success and a silent standard error.
fn printed(arguments: &[&str]) -> String {
    let ran = run(&mut tokopt(arguments));
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{arguments:?}");
    ran.out
}

/// Runs and expects failure and a silent standard output.
fn refused(arguments: &[&str]) -> String {
    let ran = run(&mut tokopt(arguments));
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
    ran.err
}

/// A folder for one test and a way to name what is in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder for the test"))
    }

    fn path(&self, name: &str) -> String {
        let path = self.0.path().join(name);
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).expect("the folder is writable");
        path
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("the file was written")
    }

    /// The names of everything in a folder below this one.
    fn list(&self, below: &str) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(Path::new(&self.path(below)))
            .expect("the folder exists")
            .map(|entry| entry.expect("a name").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}
