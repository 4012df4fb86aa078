//! `tokopt analyze`: what is read, selected, printed and judged.

use super::{Folder, QUICKSTART, printed, refused, run, tokopt};

fn json(arguments: &[&str]) -> serde_json::Value {
    let arguments = [&["analyze", "--format", "json"], arguments].concat();
    serde_json::from_str(&printed(&arguments)).expect("JSON")
}

#[test]
fn the_first_command_of_the_readme() {
    insta::assert_snapshot!("cli_quickstart", printed(&["analyze", QUICKSTART]));
}

#[test]
fn the_quickstart_adds_up_to_what_was_worked_out_by_hand() {
    let document = json(&[QUICKSTART]);
    // 39 lines: 37 calls, one of them said twice, one line broken off.
    let counts = ["lines", "calls", "duplicates", "ignored", "rejected"];
    let counts = counts.map(|name| document["input"][name].as_u64());
    assert_eq!(counts, [39, 37, 1, 0, 1].map(Some));
    // claude-sonnet-4-5, six conversations of three calls: 6,000 uncached,
    // 85,000 read, 50,000 written, 1,020 generated each:
    //   6 x (6,000 x 3 + 85,000 x 0.3 + 50,000 x 3.75 + 1,020 x 15) = 1,477,800
    // claude-haiku-4-5 in batches, six calls of 90,000 and 2,400:
    //   6 x (90,000 x 0.5 + 2,400 x 2.5)                            =   306,000
    // gpt-5-mini, eleven calls (a twelfth failed), 213,000 of which 81,920
    // from the cache, 150 generated each:
    //   131,080 x 0.25 + 81,920 x 0.025 + 11 x 150 x 2               =    38,118
    // together, in millionths of a dollar                             = 1,821,918
    assert_eq!(document["totals"]["cost_usd"].to_string(), "1.821918");
    // 6 x 141,000 + 6 x 90,000 + 213,000 + 25,000 without a price.
    assert_eq!(document["totals"]["input_tokens"], 1_624_000);
    assert_eq!(document["prices"]["unpriced_models"][0]["model"], "acme-ranker-2");
}

#[test]
fn standard_input_is_read_where_no_path_is_given() {
    let text = std::fs::read(QUICKSTART).expect("the fixture");
    for arguments in [&["analyze", "--format", "json"][..], &["analyze", "--format", "json", "-"]] {
        let ran = run(tokopt(arguments).write_stdin(text.clone()));
        assert_eq!(ran.code, Some(0));
        let document: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        assert_eq!(document["input"]["files"][0]["path"], "-");
        assert_eq!(document["totals"]["cost_usd"].to_string(), "1.821918");
    }
}

#[test]
fn an_empty_log_is_done_and_says_that_it_is_empty() {
    let folder = Folder::new();
    let empty = folder.write("empty.jsonl", "");
    let screen = printed(&["analyze", &empty]);
    assert!(screen.contains("no log record"), "{screen}");
}

#[test]
fn what_cannot_be_read_is_refused_with_a_way_out() {
    let folder = Folder::new();
    let unknown = folder.write("unknown.jsonl", "{\"colour\": \"red\"}\n");
    for (arguments, error, hint) in [
        (
            vec!["analyze", "missing.jsonl"],
            "error: no file at `missing.jsonl`",
            "hint: give a file",
        ),
        (
            vec!["analyze", &unknown],
            "no format has the keys colour",
            "hint: name it with --input-format",
        ),
        (
            vec!["analyze", QUICKSTART, "--input-format", "morse"],
            "error: there is no input format `morse`",
            "hint: name one of openai-usage, ",
        ),
    ] {
        let text = refused(&arguments);
        assert!(text.contains(error) && text.contains(hint), "{text}");
    }
}

