//! `tokopt convert`: the table says what the log says, and is there whole or
//! not at all.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

/// Logs of counts: everything that results depend on is in the table.
const COUNTS: [&str; 16] = [
    "fixtures/ingest/anthropic-console-cost",
    "fixtures/ingest/anthropic-console-usage",
    "fixtures/ingest/anthropic-cost-report",
    "fixtures/ingest/anthropic-usage",
    "fixtures/ingest/azure-trace",
    "fixtures/ingest/burstgpt",
    "fixtures/ingest/canonical",
    "fixtures/ingest/codex-exec",
    "fixtures/ingest/event-stream",
    "fixtures/ingest/litellm-spend",
    "fixtures/ingest/openai-costs/kept/page.json",
    "fixtures/ingest/openai-dashboard-csv",
    "fixtures/ingest/openai-usage",
    "fixtures/ingest/stored-completions",
    "fixtures/ingest/tokopt-table",
    "fixtures/quickstart",
];

/// Calls, buckets, charges, and clocks without dates.
const MIXED: [&str; 5] = [
    "fixtures/ingest/canonical",
    "fixtures/ingest/azure-trace",
    "fixtures/ingest/openai-usage/kept",
    "fixtures/ingest/tokopt-table/kept",
    "fixtures/quickstart",
];

/// Logs with texts: what is measured in them is in the table, the prompts'
/// structure is not.
const TEXTS: [&str; 4] = [
    "fixtures/ingest/claude-code",
    "fixtures/ingest/exchange",
    "fixtures/ingest/litellm-payload",
    "fixtures/ingest/openinference-spans",
];

/// What a table can be written as.
const ENDINGS: &[&str] =
    if cfg!(feature = "parquet") { &["csv", "jsonl", "parquet"] } else { &["csv", "jsonl"] };

/// The program in the repository's root, in surroundings that say nothing.
fn tokopt(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokopt"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "CI", "TERM"] {
        command.env_remove(name);
    }
    command.env("TOKOPT_CONFIG", "");
    command
}

/// What a log comes to.
fn document(paths: &[&str]) -> Value {
    let arguments = [&["analyze", "--format", "json"], paths].concat();
    let output = tokopt(&arguments).output().expect("it starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{paths:?}: {error}"))
}

/// What a log comes to, without the account of its files.
fn analysis(paths: &[&str]) -> String {
    let mut document = document(paths);
    document.as_object_mut().expect("an object").remove("input");
    serde_json::to_string_pretty(&document).expect("JSON")
}

fn convert(arguments: &[&str]) {
    let output = tokopt(&[&["convert"], arguments].concat()).output().expect("it starts");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {err}");
    assert!(output.stdout.is_empty());
}

