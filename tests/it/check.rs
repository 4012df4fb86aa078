//! `tokopt check` as a shell runs it: every exit code, and what is printed.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stderr))
    }
}

/// Runs in a folder of its own, with no settings but those in it.
fn tokopt(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokopt"));
    command.current_dir(folder).args(arguments).env_clear().env("COLUMNS", "100");
    let output = command.output().expect("tokopt runs");
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Calls of 1,000 input tokens and so many output tokens each, an hour apart.
/// gpt-4o is listed at $2.50 and $10 for a million: 100 output tokens make a
/// call of $0.0035.
fn log(calls: u32, output: u32) -> String {
    let mut text = String::new();
    for call in 0..calls {
        let (day, hour) = (1 + call / 24, call % 24);
        let feature = if call % 4 == 0 { "digest" } else { "chat" };
        let _ = writeln!(
            text,
            r#"{{"timestamp":"2026-06-{day:02}T{hour:02}:00:00Z","request_id":"r{call}","model":"gpt-4o","provider":"openai","feature":"{feature}","user":"u{}","input_tokens":1000,"cache_read_input_tokens":0,"output_tokens":{output}}}"#,
            call % 3,
        );
    }
    text
}

/// A folder with `log.jsonl` of 49 calls, which cover two days, and settings.
fn folder(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("log.jsonl"), log(49, 100)).expect("a log");
    std::fs::write(folder.path().join("tokopt.toml"), settings).expect("settings");
    folder
}

