//! The whole help of every command: as one snapshot, so that a change of a
//! flag shows in review, and as `docs/cli-reference.md`, made from it.
//!
//! To refresh both: `TOKOPT_REFRESH=1 INSTA_UPDATE=always cargo test --test it
//! cli_reference`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// The help of every command, found by reading the lists of commands in it.
fn help_of_all() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    let mut pending = vec![Vec::new()];
    while let Some(command) = pending.pop() {
        let help = help(&command);
        for name in commands(&help).into_iter().rev() {
            pending.push([command.clone(), vec![name]].concat());
        }
        let name = [vec!["tokopt".to_owned()], command].concat().join(" ");
        pages.push((name, help));
    }
    pages
}

fn help(command: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tokopt"))
        .args(command)
        .arg("--help")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{command:?}");
    let text = String::from_utf8(output.stdout).expect("help is UTF-8");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_end())
}

/// The names in the list of commands of a help text; `help` describes itself.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let entries = lines.take_while(|line| !line.is_empty());
    // Continued descriptions stand further to the right than names.
    let names = entries.filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn reference() -> String {
    let mut text = "# Command line reference\n\n\
        Made from the program's own help; a test fails when it is stale and says how to refresh it.\n"
        .to_owned();
    for (name, help) in help_of_all() {
        write!(text, "\n## {name}\n\n```text\n{help}```\n").expect("writing to a string");
    }
    text
}

#[test]
fn the_whole_reference_is_one_snapshot() {
    let pages = help_of_all();
    let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.contains(&"tokopt analyze") && names.contains(&"tokopt prices show"),
        "{names:?}"
    );
    insta::assert_snapshot!("cli_reference", reference());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's own setting, not tokopt's")]
fn the_documented_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli-reference.md");
    let made = reference();
    if std::env::var_os("TOKOPT_REFRESH").is_some() {
        std::fs::write(&path, &made).expect("docs/ is writable");
    }
    let documented = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        documented == made,
        "docs/cli-reference.md is stale; refresh it with\n  \
         TOKOPT_REFRESH=1 INSTA_UPDATE=always cargo test --test it cli_reference"
    );
}