fn in_folder(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_table_of_counts_gives_the_same_analysis() {
    let folder = tempfile::tempdir().expect("a folder");
    for log in COUNTS {
        let original = analysis(&[log]);
        let mut analyses = Vec::new();
        for ending in ENDINGS {
            let one = in_folder(folder.path(), &format!("one.{ending}"));
            let two = in_folder(folder.path(), &format!("two.{ending}"));
            convert(&[log, "-o", &one]);
            convert(&[&one, "-o", &two]);
            assert!(analysis(&[&one]) == original, "{log} as {ending}");
            let bytes = |path: &str| std::fs::read(path).expect("readable");
            assert!(bytes(&one) == bytes(&two), "{log} as {ending}, converted twice");
            analyses.push(two);
        }
        // A table is recognised in any dress, and once: the copies are
        // duplicates where calls have ids.
        convert(&[&analyses[0], "-o", &in_folder(folder.path(), "three.jsonl")]);
        assert!(analysis(&[&in_folder(folder.path(), "three.jsonl")]) == original, "{log}");
    }
}

#[test]
fn several_logs_of_all_kinds_share_a_table() {
    let folder = tempfile::tempdir().expect("a folder");
    // Calls, buckets, a clock without dates, remarks: with an epoch all have a
    // date, and the table carries it.
    for options in [&[][..], &["--epoch", "2026-06-01"]] {
        let original = analysis(&[&MIXED[..], options].concat());
        for ending in ENDINGS {
            let table = in_folder(folder.path(), &format!("all.{ending}"));
            convert(&[&MIXED[..], options, &["-o", &table]].concat());
            assert!(analysis(&[&table]) == original, "{ending} {options:?}");
        }
    }
}

#[test]
fn attribution_outlives_the_texts() {
    let folder = tempfile::tempdir().expect("a folder");
    for log in TEXTS {
        let original = document(&[log]);
        for ending in ENDINGS {
            let one = in_folder(folder.path(), &format!("one.{ending}"));
            let two = in_folder(folder.path(), &format!("two.{ending}"));
            convert(&[log, "-o", &one]);
            convert(&[&one, "-o", &two]);
            let converted = document(&[&one]);
            for block in ["window", "totals", "prices", "users"] {
                assert_eq!(converted[block], original[block], "{block} of {log}");
            }
            let figures = |document: &Value| -> Vec<Value> {
                let tables = document["attribution"].as_object().expect("tables");
                let without_evidence = |row: &Value| {
                    let mut row = row.clone();
                    row.as_object_mut().expect("a row").remove("evidence");
                    row
                };
                let rows = tables.values().filter_map(Value::as_array).flatten();
                rows.map(without_evidence).collect()
            };
            assert_eq!(figures(&converted), figures(&original), "{log}");
            let bytes = |path: &str| std::fs::read(path).expect("readable");
            assert!(bytes(&one) == bytes(&two), "{log} as {ending}, converted twice");
            let text = String::from_utf8_lossy(&bytes(&one)).into_owned();
            assert!(!text.contains("You are"), "{log}: a prompt in the table");
        }
    }
}

#[test]
fn people_are_pseudonyms_unless_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = in_folder(folder.path(), "log.jsonl");
    let line = r#"{"model":"gpt-5","input_tokens":10,"output_tokens":1,"user":"ann@example.org","team":"blue-team","metadata":{"owner":"ann@example.org","mail":"bob@example.org","env":"prod"}}"#;
    std::fs::write(&log, line).expect("writable");
    let table = in_folder(folder.path(), "table.csv");
    let text = |arguments: &[&str]| {
        convert(&[&[log.as_str(), "-o", &table], arguments].concat());
        std::fs::read_to_string(&table).expect("readable")
    };
    let hidden = text(&[]);
    for name in ["ann@", "bob@", "blue-team"] {
        assert!(!hidden.contains(name), "{name} in {hidden}");
    }
    assert!(hidden.contains("user-") && hidden.contains("account-") && hidden.contains("prod"));
    assert!(analysis(&[&table]) == analysis(&[&log]));
    let shown = text(&["--show-users"]);
    assert!(shown.contains("ann@example.org") && shown.contains("blue-team"));
    let key = in_folder(folder.path(), "key");
    std::fs::write(&key, "a key of our own, long enough").expect("writable");
    let keyed = text(&["--key-file", &key]);
    assert!(keyed.contains("user-") && keyed != hidden);
}

#[test]
fn a_call_told_twice_by_two_tables_is_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = in_folder(folder.path(), "table.jsonl");
    convert(&["fixtures/quickstart", "-o", &table]);
    let both = document(&["fixtures/quickstart", &table]);
    assert_eq!(both["totals"], document(&["fixtures/quickstart"])["totals"]);
}