#[test]
fn within_over_and_not_to_be_judged_are_three_codes() {
    // 49 calls of $0.0035 are $0.1715; over two days, $2.5725 in thirty.
    for (settings, code, last) in [
        ("cost = { max = \"$0.1715\" }", 0, "check passed: 1 passed\n"),
        ("cost = { max = \"$0.1714\" }", 1, "check failed: 1 error\n"),
        ("monthly_cost = { max = \"$2.5725\" }", 0, "check passed: 1 passed\n"),
        ("monthly_cost = { max = \"$2.5724\" }", 1, "check failed: 1 error\n"),
        ("cost_per_call = { max = \"$0.0035\" }", 0, "check passed: 1 passed\n"),
        ("cost = { max = 0, level = \"warn\" }", 0, "check passed: 1 warning\n"),
        ("cost = { increase = \"5%\" }", 2, "check could not judge: 1 not judged\n"),
    ] {
        let folder = folder(&format!("[budget]\n{settings}\n"));
        let ran = tokopt(folder.path(), &["check", "log.jsonl"]);
        assert_eq!(ran.code, Some(code), "{settings}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.ends_with(last), "{settings}: {}", ran.stdout);
    }
    let folder = folder("[budget]\ncost = { max = 0, level = \"warn\" }\ncalls = { max = 1 }\n");
    let code = |arguments: &[&str]| {
        tokopt(folder.path(), &[&["check", "log.jsonl"], arguments].concat()).code
    };
    assert_eq!(code(&[]), Some(1));
    assert_eq!(code(&["--exit-zero"]), Some(0));
    assert_eq!(code(&["--set", "budget.calls={max=49}"]), Some(0));
    assert_eq!(code(&["--set", "budget.calls={max=49}", "--error-on-warning"]), Some(1));
    assert_eq!(code(&["--no-such-flag"]), Some(2));
}

#[test]
fn a_failure_shows_the_line_that_was_broken() {
    let folder = folder("# ours\n[budget]\ncost = { max = \"$0.10\" }\n");
    let ran = tokopt(folder.path(), &["check", "log.jsonl"]);
    let shown = ran.stdout;
    for part in [
        "error[TK102]: cost is $0.1715, over the limit of $0.1000",
        " --> tokopt.toml:3:16",
        "3 | cost = { max = \"$0.10\" }",
        "  |                ^^^^^^^",
        "feature chat $0.1260",
        "Questions of the month",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

#[test]
fn without_a_budget_or_with_a_wrong_one_nothing_is_judged() {
    let none = folder("");
    let ran = tokopt(none.path(), &["check", "log.jsonl"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("there is no budget") && ran.stderr.contains("tokopt init"));
    let wrong = folder("[budget]\ncost = { max = \"5%\" }\n");
    let ran = tokopt(wrong.path(), &["check", "log.jsonl"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("tokopt.toml:2:16: `cost`: `5%` is not"), "{}", ran.stderr);
    let slip = folder("[budget]\ncots = { max = 5 }\n");
    let ran = tokopt(slip.path(), &["check", "log.jsonl"]);
    assert!(ran.stderr.contains("tokopt.toml:2: unknown field `cots`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `cost`?"), "{}", ran.stderr);
}

#[test]
fn an_empty_or_half_rejected_log_never_passes_by_accident() {
    let folder = folder("[budget]\ncost = { max = 100 }\n");
    std::fs::write(folder.path().join("empty.jsonl"), "").expect("a file");
    let broken = "{\"broken\": \n".repeat(49);
    std::fs::write(folder.path().join("half.jsonl"), log(49, 100) + &broken).expect("a file");
    let ran = |arguments: &[&str]| tokopt(folder.path(), arguments);
    let empty = ran(&["check", "empty.jsonl"]);
    assert_eq!(empty.code, Some(2), "{}{}", empty.stdout, empty.stderr);
    assert!(empty.stdout.contains("TK001"), "{}", empty.stdout);
    assert_eq!(ran(&["check", "empty.jsonl", "--allow-empty"]).code, Some(0));
    let half = ran(&["check", "half.jsonl"]);
    assert_eq!(half.code, Some(2), "{}{}", half.stdout, half.stderr);
    assert!(half.stdout.contains("TK002"), "{}", half.stdout);
    assert_eq!(ran(&["check", "half.jsonl", "--allow-rejected"]).code, Some(0));
    assert_eq!(
        ran(&["check", "half.jsonl", "--set", "budget.max_rejected_share=0.6"]).code,
        Some(0)
    );
    assert_eq!(ran(&["check", "missing.jsonl"]).code, Some(2));
}

#[test]
fn a_log_is_within_its_own_baseline_and_over_that_of_less() {
    let folder = folder(
        "[budget]\nincrease = { max = \"0%\" }\ncost_per_call = { increase = \"0%\" }\n\
         [[budget.feature]]\nmatch = \"*\"\noutput_tokens_p95 = { increase = \"0%\", minimum_calls = 5 }\n",
    );
    let path = folder.path();
    assert_eq!(tokopt(path, &["analyze", "log.jsonl", "-q", "-o", "base.json"]).code, Some(0));
    for baseline in ["base.json", "log.jsonl"] {
        let same = tokopt(path, &["check", "log.jsonl", "--baseline", baseline]);
        assert_eq!(same.code, Some(0), "{}{}", same.stdout, same.stderr);
        assert!(same.stdout.ends_with("check passed: 4 passed\n"), "{}", same.stdout);
    }
    std::fs::write(path.join("more.jsonl"), log(49, 150)).expect("a log");
    let more =
        tokopt(path, &["check", "more.jsonl", "--baseline", "base.json", "--format", "json"]);
    assert_eq!(more.code, Some(1), "{}", more.stderr);
    let check = more.json();
    assert_eq!(check["counts"]["errors"], 4);
    // $0.004 after $0.0035 a call.
    let call = check["judgements"].as_array().expect("judgements").iter();
    let call = call.clone().find(|one| one["rule"] == "budget.cost_per_call.increase");
    let call = call.expect("the rule");
    assert_eq!(call["measured"]["value"], 0.004);
    assert_eq!(call["baseline"]["value"], 0.0035);
    assert_eq!(call["moved_by"][0]["what"], "feature chat");
}

#[test]
fn a_saved_analysis_is_judged_as_its_log_is() {
    let settings = "[budget]\ncost = { max = 0 }\ncost_per_call_p95 = { max = 1 }\n\
        cost_per_user = { max = \"$0.05\" }\nhistory_share = { max = \"50%\" }\n\
        saving_share = { max = \"1%\" }\npreset = [\"dashboard\", \"playbook\"]\n\
        [[budget.feature]]\nmatch = \"*\"\ninput_tokens_per_call = { max = 10, minimum_calls = 1 }\n\
        [[budget.rule]]\nmeasure = \"cost\"\nwhere = [\"model=gpt-*\", \"feature=chat\"]\nmax = 0\n";
    let folder = folder(settings);
    let path = folder.path();
    assert_eq!(tokopt(path, &["analyze", "log.jsonl", "-q", "-o", "saved.json"]).code, Some(0));
    let judged = |file: &str| {
        let ran = tokopt(path, &["check", file, "--format", "json"]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        let mut check = ran.json();
        check["subject"]["paths"] = Value::Null;
        check
    };
    assert_eq!(judged("log.jsonl"), judged("saved.json"));
    let by_user =
        ["--set", "budget.rule=[{measure=\"cost\",per=\"user\",max=0}]", "--format", "json"];
    let of_log = tokopt(path, &[&["check", "log.jsonl"][..], &by_user].concat()).json();
    let users = |check: &Value| {
        let all = check["judgements"].as_array().expect("judgements").clone();
        all.into_iter().filter(|one| one["rule"] == "budget.rule.cost.user").collect::<Vec<_>>()
    };
    assert_eq!(users(&of_log).len(), 3);
    assert!(
        users(&of_log)[0]["where"][0].as_str().is_some_and(|user| user.starts_with("user=user-"))
    );
    let of_saved = users(&tokopt(path, &[&["check", "saved.json"][..], &by_user].concat()).json());
    assert_eq!(of_saved.len(), 1);
    assert_eq!(of_saved[0]["status"], "not_judged");
    assert_eq!(of_saved[0]["help"], "give the logs instead of the saved analysis");
    let refused = tokopt(path, &["check", "saved.json", "--where", "feature=chat"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("its calls cannot be selected any more"), "{}", refused.stderr);
}

#[test]
fn what_is_ignored_says_why_until_it_expires() {
    let settings = |expires: &str| {
        format!(
            "[[budget.feature]]\nmatch = \"*\"\ncost = {{ max = 0 }}\n\
             [[ignore]]\ncode = \"TK102\"\nfeature = \"dig*\"\nreason = \"retired\"\n{expires}\n\
             [[ignore]]\nfeature = \"chat\"\nreason = \"known\"\n"
        )
    };
    // The last call is of 3 June.
    for (expires, code, ignored) in
        [("", 0, 2), ("expires = 2026-06-03", 0, 2), ("expires = 2026-06-02", 1, 1)]
    {
        let folder = folder(&settings(expires));
        let ran = tokopt(folder.path(), &["check", "log.jsonl", "--format", "json"]);
        assert_eq!(ran.code, Some(code), "{expires}: {}", ran.stderr);
        let check = ran.json();
        assert_eq!(check["counts"]["ignored"], ignored);
        let warned = check["warnings"]
            .as_array()
            .is_some_and(|all| all.iter().any(|warning| warning["code"] == "TK009"));
        assert_eq!(warned, code == 1);
    }
}

#[test]
fn a_feature_that_is_not_there_is_listed_as_not_judged() {
    let folder = folder(
        "[budget]\ncost = { max = 1 }\n[[budget.feature]]\nmatch = \"sup-*\"\ncost = { max = 1 }\n",
    );
    let check = tokopt(folder.path(), &["check", "log.jsonl", "--format", "json"]).json();
    let rules = check["judgements"].as_array().expect("judgements");
    let missing = rules.iter().find(|one| one["status"] == "not_judged").expect("one");
    assert_eq!(missing["rule"], "budget.feature.sup-*.cost");
    assert_eq!(missing["reason"], "no call fits feature=sup-*");
}

#[test]
fn an_export_is_judged_by_what_it_carries() {
    let folder = folder("[budget]\ncost = { max = 0 }\noutput_tokens_p95 = { max = 1 }\n");
    let export = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ingest/openai-usage");
    let export = export.to_string_lossy().into_owned();
    let ran = tokopt(folder.path(), &["check", &export, "--format", "json"]);
    let check = ran.json();
    let status = |rule: &str| {
        let all = check["judgements"].as_array().expect("judgements");
        all.iter().find(|one| one["rule"] == rule).map(|one| one["status"].clone())
    };
    assert_eq!(status("budget.cost"), Some(Value::from("over")));
    assert_eq!(status("budget.output_tokens_p95"), Some(Value::from("not_judged")));
}
