//! Streams and files: width, colour, broken pipes, whole files or none.

use std::io::Read as _;
use std::process::{Command, Stdio};

use super::{Folder, QUICKSTART, printed, refused, run, tokopt};

#[test]
fn a_pipe_gets_eighty_columns_unless_columns_says_otherwise() {
    let widest = |columns: Option<&str>| {
        let mut command = tokopt(&["analyze", QUICKSTART]);
        if let Some(columns) = columns {
            command.env("COLUMNS", columns);
        }
        run(&mut command).out.lines().map(|line| line.chars().count()).max().unwrap_or(0)
    };
    let (narrow, usual, wide) = (widest(Some("60")), widest(None), widest(Some("120")));
    assert!(narrow <= 60 && usual <= 80 && wide <= 120, "{narrow} {usual} {wide}");
    assert!(narrow < usual && usual < wide, "{narrow} {usual} {wide}");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_insist() {
    let colored = |flags: &[&str], variables: &[(&str, &str)]| {
        let mut command = tokopt(&[&["analyze", QUICKSTART], flags].concat());
        command.envs(variables.iter().copied());
        run(&mut command).out.contains('\u{1b}')
    };
    assert!(!colored(&[], &[]));
    assert!(colored(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(colored(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!colored(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&["--format", "json"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tokopt"))
        .args(["prices", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("UTF-8");
    assert_eq!((child.wait().expect("it ends").code(), err.as_str()), (Some(0), ""));
}

#[test]
fn every_kind_is_written_beside_what_is_printed() {
    let folder = Folder::new();
    let places = ["week.md", "week.json", "week.csv", "csv=flat", "tables/"];
    let mut arguments = vec!["analyze".to_owned(), QUICKSTART.to_owned()];
    for place in places {
        let (kind, name) =
            place.split_once('=').map_or((None, place), |(kind, name)| (Some(kind), name));
        let path = folder.path(name);
        let path =
            if name.ends_with('/') && !path.ends_with('/') { format!("{path}/") } else { path };
        arguments.push("-o".to_owned());
        arguments.push(kind.map_or_else(|| path.clone(), |kind| format!("{kind}={path}")));
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // A terminal's width and colour stay out of files.
    let mut command = tokopt(&arguments);
    let ran = run(command.env("COLUMNS", "120").env("CLICOLOR_FORCE", "1"));
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.contains('\u{1b}'));
    assert_eq!(folder.list("."), ["flat", "tables", "week.csv", "week.json", "week.md"]);
    let format = |kind| printed(&["analyze", QUICKSTART, "--format", kind]);
    assert_eq!(folder.read("week.md"), format("md"));
    assert_eq!(folder.read("week.json"), format("json"));
    assert_eq!(folder.read("week.csv"), format("csv"));
    assert_eq!(folder.read("flat"), format("csv"));
    let tables = folder.list("tables");
    for name in ["components.csv", "models.csv", "days.csv", "totals.csv"] {
        assert!(tables.contains(&name.to_owned()), "{tables:?}");
    }
}

#[test]
fn files_are_written_whole_or_not_at_all() {
    let folder = Folder::new();
    let old = folder.write("old.md", "old");
    // The second cannot be written, so the first is not replaced either.
    let missing = folder.path("missing/report.json");
    let text = refused(&["analyze", QUICKSTART, "-q", "-o", &old, "-o", &missing]);
    assert!(
        text.starts_with("error: cannot write") && text.contains("no such file or folder"),
        "{text}"
    );
    assert_eq!(folder.read("old.md"), "old");
    assert_eq!(folder.list("."), ["old.md"]);
    assert_eq!(printed(&["analyze", QUICKSTART, "-q", "-o", &old]), "");
    assert!(folder.read("old.md").contains("acme-ranker-2"));
    assert_eq!(folder.list("."), ["old.md"]);
}

#[test]
fn nothing_is_written_over_itself_or_over_the_log() {
    let folder = Folder::new();
    let report = folder.path("report.md");
    let twice = refused(&["analyze", QUICKSTART, "-o", &report, "-o", &report]);
    assert!(twice.starts_with("error: two outputs go to"), "{twice}");
    let tables = format!("{}/", folder.path("t"));
    let models = folder.path("t/models.csv");
    let inside = refused(&["analyze", QUICKSTART, "-o", &tables, "-o", &models]);
    assert!(inside.starts_with("error: two outputs go to"), "{inside}");
    let log = folder.path("log.json");
    std::fs::copy(QUICKSTART, &log).expect("a copy");
    let over = refused(&["analyze", &log, "-o", &log]);
    assert!(over.contains("would replace the file"), "{over}");
    assert_eq!(folder.read("log.json"), std::fs::read_to_string(QUICKSTART).expect("the fixture"));
}

#[cfg(unix)]
#[test]
fn a_link_keeps_pointing_and_a_device_stays_one() {
    let folder = Folder::new();
    let target = folder.write("target.md", "old");
    let link = folder.path("link.md");
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    printed(&["analyze", QUICKSTART, "-q", "-o", &link, "-o", "json=/dev/null"]);
    assert!(std::fs::symlink_metadata(&link).expect("a link").is_symlink());
    assert!(folder.read("target.md").contains("acme-ranker-2"));
}

#[test]
fn hostile_names_steer_nothing() {
    let folder = Folder::new();
    let hostile = "\\u001b[31m=cmd|'/c'!A0\\u202e| <img src=x>\\u0007";
    let line = format!(
        "{{\"timestamp\":\"2026-06-01T00:00:00Z\",\"model\":\"{hostile}\",\"feature\":\"{hostile}\",\
         \"user\":\"{hostile}\",\"input_tokens\":10,\"output_tokens\":1}}\n{{\"model\":\n"
    );
    let log = folder.write("log\u{1b}[2J.jsonl", &line);
    for format in ["table", "md", "csv"] {
        let ran =
            run(&mut tokopt(&["analyze", &log, "--format", format, "--show-users", "--strict"]));
        assert_eq!(ran.code, Some(2));
        for text in [&ran.out, &ran.err] {
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{format}: {text:?}");
        }
        let opens_formula = |line: &str| line.split(',').any(|cell| cell.starts_with(['=', '@']));
        assert!(format != "csv" || !ran.out.lines().any(opens_formula), "{}", ran.out);
    }
}