#[test]
fn what_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |arguments: &[&str], reason: &str| {
        let output = tokopt(&[&["convert"], arguments].concat()).output().expect("it starts");
        let err = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {err}");
        assert!(err.contains(reason), "{arguments:?}: {err}");
    };
    let log = in_folder(folder.path(), "log.csv");
    std::fs::copy("fixtures/ingest/canonical/kept/columns.csv", &log).expect("copied");
    let missing = in_folder(folder.path(), "none/table.csv");
    refused(&[&log, "-o", &missing], "there is no such file or folder");
    refused(&[&log, "-o", &log], "would replace the file");
    refused(
        &[&log, "-o", folder.path().to_str().expect("UTF-8"), "--format", "csv"],
        "it is a folder",
    );
    refused(&[&log, "-o", "table.xlsx"], "does not end in .csv, .jsonl or .parquet");
    refused(&[&log, "--format", "parquet", "-o", "-"], "Parquet");
    refused(&["no such log", "-o", &in_folder(folder.path(), "x.csv")], "no file at");
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_leaves_the_old_file() {
    let output = tokopt(&["convert", "fixtures/quickstart", "--format", "csv", "-o", "/dev/full"])
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let folder = tempfile::tempdir().expect("a folder");
    let table = in_folder(folder.path(), "table.csv");
    std::fs::write(&table, "what was there").expect("writable");
    // A limit of the size of files: the draft cannot be written whole.
    let limited = format!(
        "ulimit -f 1; exec {} convert fixtures/ingest -o {table}",
        env!("CARGO_BIN_EXE_tokopt")
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &format!("trap '' XFSZ; {limited}")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("TOKOPT_CONFIG", "")
        .output()
        .expect("bash starts");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_to_string(&table).expect("readable"), "what was there");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

/// A FOCUS table as a map per row.
fn focus_rows(path: &str) -> Vec<serde_json::Map<String, Value>> {
    let text = std::fs::read_to_string(path).expect("readable");
    let row = |line: &str| serde_json::from_str(line).expect("an object");
    text.lines().map(row).collect()
}

#[test]
fn list_costs_add_up_to_the_priced_total() {
    use tokopt::units::Usd;
    let folder = tempfile::tempdir().expect("a folder");
    let table = in_folder(folder.path(), "focus.jsonl");
    for log in COUNTS.into_iter().chain(TEXTS) {
        // Everything gets a date, so that nothing is left out but what has none.
        let dated = ["--epoch", "2026-06-01", log];
        convert(&[&dated[..], &["--schema", "focus", "--quiet", "-o", &table]].concat());
        let rows = focus_rows(&table);
        let amount = |row: &serde_json::Map<String, Value>, name: &str| {
            row.get(name).map(|value| Usd::from_decimal(&value.to_string()).expect("an amount"))
        };
        let undated = document(&dated)["prices"]["undated_calls"].as_u64().unwrap_or(0);
        let sum: Usd = rows.iter().filter_map(|row| amount(row, "ListCost")).sum();
        let total = document(&dated)["totals"]["cost_usd"].clone();
        if undated == 0 {
            // Nothing priced is a total of null and not a row with a cost.
            let total = if total.is_null() { "0".to_owned() } else { total.to_string() };
            assert_eq!(total, sum.to_nano().to_string(), "{log}");
        }
        for row in &rows {
            let cost = amount(row, "ListCost");
            assert_eq!(cost.is_some(), row["x_PriceStatus"] == "priced", "{row:?}");
            assert_eq!(amount(row, "BilledCost"), Some(Usd::ZERO));
            // Price x quantity, to the last femto-dollar: quantities are in
            // millions of tokens, so both have 15 decimals.
            if let (Some(cost), Some(price)) = (cost, amount(row, "ListUnitPrice")) {
                let quantity = amount(row, "PricingQuantity").expect("a quantity");
                let product = price.femto() * (quantity.femto() / 1_000_000_000) / 1_000_000;
                assert_eq!(cost.femto(), product, "{row:?}");
            }
        }
    }
}

#[test]
fn focus_rows_are_hours_models_and_kinds_of_tokens() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = in_folder(folder.path(), "focus.jsonl");
    let log = in_folder(folder.path(), "log.jsonl");
    let call = |time: &str| {
        format!(
            r#"{{"ts":"{time}","provider":"anthropic","model":"claude-sonnet-4-5","input_tokens":1000,"cache_read_input_tokens":900,"output_tokens":10,"feature":"faq"}}"#
        )
    };
    // Two calls in one hour, one in the next.
    let times = ["2026-03-31T23:10:00Z", "2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z"];
    std::fs::write(&log, times.map(call).join("\n")).expect("writable");
    convert(&[&log, "--schema", "focus", "-o", &table]);
    let rows = focus_rows(&table);
    let shown: Vec<String> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].to_string().replace('"', "");
            [
                "ChargePeriodStart",
                "SkuId",
                "ConsumedQuantity",
                "PricingQuantity",
                "ListUnitPrice",
                "ListCost",
            ]
            .map(text)
            .join(" ")
        })
        .collect();
    // Sonnet 4.5: 3 dollars a million in, 0.30 read, 15 out.
    assert_eq!(
        shown,
        [
            "2026-03-31T23:00:00Z anthropic:claude-sonnet-4-5:input 200 0.0002 3 0.0006",
            "2026-03-31T23:00:00Z anthropic:claude-sonnet-4-5:cache_read 1800 0.0018 0.3 0.00054",
            "2026-03-31T23:00:00Z anthropic:claude-sonnet-4-5:output 20 0.00002 15 0.0003",
            "2026-04-01T00:00:00Z anthropic:claude-sonnet-4-5:input 100 0.0001 3 0.0003",
            "2026-04-01T00:00:00Z anthropic:claude-sonnet-4-5:cache_read 900 0.0009 0.3 0.00027",
            "2026-04-01T00:00:00Z anthropic:claude-sonnet-4-5:output 10 0.00001 15 0.00015",
        ]
    );
    assert_eq!(rows[0]["BillingPeriodEnd"], "2026-04-01T00:00:00Z");
    assert_eq!(rows[0]["x_FocusVersion"], "1.3");
    for ending in ENDINGS {
        convert(&[
            &log,
            "--schema",
            "focus",
            "-o",
            &in_folder(folder.path(), &format!("f.{ending}")),
        ]);
    }
}

