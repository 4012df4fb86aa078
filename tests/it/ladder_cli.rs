//! The savings ladder from outside: its flags and settings, and rows that add
//! up in what the program prints.

use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::Value;

const QUICKSTART: &str = "fixtures/quickstart/usage.jsonl";

fn tokopt(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokopt"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).env("TOKOPT_CONFIG", "");
    command
}

fn json(arguments: &[&str]) -> Value {
    let arguments = [&["analyze", "--format", "json"], arguments].concat();
    let output = tokopt(&arguments).output().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{arguments:?}: {errors}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn refused(arguments: &[&str]) -> String {
    let output = tokopt(&[&["analyze"], arguments].concat()).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).expect("errors are UTF-8")
}

/// Nano-dollars of an amount of the document.
fn nano(amount: &Value) -> i128 {
    let text = amount.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let number = format!("{whole}{decimals:0<9}");
    sign * number.parse::<i128>().unwrap_or_else(|_| panic!("an amount: {text}"))
}

fn sum(rows: &Value, field: &str) -> i128 {
    rows.as_array().expect("rows").iter().map(|row| nano(&row[field])).sum()
}

fn steps<'d>(document: &'d Value, status: &str) -> Vec<&'d Value> {
    let steps = document["ladder"]["steps"].as_array().expect("steps");
    steps.iter().filter(|step| step["status"] == status).collect()
}

fn step<'d>(document: &'d Value, technique: &str) -> &'d Value {
    let steps = document["ladder"]["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["technique"] == technique).expect("every technique has a step")
}

/// A folder of this test's own with a file in it.
fn file(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, text).expect("the folder is writable");
    let path = path.to_str().expect("a path in UTF-8").to_owned();
    (folder, path)
}

#[test]
fn the_rows_add_up_digit_for_digit() {
    let document = json(&[QUICKSTART]);
    let ladder = &document["ladder"];
    let (baseline, last) = (nano(&ladder["baseline_usd"]), nano(&ladder["final_usd"]));
    let subsets = ladder["subset_cost_usd"].as_array().expect("costs");
    assert_eq!((subsets.len(), nano(&subsets[0]), nano(&subsets[255])), (256, baseline, last));
    // The call without a price is the only one that is not simulated.
    assert_eq!(baseline, nano(&document["totals"]["cost_usd"]));
    assert_eq!(
        (&ladder["not_simulated_usd"], &ladder["not_simulated_calls"]),
        (&Value::Null, &1.into())
    );
    assert_eq!(ladder["steps"].as_array().map(Vec::len), Some(8));

    let applied = Value::Array(steps(&document, "applied").into_iter().cloned().collect());
    assert!(baseline > last, "something saves on this log");
    assert_eq!(sum(&applied, "marginal_saving_usd"), baseline - last);
    assert_eq!(sum(&applied, "shapley_saving_usd"), baseline - last);
    let alone = sum(&applied, "standalone_saving_usd");
    assert_eq!(nano(&ladder["overlap_usd"]), alone - (baseline - last));
    let grades = ["measured_usd", "inferred_usd", "assumed_usd"];
    let by_evidence: i128 = grades.iter().map(|grade| nano(&ladder["by_evidence"][grade])).sum();
    assert_eq!(by_evidence, baseline - last);
    for step in steps(&document, "applied") {
        assert_eq!(sum(&step["levers"], "saving_usd"), nano(&step["marginal_saving_usd"]));
        assert!(step["why"].is_string() && step["reason"].is_null());
    }
    for step in steps(&document, "unknown") {
        assert!(step["standalone_saving_usd"].is_null() && step["eligible_calls"].is_null());
        assert!(step["reason"]["settled_by"].is_string());
    }
    let groups = &ladder["groups"];
    assert_eq!((sum(groups, "baseline_usd"), sum(groups, "final_usd")), (baseline, last));
}