#[test]
fn a_slip_in_a_flag_is_refused_before_anything_is_read() {
    for (flags, error) in [
        (
            ["--by", "modle"],
            "error: --by: there is no dimension `modle`\nhint: did you mean `model`?\n",
        ),
        (
            ["--where", "usr=a"],
            "error: --where: there is no field `usr` to select by\nhint: did you mean `user`? a tag is written tag.NAME\n",
        ),
        (
            ["--timezone", "Mars/Olympus"],
            "error: --timezone: there is no time zone `Mars/Olympus`\nhint: use an IANA name, such as Europe/Berlin or UTC\n",
        ),
        (
            ["--model", "gpt-5-mimi"],
            "error: no price is known for the model `gpt-5-mimi`\nhint: did you mean gpt-5-mini",
        ),
        (["-o", "report.html"], "error: no report is written as .html yet"),
    ] {
        let text = refused(&["analyze", "missing.jsonl", flags[0], flags[1]]);
        assert!(text.starts_with(error), "{text}");
    }
    assert!(refused(&["analyze", "--colour"]).contains("--color"));
}

#[test]
fn a_selection_leaves_out_what_it_does_not_fit() {
    let calls = |flags: &[&str]| json(&[&[QUICKSTART], flags].concat())["totals"]["calls"].clone();
    assert_eq!(calls(&["--where", "feature=support-*"]), 18);
    assert_eq!(calls(&["--where", "feature=support-*,nightly-*"]), 24);
    assert_eq!(calls(&["--where", "feature=support-*", "--where", "user!=ada"]), 15);
    assert_eq!(calls(&["--where", "user="]), 6);
    assert_eq!(calls(&["--where", "status=error"]), 1);
    assert_eq!(calls(&["--since", "2026-06-02", "--until", "2026-06-02"]), 12);
    // 23:00 and 23:05 UTC are the next day in Berlin.
    assert_eq!(calls(&["--until", "2026-06-01"]), 12);
    assert_eq!(calls(&["--until", "2026-06-01", "--timezone", "Europe/Berlin"]), 10);
    assert_eq!(calls(&["--since", "2026-06-03T23:00:00Z"]), 2);
}

#[test]
fn tables_are_crossed_by_a_comma() {
    let flags = ["--by", "model,component", "--by", "hour", "--format", "csv"];
    let csv = printed(&[&["analyze", QUICKSTART], &flags[..]].concat());
    let cross = "\r\n\"model,component\",\"claude-sonnet-4-5,output_text\",18,,6120,0.0918,";
    assert!(csv.contains(cross), "{csv}");
    // Nine o'clock: the support calls, 6 x 141,000 tokens.
    assert!(csv.contains("\r\nhour,09,18,846000,6120,1.4778,"), "{csv}");
}

#[test]
fn strictness_fails_after_writing_and_says_why() {
    let folder = Folder::new();
    let report = folder.path("report.json");
    let ran = run(&mut tokopt(&["analyze", QUICKSTART, "--strict", "-q", "-o", &report]));
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.err,
        "error: --strict: 1 record rejected, the first at fixtures/quickstart/usage.jsonl:26: not valid JSON; \
         1 model without a price: acme-ranker-2\n\
         hint: the outputs were written; without --strict this is a warning\n"
    );
    assert!(folder.read("report.json").contains("\"cost_usd\": 1.821918"));
    let sound = ["--where", "model!=acme-*"];
    let text = std::fs::read_to_string(QUICKSTART).expect("the fixture");
    let whole: Vec<&str> = text.lines().filter(|line| line.ends_with('}')).collect();
    let log = folder.write("whole.jsonl", &whole.join("\n"));
    printed(&["analyze", &log, "--strict", sound[0], sound[1]]);
}

#[test]
fn a_price_file_prices_what_the_table_does_not() {
    let folder = Folder::new();
    let prices = folder.write(
        "prices.toml",
        "provider = \"in-house\"\nchecked = \"2026-06-01\"\n[[model]]\nid = \"acme-ranker-2\"\n\
         [[model.price]]\ninput = \"0.10\"\noutput = \"0\"\n",
    );
    let document = json(&[QUICKSTART, "--prices", &prices]);
    // 25,000 x 0.10 per million = 0.0025 more than 1.821918.
    assert_eq!(document["totals"]["cost_usd"].to_string(), "1.824418");
    assert_eq!(document["prices"]["unpriced_models"], serde_json::json!([]));
    let broken = folder.write("broken.toml", "[[model]]\nid = \"x\"\nprize = 1\n");
    let error = refused(&["analyze", QUICKSTART, "--prices", &broken]);
    assert!(error.starts_with("error: ") && error.contains("broken.toml"), "{error}");
}