#[test]
fn standard_output_takes_a_table() {
    let output = tokopt(&["convert", "fixtures/quickstart", "--format", "jsonl", "-o", "-"])
        .output()
        .expect("it starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    // 37 calls; the broken line is told on standard error.
    assert_eq!(text.lines().count(), 37);
    let err = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(err.contains("1 of 39 records rejected"), "{err}");
}

/// The table of columns in the documentation is made from the columns.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test's own setting, not tokopt's")]
fn the_documented_columns_are_up_to_date() {
    use std::fmt::Write as _;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/convert.md");
    let page = std::fs::read_to_string(&path).expect("docs/convert.md");
    let mut made = page.clone();
    for (name, columns) in
        [("calls", tokopt::table::calls::COLUMNS), ("focus", tokopt::convert::focus::COLUMNS)]
    {
        let (start, end) = (format!("<!-- columns: {name} -->\n"), "<!-- end -->");
        let mut table = "| column | holds | meaning |\n|---|---|---|\n".to_owned();
        for column in columns {
            writeln!(table, "| `{}` | {} | {} |", column.name, column.kind.name(), column.meaning)
                .expect("writing to a string");
        }
        let from = made.find(&start).expect("a place for the table") + start.len();
        let to = from + made[from..].find(end).expect("the end of the table");
        made.replace_range(from..to, &table);
    }
    if std::env::var_os("TOKOPT_REFRESH").is_some() {
        std::fs::write(&path, &made).expect("docs/ is writable");
    } else {
        assert!(page == made, "docs/convert.md is stale; refresh it with TOKOPT_REFRESH=1");
    }
}

#[cfg(feature = "parquet")]
mod parquet {
    use super::{convert, document, in_folder, tokopt};

    #[test]
    fn a_file_cut_anywhere_is_an_error_and_no_panic() {
        let folder = tempfile::tempdir().expect("a folder");
        let whole = in_folder(folder.path(), "whole.parquet");
        convert(&["fixtures/quickstart", "-o", &whole]);
        let bytes = std::fs::read(&whole).expect("readable");
        let broken = in_folder(folder.path(), "broken.parquet");
        let failed = |bytes: &[u8], what: &str| {
            std::fs::write(&broken, bytes).expect("writable");
            let output = tokopt(&["analyze", &broken, "--strict", "--format", "json"])
                .output()
                .expect("it starts");
            let err = String::from_utf8(output.stderr).expect("UTF-8");
            assert_eq!(output.status.code(), Some(2), "{what}: {err}");
            assert!(!err.contains("defect"), "{what}: {err}");
            err
        };
        for length in [4, 5, 100, bytes.len() / 2, bytes.len() - 9, bytes.len() - 1] {
            let err = failed(&bytes[..length], &format!("cut at {length}"));
            assert!(err.contains("no whole Parquet file"), "{err}");
        }
        // Columns overwritten, the index whole.
        let mut garbled = bytes.clone();
        let end = garbled.len() / 3;
        garbled[4..end].fill(0xa5);
        failed(&garbled, "garbled");
    }

    #[test]
    fn any_flat_parquet_is_read_like_the_csv_of_its_columns() {
        // The trace as Parquet: written by our own writer, under the trace's
        // own columns.
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trace.parquet");
        let table = super::Trace;
        let mut file = std::fs::File::create(&path).expect("a file");
        tokopt::table::parquet::write(&table, &mut file).expect("written");
        let document = document(&[path.to_str().expect("UTF-8")]);
        assert_eq!(document["input"]["files"][0]["format"], "azure-trace");
        // 2 rows of 500 and 20 tokens, the last without an answer.
        assert_eq!(document["totals"]["calls"], 2);
        assert_eq!(document["totals"]["input_tokens"], 1_000);
        assert_eq!(document["totals"]["output_tokens"], 20);
    }

    #[test]
    fn parquet_on_standard_input_is_refused_with_what_to_do() {
        let output = tokopt(&["analyze", "-"]).write_stdin(&b"PAR1...."[..]).output();
        let err = String::from_utf8(output.expect("it starts").stderr).expect("UTF-8");
        assert!(err.contains("give it by its name"), "{err}");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_names_the_feature() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = in_folder(folder.path(), "calls.parquet");
    std::fs::write(&path, "PAR1").expect("writable");
    for arguments in
        [["analyze", &path].as_slice(), &["convert", "fixtures/quickstart", "-o", &path]]
    {
        let output = tokopt(arguments).output().expect("it starts");
        let err = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2));
        assert!(err.contains("feature `parquet`"), "{err}");
    }
}

/// Two requests of a trace.
#[cfg(feature = "parquet")]
struct Trace;

#[cfg(feature = "parquet")]
impl tokopt::table::Table for Trace {
    fn columns(&self) -> &'static [tokopt::table::Column] {
        use tokopt::table::{Column, Kind};
        const COLUMNS: &[Column] = &[
            Column { name: "TIMESTAMP", kind: Kind::Time, meaning: "" },
            Column { name: "ContextTokens", kind: Kind::Count, meaning: "" },
            Column { name: "GeneratedTokens", kind: Kind::Count, meaning: "" },
        ];
        COLUMNS
    }

    fn rows(&self) -> usize {
        2
    }

    fn row(&self, row: usize) -> Vec<tokopt::table::Cell<'_>> {
        use tokopt::table::Cell;
        use tokopt::units::Timestamp;
        let answer = [Some(20), None][row];
        let micros = 1_772_600_767_000_000 + i64::try_from(row).expect("0 or 1");
        vec![Cell::Time(Timestamp::from_micros(micros)), Cell::Count(500), Cell::count(answer)]
    }
}
