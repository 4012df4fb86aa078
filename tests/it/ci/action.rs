//! `action.yml`, step by step.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use super::{Runner, log_of};

#[derive(Deserialize)]
struct Action {
    inputs: BTreeMap<String, Input>,
    outputs: BTreeMap<String, ActionOutput>,
    runs: Runs,
}

#[derive(Deserialize)]
struct Input {
    default: String,
}

#[derive(Deserialize)]
struct ActionOutput {
    value: String,
}

#[derive(Deserialize)]
struct Runs {
    using: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    name: String,
    id: Option<String>,
    #[serde(rename = "if")]
    condition: Option<String>,
    shell: String,
    run: String,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// What a run of the whole action did.
struct Done {
    /// The exit code of the first step that failed, else 0.
    code: i32,
    /// What all steps printed.
    printed: String,
    /// The outputs of the action.
    outputs: BTreeMap<String, String>,
    /// The steps that ran.
    steps: Vec<String>,
}

fn action() -> Action {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/action.yml"));
    serde_saphyr::from_str(&text.expect("the action")).expect("the shape of an action")
}

/// Runs the steps in their order, as a runner does: a step after a failed one
/// does not run.
fn run(runner: &Runner, given: &[(&str, &str)], pull_request: Option<&str>) -> Done {
    let action = action();
    assert_eq!(action.runs.using, "composite");
    let mut known: BTreeMap<String, String> = action
        .inputs
        .iter()
        .map(|(name, input)| (format!("inputs.{name}"), input.default.clone()))
        .collect();
    for (name, value) in given {
        let old = known.insert(format!("inputs.{name}"), (*value).to_owned());
        assert!(old.is_some(), "the action has no input {name}");
    }
    known.insert("github.token".to_owned(), "no-token".to_owned());
    known.insert("github.repository".to_owned(), "acme/shop".to_owned());
    known.insert(
        "github.event.pull_request.number".to_owned(),
        pull_request.unwrap_or_default().to_owned(),
    );
    let mut done =
        Done { code: 0, printed: String::new(), outputs: BTreeMap::new(), steps: Vec::new() };
    for step in &action.runs.steps {
        assert_eq!(step.shell, "bash");
        if done.code != 0 || !holds(step.condition.as_deref(), &known) {
            continue;
        }
        let output = runner.path("output");
        let summary = runner.path("summary.md");
        fs::write(&output, "").expect("a file");
        let mut environment: BTreeMap<String, String> =
            step.env.iter().map(|(name, value)| (name.clone(), filled(value, &known))).collect();
        environment.extend([
            ("GITHUB_ACTION_PATH".to_owned(), env!("CARGO_MANIFEST_DIR").to_owned()),
            ("GITHUB_ACTIONS".to_owned(), "true".to_owned()),
            ("CI".to_owned(), "true".to_owned()),
            ("GITHUB_OUTPUT".to_owned(), output.display().to_string()),
            ("GITHUB_STEP_SUMMARY".to_owned(), summary.display().to_string()),
        ]);
        let ran = runner.run(&filled(&step.run, &known), &environment);
        done.code = ran.status.code().unwrap_or(-1);
        done.steps.push(step.name.clone());
        done.printed.push_str(&String::from_utf8_lossy(&ran.stdout));
        done.printed.push_str(&String::from_utf8_lossy(&ran.stderr));
        for line in fs::read_to_string(&output).expect("outputs").lines() {
            let (name, value) = line.split_once('=').expect("NAME=VALUE");
            let id = step.id.as_deref().expect("a step with outputs has an id");
            known.insert(format!("steps.{id}.outputs.{name}"), value.to_owned());
        }
    }
    done.outputs = action
        .outputs
        .iter()
        .map(|(name, output)| (name.clone(), filled(&output.value, &known)))
        .collect();
    done
}

/// Replaces every `${{ name }}` by its value.
fn filled(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut parts = text.split("${{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").expect("a closed expression");
        filled.push_str(known.get(name.trim()).map_or("", String::as_str));
        filled.push_str(rest);
    }
    filled
}

/// The conditions that the action uses: terms that must all hold, each a name
/// that is not empty or a comparison with a word.
fn holds(condition: Option<&str>, known: &BTreeMap<String, String>) -> bool {
    let value = |name: &str| known.get(name.trim()).map_or("", String::as_str);
    condition.unwrap_or_default().split("&&").filter(|term| !term.is_empty()).all(|term| match term
        .split_once("==")
    {
        Some((name, word)) => value(name) == word.trim().trim_matches('\''),
        None => !value(term).is_empty(),
    })
}

/// A check of a hundred calls for $0.021 against a budget.
fn runner_with(budget: &str) -> Runner {
    let runner = Runner::new();
    runner.write("usage.jsonl", &log_of(100));
    runner.write("tokopt.toml", budget);
    runner
}

