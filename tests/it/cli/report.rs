//! `tokopt report`: the reports of `analyze`, made of what it saved.

use std::io::Write as _;

use super::{Folder, QUICKSTART, printed, refused, run, tokopt};

/// An analysis that the first version of the layout was written for.
const FIRST_VERSION: &str = "fixtures/saved/analysis-1.0.json";

/// Every output of a command, with what it printed.
fn reports(folder: &Folder, command: &[&str]) -> Vec<(String, String)> {
    std::fs::create_dir(folder.path("out")).expect("a new folder");
    let places = ["a.json", "a.md", "a.csv", "a.txt", "tables/"];
    let places = places.map(|name| folder.path(&format!("out/{name}")));
    let outputs = places.iter().flat_map(|place| ["-o", place.as_str()]);
    let tables = ["--by", "model,component", "--by", "day", "--top", "3"];
    let arguments: Vec<&str> = command.iter().copied().chain(outputs).chain(tables).collect();
    let mut found = vec![("screen".to_owned(), printed(&arguments))];
    for below in ["out", "out/tables"] {
        for name in folder.list(below).into_iter().filter(|name| name != "tables") {
            let text = folder.read(&format!("{below}/{name}"));
            found.push((name, text));
        }
    }
    found
}

#[test]
fn a_report_of_a_saved_analysis_is_the_report_of_its_log() {
    for more in
        [&["--what-if", "gpt-5-mini=gpt-5-nano"][..], &["--invoice", "fixtures/saved/bill.csv"]]
    {
        let (first, second) = (Folder::new(), Folder::new());
        let of_log = reports(&first, &[&["analyze", QUICKSTART], more].concat());
        let of_analysis = reports(&second, &["report", &first.path("out/a.json")]);
        assert!(of_log.len() > 20, "{}", of_log.len());
        assert_eq!(of_log, of_analysis);
    }
}

#[test]
fn an_older_analysis_is_shown_whole() {
    insta::assert_snapshot!("cli_report_first_version", printed(&["report", FIRST_VERSION]));
}

#[test]
fn standard_input_and_compressed_files_are_read() {
    let folder = Folder::new();
    let text = std::fs::read(FIRST_VERSION).expect("the fixture");
    let expected = printed(&["report", FIRST_VERSION, "--format", "md"]);
    let zipped = folder.path("analysis.json.gz");
    let file = std::fs::File::create(&zipped).expect("a file");
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gzip.write_all(&text).and_then(|()| gzip.finish()).expect("written");
    let packed = folder.path("analysis");
    std::fs::write(&packed, zstd::encode_all(&*text, 3).expect("packed")).expect("written");
    for path in [&zipped, &packed] {
        assert_eq!(printed(&["report", path, "--format", "md"]), expected);
    }
    let mut command = tokopt(&["report", "-", "--format", "md"]);
    assert_eq!(run(command.write_stdin(text)).out, expected);
}

#[test]
fn what_is_no_saved_analysis_is_named_and_said_what_to_do() {
    let folder = Folder::new();
    let analysis = std::fs::read_to_string(FIRST_VERSION).expect("the fixture");
    let version = |version: &str| analysis.replacen("\"1.0\"", version, 1);
    let inspection = printed(&["inspect", QUICKSTART, "--format", "json"]);
    let mut refusals = String::new();
    for (name, text) in [
        ("empty.json", ""),
        ("blank.json", " \n"),
        ("usage.jsonl", "{\"model\":\"m\",\"input_tokens\":3}\n"),
        ("unknown.jsonl", "{\"colour\":1}\n{\"colour\":2}\n"),
        ("rows.json", "[{\"colour\":1}]"),
        ("usage.csv", "model,input_tokens\nm,3\n"),
        ("other.json", "{\"totals\":{}}"),
        ("broken.json", "{\"model\":"),
        ("inspection.json", &inspection),
        ("cut.json", &analysis[..20_000]),
        ("twice.json", &format!("{analysis}{analysis}")),
        ("unit.json", &analysis.replacen("\"calls\": 37", "\"calls\": \"many\"", 1)),
        ("missing.json", &analysis.replacen("\"input\":", "\"inputs\":", 1)),
        ("newer.json", &version("\"2.0\"")),
        ("unversioned.json", &version("1")),
    ] {
        folder.write(name, text);
        let mut command = tokopt(&["report", name]);
        let ran = run(command.current_dir(folder.path("")));
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{name}");
        refusals.push_str(&ran.err);
    }
    let mut missing = tokopt(&["report", "gone.json"]);
    refusals.push_str(&run(missing.current_dir(folder.path(""))).err);
    insta::assert_snapshot!("cli_report_refusals", refusals);
}

#[test]
fn an_analysis_that_is_given_for_a_log_is_named() {
    for command in ["analyze", "inspect", "backtest"] {
        let refusal = refused(&[command, FIRST_VERSION]);
        assert_eq!(
            refusal,
            format!(
                "error: `{FIRST_VERSION}` is a saved analysis, not a log\n\
                 hint: show it: tokopt report {FIRST_VERSION}\n"
            )
        );
    }
}

#[test]
fn a_newer_layout_is_shown_with_a_warning() {
    let folder = Folder::new();
    let analysis = std::fs::read_to_string(FIRST_VERSION).expect("the fixture");
    let newer = analysis.replacen("\"1.0\"", "\"1.99\",\n  \"weather\": {\"sunny\": [1.5]}", 1);
    let newer = folder.write("newer.json", &newer);
    let screen = printed(&["report", &newer]);
    let (shown, warning) = (
        printed(&["report", FIRST_VERSION]),
        "The analysis was saved with layout 1.99, and this tokopt knows",
    );
    assert!(screen.contains(warning) && !shown.contains(warning), "{screen}");
    // The warning apart, it is the same report.
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (screen, shown) = (lines(&screen), lines(&shown));
    assert!(shown.iter().all(|line| screen.contains(line)));
    assert!(screen.len() <= shown.len() + 2, "{} {}", screen.len(), shown.len());
    // It goes on saying so when it is saved again.
    let again = folder.path("again.json");
    printed(&["report", &newer, "-q", "-o", &again]);
    assert!(printed(&["report", &again]).contains(warning));
}

#[test]
fn a_table_that_was_not_saved_is_refused() {
    let refusal = refused(&["report", FIRST_VERSION, "--by", "day", "--by", "conversation"]);
    insta::assert_snapshot!(refusal, @r"
    error: --by: the saved analysis has no table by conversation
    hint: make it with one: tokopt analyze LOG --by conversation -o analysis.json
    ");
    // Its dimensions turned around are another table.
    let turned = refused(&["report", FIRST_VERSION, "--by", "component,model"]);
    assert!(turned.contains("no table by component,model"), "{turned}");
}

#[test]
fn nothing_is_written_over_the_analysis() {
    let folder = Folder::new();
    let saved = folder.path("models.csv");
    std::fs::copy(FIRST_VERSION, &saved).expect("a copy");
    let text = folder.read("models.csv");
    for output in [saved.clone(), format!("json={saved}"), folder.path("")] {
        let refusal = refused(&["report", &saved, "-o", "md=out.md", "-o", &output]);
        assert!(refusal.contains("would replace the file it is made from"), "{output}: {refusal}");
    }
    assert_eq!(folder.list("."), ["models.csv"]);
    assert_eq!(folder.read("models.csv"), text);
    // Saved again elsewhere it is the same analysis, in the present layout.
    let again = folder.path("again.json");
    assert_eq!(printed(&["report", &saved, "-q", "-o", &again]), "");
    assert_eq!(printed(&["report", &again]), printed(&["report", &saved]));
}
