//! The reports of a check from outside: files of every kind, and what GitHub
//! Actions are told.

use super::{Folder, QUICKSTART, Ran, run, tokopt};

/// A budget that the quickstart's log ($1.82, 37 calls) exceeds at both levels.
const BUDGET: &str = "[budget]\ncost = { max = \"USD 1\" }\n\
                      cost_per_call = { max = \"USD 0.01\", level = \"warn\" }\n";

fn check(folder: &Folder, flags: &[&str], variables: &[(&str, &str)]) -> Ran {
    let settings = folder.write("tokopt.toml", BUDGET);
    let arguments = [&["check", QUICKSTART, "--config", &settings], flags].concat();
    let mut command = tokopt(&arguments);
    command.envs(variables.iter().copied());
    run(&mut command)
}

const ON_GITHUB: (&str, &str) = ("GITHUB_ACTIONS", "true");

fn commands(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("::")).collect()
}

#[test]
fn every_kind_is_written_and_the_answer_stays() {
    let folder = Folder::new();
    let places = ["c.txt", "c.json", "c.md", "c.xml", "c.sarif", "gitlab=q.json", "github=g.txt"];
    let mut flags = vec!["-q".to_owned()];
    for place in places {
        let (kind, name) = place
            .split_once('=')
            .map_or((String::new(), place), |(kind, name)| (format!("{kind}="), name));
        flags.extend(["-o".to_owned(), format!("{kind}{}", folder.path(name))]);
    }
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let ran = check(&folder, &flags, &[]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(1), "", ""));
    for (name, opening) in [
        ("c.txt", "error[TK"),
        ("c.json", "{\n"),
        ("c.md", "<!-- tokopt:comment:v1 tag=default -->\n### LLM cost"),
        ("c.xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>"),
        ("c.sarif", "{\n  \"version\": \"2.1.0\""),
        ("q.json", "[\n  {\n    \"description\": \"TK"),
        ("g.txt", "::error title=TK"),
    ] {
        let text = folder.read(name);
        assert!(text.starts_with(opening), "{name}: {text}");
    }
    assert!(folder.read("c.txt").ends_with("check failed: 1 error, 1 warning\n"));
}

#[test]
fn a_comment_is_replaced_by_one_of_the_same_bytes() {
    let folder = Folder::new();
    let flags = ["--comment-tag", "pull", "-q", "-o"];
    let write = |name: &str| {
        let path = folder.path(name);
        let ran = check(&folder, &[&flags[..], &[path.as_str()]].concat(), &[]);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        folder.read(name)
    };
    let first = write("first.md");
    assert!(first.starts_with("<!-- tokopt:comment:v1 tag=pull -->\n"), "{first}");
    assert_eq!(first, write("second.md"));
    let ran = check(&folder, &["--comment-tag", "a-->b"], &[]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("--comment-tag"), "{}", ran.err);
}

#[test]
fn github_is_told_where_it_runs_the_check_and_nowhere_else() {
    let folder = Folder::new();
    let summary = folder.path("summary.md");
    let summary = ("GITHUB_STEP_SUMMARY", summary.as_str());
    let elsewhere = check(&folder, &[], &[summary]);
    assert_eq!(commands(&elsewhere.out), Vec::<&str>::new());
    let there = check(&folder, &[], &[ON_GITHUB, summary]);
    assert_eq!((there.code, elsewhere.code), (Some(1), Some(1)));
    // The report stands unchanged between the two words that switch commands
    // off and on.
    let (head, tail) = there.out.split_once('\n').expect("lines");
    let token = head.strip_prefix("::stop-commands::").expect("commands are switched off");
    let (screen, annotations) = tail.split_once(&format!("::{token}::\n")).expect("and on");
    assert_eq!(screen, elsewhere.out);
    let annotations: Vec<&str> = annotations.lines().collect();
    assert_eq!(annotations.len(), 2, "{annotations:?}");
    assert!(annotations[0].starts_with("::error title=TK"), "{annotations:?}");
    assert!(annotations[0].contains("tokopt.toml,line=2,col="), "{annotations:?}");
    assert!(annotations[1].starts_with("::warning title=TK"), "{annotations:?}");
    let page = folder.read("summary.md");
    assert!(page.starts_with("<!-- tokopt:comment"), "{page}");
    let refused = check(&folder, &["--no-annotations"], &[ON_GITHUB, summary]);
    assert_eq!(refused.out, elsewhere.out);
    assert_eq!(folder.read("summary.md"), page, "written once");
}

#[test]
fn formats_for_machines_are_left_alone_and_github_is_told_once() {
    let folder = Folder::new();
    let json = check(&folder, &["--format", "json"], &[ON_GITHUB]);
    assert!(serde_json::from_str::<serde_json::Value>(&json.out).is_ok(), "{}", json.out);
    let asked = check(&folder, &["--format", "github"], &[ON_GITHUB]);
    assert_eq!(commands(&asked.out).len(), 2);
    let file = folder.path("c.md");
    let quiet = check(&folder, &["-q", "-o", &file], &[ON_GITHUB]);
    assert_eq!(quiet.out, asked.out);
}

#[test]
fn a_summary_that_cannot_be_written_turns_no_check() {
    let folder = Folder::new();
    let nowhere = folder.path("missing/summary.md");
    let ran = check(&folder, &[], &[ON_GITHUB, ("GITHUB_STEP_SUMMARY", &nowhere)]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with("note: no step summary in `"), "{}", ran.err);
    assert_eq!(commands(&ran.out).len(), 4);
}
