//! `tokopt estimate` from outside.

use assert_cmd::Command;
use serde_json::Value;

/// What a run prints, and what it complains about.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokopt"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("estimate").args(arguments);
    command.env("TOKOPT_CONFIG", "").env("COLUMNS", "100").env_remove("CLICOLOR_FORCE");
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const FLAGS: [&str; 10] = [
    "--requests",
    "1_000_000",
    "--model",
    "claude-sonnet-4-6",
    "--system-tokens",
    "2000",
    "--user-tokens",
    "200",
    "--output-tokens",
    "150",
];

fn document(arguments: &[&str]) -> Value {
    let (code, out, err) = run(&[arguments, &["--format", "json"]].concat());
    assert_eq!((code, err.as_str()), (Some(0), ""));
    serde_json::from_str(&out).expect("JSON")
}

#[test]
fn flags_and_a_file_say_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("workload.toml");
    let text = "requests = 2_000_000\n[[class]]\nshare = 0.5\nmodel = 'claude-sonnet-4-6'\n\
                system_tokens = 2000\ninput_tokens = 2200\noutput_tokens = 150\nhit_rate = 0.7\n\
                [assumptions.model-routing]\nshare = 0.4\n";
    std::fs::write(&path, text).expect("the folder is writable");
    let flags = [&FLAGS[..], &["--hit-rate", ".7", "--set", "model-routing.share=0.4"]].concat();
    let mut file = document(&[path.to_str().expect("a path in UTF-8")]);
    // The file's parameters are the typical ones of the flags, but for one.
    assert_eq!(file["ladder"], document(&flags)["ladder"]);
    // A flag goes before the file.
    let over = [path.to_str().expect("a path in UTF-8"), "--set", "model-routing.share=0.5"];
    assert_ne!(std::mem::take(&mut file["ladder"]), document(&over)["ladder"]);
}

#[test]
fn everything_is_assumed_and_adds_up() {
    let found = document(&FLAGS);
    let ladder = &found["ladder"];
    // A million times 2,200 tokens at $3 and 150 at $15 per million.
    assert_eq!(ladder["baseline_usd"], 8850);
    assert_eq!(found["monthly"]["factor"], 1);
    assert_eq!(found["monthly"]["floor_usd"], 8850);
    assert_eq!(found["totals"]["calls"], 1_000_000);
    assert_eq!(found["totals"]["input_tokens"], 2_200_000_000_u64);
    assert_eq!(found["totals"]["cost_evidence"], "assumed");
    assert_eq!(ladder["subset_cost_usd"].as_array().map(Vec::len), Some(256));
    assert_eq!(ladder["subset_cost_usd"][255], ladder["final_usd"]);
    for step in ladder["steps"].as_array().expect("steps") {
        assert!(step["evidence"] == "assumed" || step["status"] == "unknown", "{step}");
    }
    assert_eq!(ladder["by_evidence"]["measured_usd"], 0);
    assert_eq!(ladder["by_evidence"]["inferred_usd"], 0);
    assert_eq!(found["warnings"][0]["code"], "ESTIMATE");
    let mut steps = ladder["steps"].as_array().expect("steps").iter();
    let caching = steps.find(|step| step["technique"] == "prompt-caching").expect("a step");
    let policy = &caching["policies"][0];
    assert_eq!((&policy["feature"], &policy["chosen"]), (&"traffic".into(), &"head 5m".into()));
    assert_eq!(policy["held_out_cost_usd"], Value::Null);
    assert!(found["plan"].as_array().is_some_and(|plan| !plan.is_empty()));
}

#[test]
fn every_report_shows_it_and_none_speaks_of_files() {
    for kind in ["table", "md"] {
        let (code, out, err) = run(&[&FLAGS[..], &["--format", kind]].concat());
        assert_eq!((code, err.as_str()), (Some(0), ""), "{kind}");
        assert!(out.contains("prompt-caching") && !out.contains("log record"), "{kind}\n{out}");
        assert!(!out.contains("$$") && !out.contains("What was read"), "{kind}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("estimate.md");
    let to = path.to_str().expect("a path in UTF-8");
    let (code, out, _) = run(&[&FLAGS[..], &["-q", "-o", to]].concat());
    assert_eq!((code, out.as_str()), (Some(0), ""));
    let written = std::fs::read_to_string(&path).expect("it was written");
    assert!(written.contains("prompt-caching"));
}

#[test]
fn a_slip_is_answered() {
    let refused = |arguments: &[&str]| {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        err
    };
    assert!(refused(&[]).contains("--requests <N>"));
    assert!(refused(&["workload.toml", "--hit-rate", "0.5"]).contains("cannot be used with"));
    assert!(refused(&["missing.toml"]).contains("cannot read `missing.toml`"));
    let share = refused(&[&FLAGS[..], &["--hit-rate", "70"]].concat());
    assert!(share.contains("hit_rate takes a share from 0 to 1, not 70"), "{share}");
    let set = refused(&[&FLAGS[..], &["--set", "model-rooting.share=0.3"]].concat());
    assert!(set.contains("did you mean `model-routing`?"), "{set}");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("workload.toml");
    let file = |text: &str| {
        std::fs::write(&path, text).expect("the folder is writable");
        refused(&[path.to_str().expect("a path in UTF-8")])
    };
    let field = file("[[class]]\nsystem_token = 5\n");
    assert!(field.contains("workload.toml:2: unknown field `system_token`"), "{field}");
    assert!(field.contains("did you mean `system_tokens`?"), "{field}");
    let parameter = file("[assumptions.model-routing]\nshore = 1\n");
    assert!(parameter.contains("did you mean `share`?"), "{parameter}");
    let model = file(
        "[[class]]\nrequests = 5\nmodel = 'claude-sonet-4-6'\nuser_tokens = 5\noutput_tokens = 5\n",
    );
    assert!(model.contains("did you mean claude-sonnet-4-6"), "{model}");
}