#[test]
fn a_month_is_thirty_days_of_the_log() {
    // From 2026-06-01T09:10:00Z to 2026-06-03T23:05:00Z.
    const SECONDS: i128 = 2 * 86_400 + 13 * 3_600 + 55 * 60;
    let document = json(&[QUICKSTART]);
    let month = |amount: i128| {
        let (scaled, half) = (amount * 30 * 86_400, SECONDS / 2);
        (scaled + half) / SECONDS
    };
    let (ladder, monthly) = (&document["ladder"], &document["monthly"]);
    for (bill, total) in [("baseline_usd", "baseline_usd"), ("typical_usd", "final_usd")] {
        assert_eq!(nano(&monthly[bill]), month(nano(&ladder[total])), "{bill}");
    }
    let bills = ["high_usd", "typical_usd", "floor_usd", "baseline_usd"];
    assert!(bills.map(|bill| nano(&monthly[bill])).is_sorted());
    let plan = document["plan"].as_array().expect("a plan");
    let applied = steps(&document, "applied");
    assert_eq!(plan.len(), applied.len());
    for (work, step) in plan.iter().zip(applied) {
        assert_eq!(work["technique"], step["technique"]);
        assert_eq!(nano(&work["net_monthly_usd"]), month(nano(&step["marginal_saving_usd"])));
    }
    // Calls on three days say nothing of weeks.
    let note = monthly["note"].as_str().unwrap_or_default();
    assert!(note.starts_with("no seasonality evidence"), "{note}");
}

#[test]
fn no_order_changes_a_total() {
    let greedy = json(&[QUICKSTART]);
    let names = |document: &Value| -> Vec<String> {
        let applied = steps(document, "applied");
        applied.iter().map(|step| step["technique"].to_string()).collect()
    };
    for order in ["playbook", "effort", "savings"] {
        let document = json(&["--order", order, QUICKSTART]);
        assert_eq!(document["ladder"]["order"], order);
        for total in ["final_usd", "overlap_usd", "subset_cost_usd"] {
            assert_eq!(document["ladder"][total], greedy["ladder"][total], "{order} {total}");
        }
        let sorted = |document| {
            let mut names = names(document);
            names.sort();
            names
        };
        assert_eq!(sorted(&document), sorted(&greedy));
    }
    assert_eq!(names(&json(&["--order", "playbook", QUICKSTART]))[0], "\"prompt-caching\"");
}

#[test]
fn a_number_is_set_by_flag_or_file_and_a_flag_goes_first() {
    let value = |document: &Value| {
        let assumptions = step(document, "model-routing")["assumptions"].clone();
        let found = assumptions.as_array().expect("assumptions").iter();
        found.clone().find(|found| found["name"] == "share").expect("a share").clone()
    };
    let share = |document: &Value| value(document)["value"].to_string();
    assert_eq!(share(&json(&[QUICKSTART])), "0.5");
    let (_folder, settings) = file("tokopt.toml", "[assumptions.model-routing]\nshare = 0.3\n");
    let from_file = json(&["--config", &settings, QUICKSTART]);
    assert_eq!(
        (share(&from_file).as_str(), &value(&from_file)["source"]),
        ("0.3", &"set by the user".into())
    );
    let set = ["--config", &settings, "--set", "model-routing.share=0.2", QUICKSTART];
    assert_eq!(share(&json(&set)), "0.2");

    let errors = refused(&["--set", "model-routing.shares=0.2", QUICKSTART]);
    assert!(errors.contains("--set: model-routing has no parameter `shares`"), "{errors}");
    assert!(errors.contains("did you mean `share`?"), "{errors}");
    let (_folder, slip) = file("tokopt.toml", "[assumptions.batch-api]\n\nhit_shar = 0.3\n");
    let errors = refused(&["--config", &slip, QUICKSTART]);
    assert!(errors.contains("tokopt.toml:3: batch-api has no parameter `hit_shar`"), "{errors}");
    assert!(errors.contains("did you mean `hit_share`?"), "{errors}");
}