#[test]
fn users_are_pseudonyms_unless_they_are_asked_for() {
    let folder = Folder::new();
    let key = folder.write("key", "a key that is long enough\n");
    let users = |flags: &[&str]| {
        let document = json(&[&[QUICKSTART], flags].concat());
        document["attribution"]["user"].to_string()
    };
    let (published, keyed, shown) =
        (users(&[]), users(&["--key-file", &key]), users(&["--show-users"]));
    assert!(shown.contains("\"cleo\"") && !published.contains("cleo") && !keyed.contains("cleo"));
    assert_ne!(published, keyed);
    let short = folder.write("short", "short");
    assert!(refused(&["analyze", QUICKSTART, "--key-file", &short]).contains("at least 16 bytes"));
}

#[test]
fn settings_are_found_above_and_flags_go_before_them() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("below")).expect("a folder");
    folder.write(
        "tokopt.toml",
        "[analyze]\nwhere = [\"user=ada\"]\n[[features.rule]]\nname = \"everything\"\nwhere = []\n",
    );
    let log = std::fs::canonicalize(QUICKSTART).expect("the fixture");
    let log = log.to_str().expect("a path in UTF-8");
    let from_below = |flags: &[&str]| {
        let arguments = [&["analyze", log, "--format", "json"], flags].concat();
        let mut command = tokopt(&arguments);
        command.env_remove("TOKOPT_CONFIG").env("XDG_CONFIG_HOME", folder.path("nobody"));
        run(command.current_dir(folder.path("below")))
    };
    let ran = from_below(&[]);
    assert!(ran.err.starts_with("settings: ") && ran.err.ends_with("tokopt.toml\n"), "{}", ran.err);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    // ada: three support calls, a search, a failed search, an unpriced one.
    assert_eq!(document["totals"]["calls"], 6);
    assert_eq!(document["attribution"]["feature"][0]["key"], "everything");
    let ran = from_below(&["--where", "user=eli", "--quiet"]);
    assert_eq!(ran.err, "");
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(document["totals"]["calls"], 3);
    folder.write("tokopt.toml", "[analyse]\n");
    let ran = from_below(&[]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("tokopt.toml:1: unknown field `analyse`"), "{}", ran.err);
    assert!(ran.err.ends_with("hint: did you mean `analyze`?\n"), "{}", ran.err);
}

#[test]
fn a_format_of_ones_own_needs_no_code() {
    let folder = Folder::new();
    let settings = folder.write(
        "settings.toml",
        "[formats.gateway.fields]\nmodel = \"req.llm\"\ninput_tokens = \"use.in\"\n\
         output_tokens = \"use.out\"\n",
    );
    let log = folder.write(
        "gateway.jsonl",
        "{\"req\":{\"llm\":\"gpt-5-mini\"},\"use\":{\"in\":1000000,\"out\":100000}}\n",
    );
    let document = json(&[&log, "--config", &settings]);
    // 1,000,000 x 0.25 + 100,000 x 2 per million.
    assert_eq!(document["totals"]["cost_usd"].to_string(), "0.45");
    let slip = folder.write("slip.toml", "[formats.gateway.fields]\nmodle = \"req.llm\"\n");
    let text = refused(&["analyze", &log, "--config", &slip]);
    assert!(text.starts_with("error: [formats]: format `gateway` maps `modle`"), "{text}");
}

#[test]
fn threads_never_show() {
    let with =
        |threads| printed(&["analyze", QUICKSTART, "--format", "json", "--threads", threads]);
    assert_eq!(with("1"), with("8"));
    assert!(refused(&["analyze", QUICKSTART, "--threads", "0"]).contains("'0'"));
}
