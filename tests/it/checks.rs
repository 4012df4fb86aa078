//! Reports of a check, whole, for checks built by hand.

mod documents;
mod schemas;
mod xml;

use tokopt::report::check::{
    CheckKind, CheckOptions, CommentTag, annotated, check_renderer, verdict,
};
use tokopt::report::document::{Check, Judgement, Level, Status};

use documents::{attacked, checks, judgement, large, over, usd};
use schemas::{assert_is_code_quality, assert_is_sarif};
use xml::assert_is_junit;

fn render(kind: CheckKind, check: &Check) -> String {
    render_with(kind, check, &CheckOptions::default())
}

fn render_with(kind: CheckKind, check: &Check, options: &CheckOptions) -> String {
    let mut bytes = Vec::new();
    check_renderer(kind).render(check, options, &mut bytes).expect("memory can be written to");
    String::from_utf8(bytes).expect("reports are UTF-8")
}

/// What a stranger may call a feature.
const ATTACKS: [&str; 11] = [
    "<img src=x onerror=alert(1)>",
    "--> <script>alert(1)</script> <!--",
    "]]></failure><testcase name=\"x\"/>",
    "a | b `c` [x](http://y) @octocat @org/team #12 </details>",
    "one\r\n::error file=a,line=1::two\n::stop-commands::x",
    "##[error]x %0A::warning::y",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07\u{9b}2J",
    "nul\0 bell\x07 back\x08 \u{fffe}\u{ffff} del\x7f",
    "right\u{202e}to left\u{2066} zero\u{200b}width",
    "{0} \"quoted\" 'single' \\back & &amp;",
    "\u{65e5}\u{672c}\u{8a9e}\u{1f600}",
];

#[test]
fn every_check_in_every_format() {
    for (name, check) in checks() {
        for kind in CheckKind::ALL {
            insta::assert_snapshot!(format!("check_{}_{name}", kind.name()), render(kind, &check));
        }
    }
}

#[test]
fn a_report_is_the_same_twice_and_ends_its_last_line() {
    for (name, check) in checks() {
        for kind in CheckKind::ALL {
            let first = render(kind, &check);
            assert_eq!(first, render(kind, &check), "{name} {kind:?}");
            assert!(first.is_empty() || first.ends_with('\n'), "{name} {kind:?}");
        }
    }
}

#[test]
fn the_answer_is_the_last_line_on_a_terminal() {
    let text = render(CheckKind::Table, &over());
    let last = "check failed: 1 error, 2 warnings, 1 passed, 2 not judged, 1 ignored";
    assert_eq!(text.lines().last(), Some(last));
    assert_eq!(verdict(&over()), last);
}

#[test]
fn colour_changes_no_text_and_no_line_is_too_wide() {
    for attack in ATTACKS {
        for width in [60, 80, 140] {
            let options = CheckOptions { width, ..CheckOptions::default() };
            let plain = render_with(CheckKind::Table, &attacked(attack), &options);
            let painted = CheckOptions { color: true, ..options };
            let painted = render_with(CheckKind::Table, &attacked(attack), &painted);
            assert_eq!(without_color(&painted), plain, "{attack:?}");
            for line in plain.lines() {
                // Of what these texts hold, only Japanese and the smiley are wide.
                let wide = |character: &char| {
                    ('\u{2e80}'..='\u{9fff}').contains(character) || *character == '\u{1f600}'
                };
                let columns = line.chars().count() + line.chars().filter(wide).count();
                assert!(columns <= width, "{attack:?} at {width}: {line}");
            }
        }
    }
}