#[test]
fn what_no_log_shows_of_a_feature_can_be_said() {
    // A cheaper model must not answer support-chat, and nobody waits for it.
    let text = "[features.tags.support-chat]\nasynchronous = true\npinned = true\n";
    let (_folder, settings) = file("tokopt.toml", text);
    let document = json(&["--config", &settings, QUICKSTART]);
    let groups = document["ladder"]["groups"].as_array().expect("groups");
    let group = groups.iter().find(|group| group["feature"] == "support-chat").expect("a group");
    let applied = group["applied"].as_array().expect("techniques");
    assert!(!applied.contains(&"model-routing".into()), "{group}");
    let skipped = group["skipped"].as_array().expect("techniques");
    let batch = skipped.iter().find(|skip| skip["technique"] == "batch-api");
    assert!(batch.is_none_or(|skip| skip["code"] != "NOT_ASYNC"), "{group}");

    let (_folder, slip) = file("tokopt.toml", "[features.tags.support-chat]\npined = true\n");
    let errors = refused(&["--config", &slip, QUICKSTART]);
    assert!(errors.contains("tokopt.toml:2") && errors.contains("`pinned`"), "{errors}");
}

#[test]
fn a_tag_of_a_feature_that_no_call_is_for_is_a_warning() {
    let text = "[features.tags.suport-chat]\npinned = true\n";
    let (_folder, path) = file("tokopt.toml", text);
    let messages = |arguments: &[&str]| -> Vec<String> {
        let document = json(arguments);
        let warnings = document["warnings"].as_array().expect("warnings").iter();
        let of_tags = warnings.filter(|warning| warning["code"] == "TAG_UNMATCHED");
        of_tags.map(|warning| warning["message"].to_string()).collect()
    };
    let said = messages(&["--config", &path, QUICKSTART]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("did you mean `support-chat`?"), "{said:?}");
    // A filter may have left the feature out: then nothing is strange about it.
    let filter = ["--config", &path, "--where", "feature=nightly*", QUICKSTART];
    assert_eq!(messages(&filter), Vec::<String>::new());
}

#[test]
fn an_hour_costs_what_is_said() {
    let document = json(&["--hourly-rate", "50", QUICKSTART]);
    let (_folder, settings) = file("tokopt.toml", "[plan]\nhourly_rate_usd = 50\n");
    assert_eq!(json(&["--config", &settings, QUICKSTART])["plan"], document["plan"]);
    assert_eq!(nano(&document["ladder"]["hourly_rate_usd"]), 50_000_000_000);
    for work in document["plan"].as_array().expect("a plan") {
        assert_eq!(nano(&work["effort_usd"]), 50 * nano(&work["effort_hours"]));
        // Cents a month on a log of two dollars.
        assert_eq!(work["worth_doing"], false);
        assert!(work["verdict"].as_str().is_some_and(|text| text.starts_with("Not worth doing")));
    }
    assert!(refused(&["--hourly-rate", "free", QUICKSTART]).contains("--hourly-rate: `free`"));
}

#[test]
fn scores_are_checked_row_by_row() {
    let text =
        "feature,model,score\nsupport-chat,claude-sonnet-5,0.9\nsupport-chat,claude-sonnet-5,9\n";
    let (_folder, scores) = file("scores.csv", text);
    let document = json(&["--quality", &scores, QUICKSTART]);
    let warnings = document["warnings"].as_array().expect("warnings");
    let rejected = warnings.iter().find(|warning| warning["code"] == "QUALITY_REJECTED");
    let message = rejected.map(|warning| warning["message"].to_string()).unwrap_or_default();
    assert!(
        message.contains("1 row") && message.contains("scores.csv:3: `9` is no score"),
        "{message}"
    );

    let (_folder, other) = file("scores.csv", "call_id,model,score\nnobody,claude-sonnet-5,1\n");
    let document = json(&["--quality", &other, QUICKSTART]);
    let codes = document["warnings"].to_string();
    assert!(codes.contains("QUALITY_UNMATCHED"), "{codes}");
    let (_folder, empty) = file("scores.csv", "id,score\na,1\n");
    assert!(
        refused(&["--quality", &empty, QUICKSTART]).contains("line 1: the columns are id, score")
    );
}