const ROOMY: &str = "[budget]\ncost = { max = \"USD 1\" }\n";
const TIGHT: &str = "[budget]\ncost = { max = \"USD 0.01\" }\n";

#[test]
fn a_check_within_budget_is_green_and_comments_once() {
    let runner = runner_with(ROOMY);
    let inputs = [("paths", "usage.jsonl"), ("save", "base.json")];
    let done = run(&runner, &inputs, Some("7"));
    assert_eq!(done.code, 0, "{}", done.printed);
    assert_eq!(done.steps, ["Install tokopt", "Check", "Comment", "Verdict"]);
    assert_eq!(done.outputs["outcome"], "within");
    assert_eq!(done.outputs["exit-code"], "0");
    for report in ["check.md", "check.json", "check.sarif", "check.xml", "gl-code-quality.json"] {
        assert!(!runner.read(&format!("work/tokopt-reports/{report}")).is_empty(), "{report}");
    }
    assert!(runner.read("work/base.json").contains("\"schema_version\""));
    let first = runner.comments();
    assert_eq!(first.len(), 1);
    assert!(first[0].starts_with("<!-- tokopt:comment:v1 tag=default -->\n"), "{}", first[0]);
    assert!(runner.read("summary.md").contains("cost"), "the summary of the step");

    // The same again changes nothing; a tighter budget changes that comment.
    run(&runner, &inputs, Some("7"));
    assert_eq!(runner.comments(), first);
    runner.write("tokopt.toml", TIGHT);
    let over = run(&runner, &inputs, Some("7"));
    assert_eq!(over.code, 1, "{}", over.printed);
    let second = runner.comments();
    assert_eq!(second.len(), 1, "updated in place");
    assert_ne!(second, first);
    assert!(second[0].contains("over"), "{}", second[0]);
}

#[test]
fn a_check_over_budget_is_red_after_everything_is_written() {
    let runner = runner_with(TIGHT);
    let done = run(&runner, &[("paths", "usage.jsonl")], Some("7"));
    assert_eq!(done.code, 1, "{}", done.printed);
    assert_eq!(done.steps, ["Install tokopt", "Check", "Comment", "Verdict"]);
    assert_eq!(done.outputs["outcome"], "over");
    assert!(done.printed.contains("::error "), "an annotation: {}", done.printed);
    assert!(!runner.read("work/tokopt-reports/check.sarif").is_empty());

    let lenient = run(&runner, &[("paths", "usage.jsonl"), ("fail-on", "never")], None);
    assert_eq!(lenient.code, 0, "{}", lenient.printed);
    assert_eq!(lenient.outputs["outcome"], "over");
    assert_eq!(
        lenient.steps,
        ["Install tokopt", "Check", "Verdict"],
        "no pull request, no comment"
    );
}

#[test]
fn a_check_that_could_not_be_done_is_red_whatever_was_asked_for() {
    let runner = runner_with(ROOMY);
    for paths in ["missing.jsonl", "empty.jsonl"] {
        runner.write("empty.jsonl", "");
        let done = run(&runner, &[("paths", paths), ("fail-on", "never")], None);
        assert_eq!(
            (done.code, done.outputs["outcome"].as_str()),
            (2, "failed"),
            "{}",
            done.printed
        );
    }
}

#[test]
fn the_first_run_has_no_baseline_and_says_so() {
    let runner = runner_with(
        "[budget]\ncost = { max = 1 }\ncost_per_call = { increase = \"5%\", level = \"error\" }\n",
    );
    let inputs = [("paths", "usage.jsonl"), ("baseline", "base.json"), ("save", "next.json")];
    let first = run(&runner, &inputs, None);
    assert_eq!(first.code, 0, "{}", first.printed);
    assert!(first.printed.contains("::notice title=tokopt::there is no baseline base.json yet"));

    // Twice the tokens a call against what was saved.
    fs::rename(runner.path("work/next.json"), runner.path("work/base.json")).expect("moved");
    runner.write("usage.jsonl", &log_of(100).replace("1000", "2000").replace(":100}", ":200}"));
    let second = run(&runner, &inputs, None);
    assert_eq!(second.code, 1, "{}", second.printed);
}

#[test]
fn a_line_is_an_argument_whatever_is_in_it() {
    let runner = runner_with(ROOMY);
    runner.write("two words.jsonl", &log_of(100));
    let inputs = [
        ("paths", "two words.jsonl\n"),
        ("arguments", "--where\nfeature=a b; touch pwned\n--allow-empty"),
    ];
    let done = run(&runner, &inputs, None);
    assert!(!runner.path("work/pwned").exists(), "{}", done.printed);
    assert!(!done.printed.contains("two words.jsonl: No such"), "{}", done.printed);
}