fn without_color(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn no_name_from_a_log_steers_any_reader() {
    for attack in ATTACKS {
        let check = attacked(attack);
        for kind in CheckKind::ALL.into_iter().filter(|kind| *kind != CheckKind::Json) {
            let text = render(kind, &check);
            let steering = ['\x1b', '\x07', '\0', '\x08', '\r', '\u{9b}', '\u{202e}', '\u{2066}'];
            assert!(!text.contains(steering), "{kind:?} {attack:?}: {text}");
        }
        let json: serde_json::Value =
            serde_json::from_str(&render(CheckKind::Json, &check)).expect("JSON");
        assert_eq!(json["subject"]["paths"][0], attack, "JSON keeps names as they are");
        assert_is_junit(&render(CheckKind::Junit, &check));
        assert_is_sarif(&render(CheckKind::Sarif, &check));
        assert_is_code_quality(&render(CheckKind::Gitlab, &check));
    }
}

#[test]
fn a_comment_holds_only_our_own_markup() {
    for attack in ATTACKS {
        let page = render(CheckKind::Markdown, &attacked(attack));
        assert!(page.starts_with("<!-- tokopt:comment:v1 tag=default -->\n### "), "{page}");
        let ours = ["<details>", "</details>", "<summary>", "</summary>"];
        let rest = ours.iter().fold(page.clone(), |rest, tag| rest.replace(tag, ""));
        let rest = rest.replacen("<!-- tokopt:comment:v1 tag=default -->", "", 1);
        assert!(!rest.contains(['<', '>']), "{attack:?}: {rest}");
        assert_eq!(page.matches("<details>").count(), page.matches("</details>").count());
        for forbidden in ["@octocat", "@org", "#12", "](http:", "http://"] {
            assert!(!rest.contains(forbidden), "{forbidden}: {rest}");
        }
        let mut cells = None;
        for line in page.lines() {
            if !line.starts_with('|') {
                cells = None;
                continue;
            }
            let found = line.replace("\\|", "").matches('|').count();
            assert_eq!(*cells.get_or_insert(found), found, "{line}");
        }
    }
}

#[test]
fn a_comment_is_found_again_by_its_tag() {
    let tag = CommentTag::parse("nightly").expect("a tag");
    let options = CheckOptions { comment_tag: tag, ..CheckOptions::default() };
    let page = render_with(CheckKind::Markdown, &over(), &options);
    assert!(page.starts_with("<!-- tokopt:comment:v1 tag=nightly -->\n"), "{page}");
}

#[test]
fn a_long_comment_is_cut_and_says_by_how_much() {
    let whole = |rules: usize| render(CheckKind::Markdown, &large(rules));
    let row = |page: &str, status: &str| {
        page.lines().filter(|line| line.ends_with(&format!("| {status} |"))).count()
    };
    // Twenty rules of every kind fit: nothing is left out.
    let page = whole(20);
    assert!(page.len() < 60_000 && !page.contains("left out"), "{}", page.len());
    assert_eq!((row(&page, "within"), row(&page, "**over**")), (20, 20));
    // Ninety do not: what passed goes first, what is over stays whole.
    let page = whole(90);
    assert!(page.len() < 60_000, "{}", page.len());
    assert_eq!(row(&page, "**over**"), 90);
    let kept = row(&page, "within");
    assert!(kept < 90, "{kept}");
    let note = format!("*{} rows left out to keep this comment short*", 90 - kept);
    assert!(page.contains(&note), "{note}: {page}");
    // However many there are, head and foot are there.
    let page = whole(3_000);
    assert!(page.len() < 60_000, "{}", page.len());
    assert!(page.contains("- over budget ("));
    assert!(page.trim_end().ends_with("tokopt 0.1.0"));
}

#[test]
fn names_of_any_length_leave_the_comment_below_its_limit() {
    let page = render(CheckKind::Markdown, &attacked(&"\u{65e5}@|".repeat(40_000)));
    assert!(page.len() < 60_000, "{}", page.len());
}

#[test]
fn annotations_are_the_worst_ten_of_a_kind() {
    let text = render(CheckKind::Github, &large(14));
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("::error ")).collect();
    let warnings: Vec<&str> = text.lines().filter(|line| line.starts_with("::warning ")).collect();
    assert_eq!((errors.len(), warnings.len(), text.lines().count()), (10, 10, 20));
    assert!(errors[9].ends_with("%0Aand 4 more: see the report"), "{}", errors[9]);
    // 14 are over by 30 %, 14 near: the former stand first.
    assert!(warnings[0].contains("title=TK111"), "{}", warnings[0]);
    assert!(warnings[9].ends_with("%0Aand 18 more: see the report"), "{}", warnings[9]);
}

#[test]
fn the_furthest_past_its_limit_is_annotated_first() {
    let mut check = over();
    let past = |code: &str, cents: i128| Judgement {
        status: Status::Over,
        limit: check.judgements[0].limit,
        measured: Some(usd(cents)),
        ..judgement(code, "x", "x")
    };
    // The limit is $4,000: 10 %, 100 % and 25 % past it.
    check.judgements = vec![past("A", 440_000), past("B", 800_000), past("C", 500_000)];
    let text = render(CheckKind::Github, &check);
    let order: Vec<&str> = text.lines().filter_map(|line| line.get(14..15)).collect();
    assert_eq!(order, ["B", "C", "A"], "{text}");
}

