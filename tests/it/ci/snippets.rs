//! The snippets of `docs/ci.md` and the commit hooks, run in a shell.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use super::{Runner, log_of};

/// The fenced block of `docs/ci.md` after the marker of that name.
fn snippet(name: &str) -> String {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci.md"));
    let page = page.expect("the page");
    let marker = format!("<!-- snippet: {name} -->\n```");
    let (_, after) = page.split_once(&marker).unwrap_or_else(|| panic!("no snippet {name}"));
    let (_, block) = after.split_once('\n').expect("a block");
    block.split_once("```").expect("a closed block").0.to_owned()
}

/// A job of a GitLab pipeline.
#[derive(Deserialize)]
struct Job {
    #[serde(default)]
    variables: BTreeMap<String, String>,
    script: Vec<String>,
    artifacts: Artifacts,
}

#[derive(Deserialize)]
struct Artifacts {
    paths: Vec<String>,
}

fn job(name: &str) -> Job {
    let jobs: BTreeMap<String, Job> = serde_saphyr::from_str(&snippet(name)).expect("jobs");
    jobs.into_values().next().expect("a job")
}

/// Runs a job's lines as one script, as GitLab's runner does.
fn run(runner: &Runner, job: &Job) -> (Option<i32>, String) {
    let ran = runner.run(&job.script.join("\n"), &job.variables);
    let text = [ran.stdout, ran.stderr].concat();
    (ran.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn the_gate_of_a_merge_request_is_green_and_red() {
    let job = job("gitlab-gate");
    let runner = Runner::new();
    runner.write("eval/usage.jsonl", &log_of(100));
    runner.write("tokopt.toml", "[budget]\ncost_per_call = { max = 0.001 }\n");
    let (code, printed) = run(&runner, &job);
    assert_eq!(code, Some(0), "{printed}");
    for report in ["check.xml", "gl-code-quality.json", "check.md"] {
        assert!(!runner.read(&format!("work/tokopt-reports/{report}")).is_empty(), "{report}");
    }
    // A call costs $0.00021.
    runner.write("tokopt.toml", "[budget]\ncost_per_call = { max = 0.0002 }\n");
    let (code, printed) = run(&runner, &job);
    assert_eq!(code, Some(1), "{printed}");
    let quality = runner.read("work/tokopt-reports/gl-code-quality.json");
    let quality: serde_json::Value = serde_json::from_str(&quality).expect("JSON");
    assert_eq!(quality.as_array().map(Vec::len), Some(1), "{quality}");
}

#[test]
fn the_weekly_report_is_written_and_judged() {
    let job = job("gitlab-weekly");
    let runner = Runner::new();
    // Completions usage of one day and one model, as OpenAI's usage API gives it.
    let export = |start: u64, input: u64| {
        format!(
            "{{\"object\":\"page\",\"has_more\":false,\"data\":[{{\"object\":\"bucket\",\
             \"start_time\":{start},\"end_time\":{},\"results\":[{{\
             \"object\":\"organization.usage.completions.result\",\"input_tokens\":{input},\
             \"output_tokens\":20000,\"input_cached_tokens\":0,\"num_model_requests\":200,\
             \"model\":\"gpt-4o-mini-2024-07-18\"}}]}}]}}\n",
            start + 86_400
        )
    };
    // 2026-06-01 and 2026-06-08, midnight UTC.
    runner.write("exports/last-week.json", &export(1_780_272_000, 200_000));
    runner.write("exports/this-week.json", &export(1_780_876_800, 300_000));
    runner.write("tokopt.toml", "[budget]\ncost = { max = 5 }\n");
    let (code, printed) = run(&runner, &job);
    assert_eq!(code, Some(0), "{printed}");
    for path in &job.artifacts.paths {
        assert!(!runner.read(&format!("work/{path}")).is_empty(), "{path}");
    }
    // 300,000 at $0.15 and 20,000 at $0.60 a million are 0.045 + 0.012 = $0.057.
    assert!(runner.read("work/week.md").contains("0.05700"), "{}", runner.read("work/week.md"));
    runner.write("tokopt.toml", "[budget]\ncost = { max = 0.05 }\n");
    let (code, printed) = run(&runner, &job);
    assert_eq!(code, Some(1), "{printed}");
}

#[test]
fn agents_are_watched_without_turning_red() {
    let runner = Runner::new();
    runner.write("agents.toml", &snippet("agents-settings"));
    runner.write("sessions/one.jsonl", &log_of(100));
    let sessions = BTreeMap::from([("SESSIONS".to_owned(), "sessions".to_owned())]);
    let ran = runner.run(&snippet("agents-watch"), &sessions);
    let printed = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    assert_eq!(ran.status.code(), Some(0), "{printed}");
    assert!(printed.contains("2026-06-0"), "the days of the trend: {printed}");
    assert!(runner.read("work/agents.md").starts_with("<!-- tokopt:comment:v1"));
}

#[derive(Deserialize)]
struct Hook {
    id: String,
    entry: String,
}

#[test]
fn the_hooks_judge_the_settings_and_the_logs_they_name() {
    let hooks = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml"));
    let hooks: Vec<Hook> = serde_saphyr::from_str(&hooks.expect("the hooks")).expect("hooks");
    let named = snippet("pre-commit");
    let runner = Runner::new();
    runner.write("logs/usage.jsonl", &log_of(100));
    let code = |settings: &str, hook: &Hook| {
        runner.write("tokopt.toml", settings);
        runner.run(&hook.entry, &BTreeMap::new()).status.code()
    };
    let good = "[inputs]\npaths = [\"logs\"]\n[budget]\ncost = { max = 1 }\n";
    for hook in &hooks {
        assert!(named.contains(&format!("- id: {}", hook.id)), "the page names {}", hook.id);
        assert_eq!(code(good, hook), Some(0), "{}", hook.id);
        assert_eq!(code("[budgets]\n", hook), Some(2), "{}", hook.id);
    }
    let check = hooks.iter().find(|hook| hook.id == "tokopt-check").expect("the check");
    assert_eq!(code(&good.replace("max = 1", "max = 0.001"), check), Some(1));
}
