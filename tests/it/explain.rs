//! `tokopt explain` and the pages that it prints.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

use tokopt::techniques::id::TechniqueId;
use tokopt::techniques::parameters;

const OPENS: &str = "<!-- assumptions -->\n";
const CLOSES: &str = "<!-- /assumptions -->\n";

fn explain(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokopt"));
    command.env("COLUMNS", "80").env("NO_COLOR", "1").arg("explain").args(arguments);
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn page_of(technique: TechniqueId) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/techniques");
    folder.join(format!("{}.md", technique.name()))
}

/// The registry as the page's table.
fn table(technique: TechniqueId) -> String {
    let mut table = "\n| name | low | typical | high | unit | what it is | source |\n\
        |---|---|---|---|---|---|---|\n"
        .to_owned();
    for parameter in parameters::of(technique) {
        let values = parameter.spread.map_or_else(
            || "by model | by model | by model".to_owned(),
            |spread| format!("{} | {} | {}", spread.low, spread.typical, spread.high),
        );
        let unit = parameter.unit.expects();
        let (name, meaning, source) = (parameter.name, parameter.meaning, parameter.source);
        writeln!(table, "| `{name}` | {values} | {unit} | {meaning} | {source} |")
            .expect("writing to a string");
    }
    table.push('\n');
    table
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's own setting, not tokopt's")]
fn the_pages_list_the_assumptions_of_the_registry() {
    for technique in TechniqueId::ALL {
        let path = page_of(technique);
        let page = std::fs::read_to_string(&path).expect("every technique has a page");
        let (before, rest) = page.split_once(OPENS).expect("the table's place is marked");
        let (documented, after) = rest.split_once(CLOSES).expect("the table's end is marked");
        let made = table(technique);
        if std::env::var_os("TOKOPT_REFRESH").is_some() {
            let page = [before, OPENS, &made, CLOSES, after].concat();
            std::fs::write(&path, page).expect("docs/ is writable");
            continue;
        }
        assert!(
            documented == made,
            "{} is stale; refresh it with\n  TOKOPT_REFRESH=1 cargo test --test it explain",
            path.display()
        );
    }
}

#[test]
fn every_page_has_the_same_headings() {
    let headings = [
        "What is read from the log",
        "Who is eligible",
        "How the saving is computed",
        "Evidence",
        "What it costs",
        "Assumptions",
        "When it fails",
        "What to check afterwards",
        "Overlaps with",
        "Published claims",
    ];
    // Where no answer can change, there is nothing to evaluate.
    let without_evaluation = [TechniqueId::PromptCaching, TechniqueId::BatchApi];
    for technique in TechniqueId::ALL {
        let page = std::fs::read_to_string(page_of(technique)).expect("a page");
        let found: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let mut expected = headings.to_vec();
        if !without_evaluation.contains(&technique) {
            expected.insert(7, "Evaluation");
        }
        assert_eq!(found, expected, "{}", technique.name());
        assert!(page.starts_with(&format!("# {}\n", technique.name())));
    }
}

#[test]
fn a_topic_is_printed_and_none_lists_them_all() {
    let (code, list, errors) = explain(&[]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    for technique in TechniqueId::ALL {
        assert!(
            list.contains(&format!("\n{} ", technique.name()))
                || list.starts_with(technique.name())
        );
        let (code, page, errors) = explain(&[technique.name()]);
        assert_eq!((code, errors.as_str()), (Some(0), ""));
        let name = technique.name();
        assert!(page.starts_with(&format!("{name}\n{}\n", "=".repeat(name.len()))), "{name}");
        for parameter in parameters::of(technique) {
            assert!(page.contains(&format!("\n`{}`\n", parameter.name)), "{name}");
        }
    }
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
}

#[test]
fn a_reason_code_is_one_entry() {
    let (code, entry, errors) = explain(&["held_out_loss"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    insta::assert_snapshot!(entry, @r"
    HELD_OUT_LOSS
    -------------

    The cache policies that were best on the first part of each stream's time cost
    more than the current ones on the whole.

    - Settled by: a longer log with steadier traffic.
    - What to do: keep the current policy.
    ");
}

#[test]
fn an_unknown_topic_is_refused_with_a_guess() {
    let (code, out, errors) = explain(&["promt-caching"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(errors.contains("there is no topic `promt-caching`"), "{errors}");
    assert!(errors.contains("did you mean `prompt-caching`?"), "{errors}");
    let (code, _, errors) = explain(&["weather"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("`tokopt explain` lists every topic"), "{errors}");
}

/// The codes that warnings are made with, in all sources.
fn codes_of_warnings() -> BTreeSet<String> {
    let makers = ["warn(", "say(", "warning(", "code:"];
    let is_code = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    let mut codes = BTreeSet::new();
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                pending.push(entry.path());
                continue;
            }
            if entry.file_name() == "tests.rs" {
                continue;
            }
            let source = std::fs::read_to_string(entry.path()).expect("sources are UTF-8");
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            let pieces: Vec<&str> = source.split('"').collect();
            let literals = pieces.windows(2).filter(|pair| {
                makers.iter().any(|maker| pair[0].trim_end().ends_with(maker)) && is_code(pair[1])
            });
            codes.extend(literals.map(|pair| pair[1].to_owned()));
        }
    }
    codes
}

/// The upper-case codes in string literals of the sources that fill reports.
fn codes_in_sources() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    let mut pending: Vec<PathBuf> = ["ingest", "ledger", "techniques", "ladder", "report"]
        .map(|module| Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module))
        .to_vec();
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                pending.push(entry.path());
                continue;
            }
            if entry.file_name() == "tests.rs" {
                continue;
            }
            let source = std::fs::read_to_string(entry.path()).expect("sources are UTF-8");
            let is_code = |word: &&str| {
                word.contains('_')
                    && word.starts_with(|first: char| first.is_ascii_uppercase())
                    && word.bytes().all(|byte| {
                        byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
                    })
            };
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            codes.extend(source.split('"').filter(is_code).map(str::to_owned));
        }
    }
    codes.extend(codes_of_warnings());
    // Cargo's own, and words of the logs themselves.
    for word in ["CARGO_PKG_VERSION", "ON_DEMAND_FLEX", "STATUS_CODE_ERROR"] {
        codes.remove(word);
    }
    codes
}

#[test]
fn every_code_of_a_report_has_an_entry() {
    let codes = codes_in_sources();
    for code in ["NO_TIMES", "OTHER_LENGTH", "TRAFFIC_MIX", "GAPS", "OTHER_CALLS"] {
        assert!(codes.contains(code), "{code} of {codes:?}");
    }
    let (_, list, _) = explain(&[]);
    let names: BTreeSet<&str> = list.lines().filter_map(|line| line.split(' ').next()).collect();
    let missing: Vec<&String> =
        codes.iter().filter(|code| !names.contains(code.as_str())).collect();
    assert!(missing.is_empty(), "not in docs/techniques/reason-codes.md: {missing:?}");
}