/// The commands that a runner would obey: it looks at every line, spaces before
/// it put aside, and between two `stop-commands` at nothing but the word that
/// ends them.
fn obeyed(text: &str) -> Vec<&str> {
    let mut obeyed = Vec::new();
    let mut stopped: Option<String> = None;
    for line in text.lines() {
        let command = line.trim_start();
        if let Some(token) = &stopped {
            if command == format!("::{token}::") {
                stopped = None;
            }
        } else if let Some(token) = command.strip_prefix("::stop-commands::") {
            stopped = Some(token.to_owned());
        } else if command.starts_with("::") || command.contains("##[") {
            obeyed.push(command);
        }
    }
    assert_eq!(stopped, None, "commands are obeyed again at the end");
    obeyed
}

#[test]
fn a_runner_obeys_only_our_annotations() {
    for attack in ATTACKS {
        let check = attacked(attack);
        let screen = render(CheckKind::Table, &check);
        let bytes = annotated(screen.as_bytes(), &check).expect("memory can be written to");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let annotations = render(CheckKind::Github, &check);
        assert_eq!(obeyed(&text), annotations.lines().collect::<Vec<_>>(), "{attack:?}");
        for line in annotations.lines() {
            let ours = line.starts_with("::error title=") || line.starts_with("::warning title=");
            assert!(ours, "{line}");
            // Three parts: the command, its properties, what it says.
            let properties = line.trim_start_matches("::").split("::").next().unwrap_or_default();
            let names: Vec<&str> = properties
                .split_once(' ')
                .map_or(Vec::new(), |(_, rest)| rest.split(',').collect())
                .into_iter()
                .filter_map(|pair| pair.split_once('=').map(|(name, _)| name))
                .collect();
            let known = ["title", "file", "line", "col"];
            assert_eq!(names, known[..names.len()], "{line}");
        }
    }
}

#[test]
fn a_fingerprint_outlives_the_measured_value() {
    let fingerprints = |check: &Check| {
        let sarif: serde_json::Value =
            serde_json::from_str(&render(CheckKind::Sarif, check)).expect("JSON");
        let gitlab: serde_json::Value =
            serde_json::from_str(&render(CheckKind::Gitlab, check)).expect("JSON");
        let results = sarif["runs"][0]["results"].as_array().cloned().unwrap_or_default();
        let problems = gitlab.as_array().cloned().unwrap_or_default();
        let of_results =
            results.iter().map(|result| result["partialFingerprints"]["tokoptRule/v1"].to_string());
        let of_problems = problems.iter().map(|problem| problem["fingerprint"].to_string());
        (of_results.collect::<Vec<_>>(), of_problems.collect::<Vec<_>>())
    };
    let before = over();
    let mut after = over();
    after.judgements[0].measured = Some(usd(999_999));
    after.judgements[0].message = "another value".to_owned();
    after.judgements[0].calls = Some(7);
    assert_eq!(fingerprints(&before), fingerprints(&after));
    after.judgements[0].filters = vec!["feature=other".to_owned()];
    assert_ne!(fingerprints(&before).0[0], fingerprints(&after).0[0]);
    // The same rule twice on the same slice is still two problems.
    let mut twice = over();
    twice.judgements.push(twice.judgements[0].clone());
    let (_, problems) = fingerprints(&twice);
    let distinct: std::collections::BTreeSet<&String> = problems.iter().collect();
    assert_eq!((problems.len(), distinct.len()), (4, 4));
}

#[test]
fn formats_for_machines_grade_what_they_show() {
    let text = render(CheckKind::Gitlab, &over());
    let problems: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let severities: Vec<&str> = problems
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|problem| problem["severity"].as_str())
        .collect();
    assert_eq!(severities, ["critical", "minor", "minor"], "an error, a warning, one near");
    assert_eq!(problems[0]["location"]["path"], "tokopt.toml");
    assert_eq!(problems[0]["location"]["lines"]["begin"], 14);

    let text = render(CheckKind::Sarif, &over());
    let log: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    let told: Vec<(&str, &str, bool)> = results
        .iter()
        .map(|result| {
            let text = |key: &str| result[key].as_str().unwrap_or_default();
            (text("ruleId"), text("level"), result["suppressions"].is_array())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("TK101", "error", false),
            ("TK111", "warning", false),
            ("TK102", "warning", false),
            ("TK110", "error", true)
        ]
    );
    // Each result points to the rule of its code.
    for result in results {
        let index =
            usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
}

#[test]
fn a_rule_at_level_off_complains_nowhere() {
    let mut check = over();
    check.judgements.truncate(1);
    check.judgements[0].level = Level::Off;
    assert_eq!(render(CheckKind::Github, &check), "");
    assert_eq!(render(CheckKind::Gitlab, &check), "[]\n");
}