#[test]
fn a_model_in_its_own_place_changes_nothing() {
    let question = "claude-sonnet-4-5=claude-sonnet-4-5";
    let document = json(&["--no-ladder", "--what-if", question, QUICKSTART]);
    assert!(
        document["ladder"].is_null() && document["plan"].is_null() && document["monthly"].is_null()
    );
    let answer = &document["what_if"][0];
    // The eighteen calls of support-chat and their bill, as the quickstart has
    // them: 1.4778 dollars.
    assert_eq!((&answer["calls"], &answer["evidence"]), (&18.into(), &"measured".into()));
    assert_eq!((nano(&answer["cost_usd"]), nano(&answer["difference_usd"])), (1_477_800_000, 0));
}

#[test]
fn another_model_has_its_own_prices() {
    let questions = ["--what-if", "claude-haiku-4-5=claude-sonnet-4-5", "--what-if", "gpt-4=gpt-5"];
    let document = json(&[&["--no-ladder"], &questions[..], &[QUICKSTART]].concat());
    // Six batch calls of 90,000 uncached and 2,400 generated; both models have
    // one tokenizer and no such prompt is cached: 6 x (90,000 x 1.5 + 2,400 x
    // 7.5) millionths.
    let answer = &document["what_if"][0];
    assert_eq!(nano(&answer["cost_usd"]), 306_000_000);
    assert_eq!(nano(&answer["new_cost_usd"]), 918_000_000);
    assert_eq!(nano(&answer["difference_usd"]), 612_000_000);
    let nobody = &document["what_if"][1];
    assert_eq!(
        (&nobody["calls"], &nobody["warnings"][0]["code"]),
        (&0.into(), &"NO_SUCH_CALLS".into())
    );
    let errors = refused(&["--what-if", "gpt-4=gpt-5-mimi", QUICKSTART]);
    assert!(errors.contains("`gpt-5-mimi`") && errors.contains("gpt-5-mini"), "{errors}");
}

#[test]
fn a_workspace_is_a_pseudonym() {
    let line = r#"{"id":"a","timestamp":"2026-06-01T00:00:00Z","provider":"anthropic","model":"claude-sonnet-4-5","workspace":"acme-secret-lab","input_tokens":1000,"output_tokens":10}"#;
    let (_folder, log) = file("log.jsonl", &format!("{line}\n"));
    let document = json(&[&log]);
    let workspace = document["ladder"]["groups"][0]["workspace"].as_str().unwrap_or_default();
    assert!(workspace.starts_with("account-"), "{workspace}");
    assert!(!document.to_string().contains("acme-secret-lab"));
}

#[test]
fn calls_without_a_time_are_tried_on_nothing_and_have_no_month() {
    let line = r#"{"id":"a","provider":"anthropic","model":"claude-sonnet-4-5","input_tokens":1000,"output_tokens":10}"#;
    let (_folder, log) = file("log.jsonl", &format!("{line}\n"));
    let document = json(&["--what-if", "claude-sonnet-4-5=claude-opus-4-5", &log]);
    assert_eq!(steps(&document, "unknown").len(), 8);
    assert!(document["monthly"].is_null());
    // 1,000 x 3 + 10 x 15 millionths are not simulated.
    assert_eq!(nano(&document["ladder"]["not_simulated_usd"]), 3_150_000);
    assert!(document["warnings"].to_string().contains("NO_SIMULATED_CALLS"));
    // 1,000 x 3 + 10 x 15 millionths now; 1,000 x 5 + 10 x 25 on the other.
    let answer = &document["what_if"][0];
    assert_eq!((nano(&answer["cost_usd"]), nano(&answer["new_cost_usd"])), (3_150_000, 5_250_000));
}
