//! Bills held against what is priced, on small logs whose every figure can be
//! worked out by hand. Prices as in `levels.rs`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::levels::{Folder, requests, two_days};

/// One call of each model at noon of a day: 1.50 and 15 dollars.
fn both_models(day: &str) -> String {
    let noon = format!("2026-03-{day}T12:00:00Z");
    requests(&[
        (&noon, "openai", "small", 1_000_000, 100_000),
        (&noon, "openai", "large", 1_000_000, 100_000),
    ])
}

/// Code, model and amount of every cause, and what is left.
fn causes(document: &Value) -> (Vec<(String, String, String)>, String) {
    let found = &document["reconciliation"];
    let causes = found["causes"].as_array().expect("causes").iter().map(|cause| {
        let text = |field: &str| cause[field].as_str().unwrap_or_default().to_owned();
        (text("code"), text("model"), cause["amount_usd"].to_string())
    });
    (causes.collect(), found["unexplained_usd"].to_string())
}

fn one(code: &str, model: &str, amount: &str) -> (String, String, String) {
    (code.to_owned(), model.to_owned(), amount.to_owned())
}

/// The causes of a log and a bill.
fn explained(log: &str, bill: &str) -> (Vec<(String, String, String)>, String) {
    let folder = Folder::new();
    let (log, bill) = (folder.file("log.csv", log), folder.file("bill.csv", bill));
    causes(&folder.json(&[&log, "--invoice", &bill]))
}

#[test]
fn a_bill_that_fits_has_no_gap() {
    let folder = Folder::new();
    let log = folder.file("log.csv", &two_days());
    let bill = folder.file("bill.csv", "month,total\n2026-03,$4.50\n");
    let document = folder.json(&[&log, "--invoice", &bill]);
    let found = &document["reconciliation"];
    assert_eq!(found["priced_usd"].to_string(), "4.5");
    assert_eq!((&found["gap_usd"], &found["gap_share"]), (&json!(0), &json!(0)));
    assert_eq!(causes(&document), (vec![], "0".to_owned()));
    assert_eq!(found["files"][0]["format"], "invoice-csv");
    assert_eq!(found["month"][0]["key"], "2026-03");
    // The bill is no part of what was read and of what is priced.
    assert_eq!((&document["input"]["lines"], &document["billed"]), (&json!(2), &Value::Null));
    let (code, screen, _) = folder.run(&[&log, "--invoice", &bill]);
    assert_eq!(code, Some(0));
    assert!(screen.contains("$4.50 billed, $4.50 priced: no gap"), "{screen}");
}

#[test]
fn one_ratio_over_all_models_is_a_discount() {
    // A fifth off 1.50 and 15: 1.20 and 12; a tenth more: 1.65 and 16.50.
    let bill = |small, large| {
        format!(
            "month,provider,model,amount\n2026-03,openai,small,{small}\n2026-03,openai,large,{large}\n"
        )
    };
    assert_eq!(
        explained(&both_models("02"), &bill("1.20", "12.00")),
        (vec![one("DISCOUNT", "large", "-3"), one("DISCOUNT", "small", "-0.3")], "0".to_owned())
    );
    assert_eq!(
        explained(&both_models("02"), &bill("1.65", "16.50")),
        (vec![one("MARKUP", "large", "1.5"), one("MARKUP", "small", "0.15")], "0".to_owned())
    );
    // No ratio that both share: 1 less and 0.30 more.
    // Less may have come from a cache; that more was billed, nothing explains
    // but that the log is of one day.
    let (found, left) = explained(&both_models("02"), &bill("1.80", "14.00"));
    let expected = vec![one("CACHE_UNSEEN", "large", "-1"), one("PART_OF_PERIOD", "", "null")];
    assert_eq!((found, left.as_str()), (expected, "0.3"));
}

#[test]
fn the_price_of_a_tier_is_known_again() {
    // Half of 1.50, and all of 15.
    let bill =
        "month,provider,model,amount\n2026-03,openai,Small One,0.75\n2026-03,openai,large,15\n";
    assert_eq!(
        explained(&both_models("02"), bill),
        (vec![one("TIER", "small", "-0.75")], "0".to_owned())
    );
    // Where the log names its tiers, it is not.
    let tiers = "time,provider,model,input_tokens,output_tokens,service_tier,cache_read_input_tokens\n\
                 2026-03-02T12:00:00Z,openai,small,1000000,100000,batch,0\n";
    let bill = "month,provider,model,amount\n2026-03,openai,small,0.375\n";
    assert_eq!(explained(tiers, bill), (vec![], "-0.375".to_owned()));
}

#[test]
fn a_cache_that_the_log_does_not_tell_is_named_within_its_bounds() {
    let log = "time,provider,model,input_tokens,output_tokens\n\
               2026-03-02T12:00:00Z,openai,small,1000000,100000\n";
    let bill = |amount| format!("month,provider,model,amount\n2026-03,openai,small,{amount}\n");
    // All of the input from the cache would be 0.10 + 0.50 dollars.
    assert_eq!(
        explained(log, &bill("0.90")),
        (vec![one("CACHE_UNSEEN", "small", "-0.6")], "0".to_owned())
    );
    assert_eq!(explained(log, &bill("0.50")), (vec![], "-1".to_owned()));
    // A log that tells the split leaves nothing to guess.
    let told = "time,provider,model,input_tokens,output_tokens,cache_read_input_tokens\n\
                2026-03-02T12:00:00Z,openai,small,1000000,100000,0\n";
    assert_eq!(explained(told, &bill("0.90")), (vec![], "-0.6".to_owned()));
    // Nor does a bill that tells its meters and has none for the cache.
    let meters = "month,provider,model,meter,amount\n2026-03,openai,small,input,0.40\n\
                  2026-03,openai,small,output,0.50\n";
    assert_eq!(explained(log, meters), (vec![], "-0.6".to_owned()));
}

#[test]
fn models_of_one_side_are_named() {
    let log = requests(&[
        ("2026-03-02T12:00:00Z", "openai", "small", 1_000_000, 0),
        ("2026-03-02T12:00:00Z", "openai", "large", 1_000_000, 0),
        ("2026-03-02T12:00:00Z", "openai", "house-model", 5_000, 0),
    ]);
    let bill = "month,provider,model,amount\n2026-03,openai,small,1\n2026-03,openai,house-model,7\n\
                2026-03,openai,stranger,2\n";
    let folder = Folder::new();
    let (log, bill) = (folder.file("log.csv", &log), folder.file("bill.csv", bill));
    let document = folder.json(&[&log, "--invoice", &bill]);
    // Priced 1 + 10, billed 1 + 7 + 2.
    assert_eq!(document["reconciliation"]["gap_usd"].to_string(), "-1");
    assert_eq!(
        causes(&document),
        (
            vec![
                one("ONLY_IN_LOG", "large", "-10"),
                one("UNPRICED_MODEL", "house-model", "7"),
                one("ONLY_ON_BILL", "stranger", "2"),
            ],
            "0".to_owned()
        )
    );
    assert_eq!(document["reconciliation"]["unmatched_models"], json!(["house-model", "stranger"]));
    let rows = document["reconciliation"]["model"].as_array().expect("rows");
    let large = rows.iter().find(|row| row["key"] == "large").expect("a row");
    assert_eq!((&large["billed_usd"], &large["causes"]), (&Value::Null, &json!(["ONLY_IN_LOG"])));
}

#[test]
fn days_of_one_side_are_named() {
    // Requests on the 2nd and the 4th, bills for the 2nd, 3rd and 5th: 15 of
    // `large` and 1.50 of `small` each day.
    let fourth = both_models("04");
    let (_, fourth) = fourth.split_once('\n').expect("a header");
    let log = both_models("02") + fourth;
    let mut bill = "date,provider,model,cost\n".to_owned();
    for day in ["02", "03", "05"] {
        let _ = writeln!(bill, "2026-03-{day},openai,small,1.50\n2026-03-{day},openai,large,15");
    }
    let folder = Folder::new();
    let (log, bill) = (folder.file("log.csv", &log), folder.file("bill.csv", &bill));
    let document = folder.json(&[&log, "--invoice", &bill]);
    assert_eq!(
        causes(&document),
        (vec![one("MISSING_DAYS", "", "33"), one("DAYS_NOT_BILLED", "", "-16.5")], "0".to_owned())
    );
    assert_eq!(document["reconciliation"]["day"].as_array().map(Vec::len), Some(4));
    // What lies outside the days of the bill is not compared.
    let short = folder.file("short.csv", "date,amount\n2026-03-02,16.50\n");
    let document = folder.json(&[&log, "--invoice", &short]);
    let found = &document["reconciliation"];
    assert_eq!((&found["gap_usd"], &found["other_times"]), (&json!(0), &json!(2)));
    assert_eq!(found["other_times_usd"].to_string(), "16.5");
}

#[test]
fn meters_beside_tokens_are_taken_apart() {
    let bill = "month,provider,model,meter,amount\n2026-03,openai,small,,1.50\n\
                2026-03,openai,large,,15\n2026-03,openai,,tool,0.40\n2026-03,openai,,other,20\n";
    assert_eq!(
        explained(&both_models("02"), bill),
        (vec![one("OTHER_METERS", "", "20"), one("TOOLS", "", "0.4")], "0".to_owned())
    );
}

#[test]
fn rounding_and_list_prices_are_told_by_the_bill_itself() {
    let log = requests(&[("2026-03-02T12:00:00Z", "openai", "small", 1_234_567, 0)]);
    let bill = "month,provider,model,amount\n2026-03,openai,small,1.23\n";
    assert_eq!(
        explained(&log, bill),
        (vec![one("ROUNDING", "small", "-0.004567")], "0".to_owned())
    );
    let bill = "month,provider,model,amount,list_usd\n2026-03,openai,small,1.00,1.23\n";
    assert_eq!(
        explained(&log, bill),
        (
            vec![one("DISCOUNT", "small", "-0.23"), one("ROUNDING", "small", "-0.004567")],
            "0".to_owned()
        )
    );
}

#[test]
fn a_total_without_names_is_compared_as_a_whole() {
    // 4.50 priced, 6 billed: the log has two of March's 31 days, and one day
    // before and 28 after them are without any request.
    let (found, left) = explained(&two_days(), "month,amount\n2026-03,6\n");
    assert_eq!((found, left.as_str()), (vec![one("PART_OF_PERIOD", "", "null")], "1.5"));
}

#[test]
fn a_file_without_a_bill_is_refused() {
    let folder = Folder::new();
    let log = folder.file("log.csv", &two_days());
    let (code, out, errors) = folder.run(&[&log, "--invoice", &log]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(errors.contains("--invoice: no billed amount was found in"), "{errors}");
    let bad = folder.file("bad.csv", "month,amount\nMarch,12\n");
    let (code, _, errors) = folder.run(&[&log, "--invoice", &bad]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("line 2"), "{errors}");
}

#[test]
fn charges_alone_are_billed_and_nothing_else() {
    let folder = Folder::new();
    let bill = "date,provider,model,meter,account,amount\n2026-03-02,openai,small,input,team-a,1.00\n\
                2026-03-02,openai,small,output,team-a,0.50\n2026-03-03,openai,large,,team-b,15\n";
    let bill = folder.file("bill.csv", bill);
    let document = folder.json(&[&bill]);
    let billed = &document["billed"];
    assert_eq!(
        (billed["billed_usd"].to_string(), &billed["charges"]),
        ("16.5".to_owned(), &json!(3))
    );
    assert_eq!(billed["model"][0]["key"], "large");
    assert_eq!(billed["day"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&document["totals"]["calls"], &document["totals"]["cost_usd"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(
        (&document["input"]["charges"], &document["reconciliation"]),
        (&json!(3), &Value::Null)
    );
    let (code, screen, _) = folder.run(&[&bill]);
    assert_eq!(code, Some(0));
    assert!(screen.starts_with("$16.50 billed in 3 lines, 2026-03-02 to 2026-03-04"), "{screen}");
    assert!(!screen.contains("team-a"), "accounts are pseudonyms");
    // The same bill twice is one.
    let again = folder.file("again.csv", &std::fs::read_to_string(&bill).expect("the bill"));
    assert_eq!(folder.json(&[&bill, &again])["billed"], document["billed"]);
}

#[test]
fn a_cost_export_among_the_logs_is_compared_and_adds_nothing() {
    let folder = Folder::new();
    let log = folder.file("log.csv", &both_models("02"));
    let bill = folder.file(
        "bill.csv",
        "date,provider,model,amount\n2026-03-02,openai,small,1.50\n2026-03-02,openai,large,18\n",
    );
    let (alone, both) = (folder.json(&[&log]), folder.json(&[&log, &bill]));
    for block in ["totals", "attribution", "ladder", "metrics", "window"] {
        assert_eq!(alone[block], both[block], "{block}");
    }
    assert_eq!(both["reconciliation"]["gap_usd"].to_string(), "3");
    assert_eq!(both["reconciliation"]["unexplained_usd"].to_string(), "3");
    assert_eq!(both["billed"]["billed_usd"].to_string(), "19.5");
}

#[test]
fn a_usage_export_tells_which_requests_are_missing() {
    let folder = Folder::new();
    let log = folder.file("log.csv", &two_days());
    // A day of 4.50 dollars and one of 3: 3 dollars more than the requests.
    let usage = r#"{"object":"page","data":[{"object":"bucket","start_time":1772409600,"end_time":1772496000,"results":[{"object":"organization.usage.completions.result","model":"small","input_tokens":4000000,"output_tokens":100000,"num_model_requests":9}]},{"object":"bucket","start_time":1772496000,"end_time":1772582400,"results":[{"object":"organization.usage.completions.result","model":"small","input_tokens":2000000,"output_tokens":200000,"num_model_requests":1}]}],"has_more":false}"#;
    let usage = folder.file("usage.json", usage);
    let bill = folder.file(
        "bill.csv",
        "date,provider,model,amount\n2026-03-02,openai,small,4.50\n2026-03-03,openai,small,3.25\n",
    );
    let document = folder.json(&[&log, &usage, "--invoice", &bill]);
    assert_eq!(causes(&document), (vec![one("REQUESTS_MISSING", "", "3")], "0.25".to_owned()));
}

#[test]
fn display_names_on_a_bill_are_known() {
    // The bill's name of the model, and the log's with its date.
    let folder = Folder::new();
    let log = folder.file(
        "log.csv",
        &requests(&[("2026-03-02T12:00:00Z", "anthropic", "claude-haiku-4-5-20251001", 1_000, 0)]),
    );
    let bill = folder
        .file("bill.csv", "month,provider,model,amount\n2026-03,anthropic,Claude Haiku 4.5,0.01\n");
    let document = folder.json(&[&log, "--invoice", &bill]);
    let found = &document["reconciliation"];
    assert_eq!(found["unmatched_models"], json!([]));
    assert_eq!(found["model"].as_array().map(Vec::len), Some(1));
}

#[test]
fn every_report_shows_both_sides() {
    let folder = Folder::new();
    let log = folder.file("log.csv", &both_models("02"));
    let bill = folder.file(
        "bill.csv",
        "month,provider,model,amount\n2026-03,openai,small,0.75\n2026-03,openai,large,15\n",
    );
    let (page, tables) = (folder.path("report.md"), format!("{}/", folder.path("tables")));
    let (code, screen, errors) =
        folder.run(&[&log, "--invoice", &bill, "-o", &page, "-o", &tables]);
    assert_eq!(code, Some(0), "{errors}");
    let read = |path: &str| std::fs::read_to_string(path).expect("a report");
    let page = read(&page);
    for text in [&screen, &page] {
        assert!(text.contains("Priced against billed"), "{text}");
        assert!(text.contains("TIER"), "{text}");
    }
    assert!(page.contains("| small | 1 | $1.50 | $0.7500 | -$0.7500 | -50.0 % | TIER |"), "{page}");
    let sides = read(&folder.path("tables/reconciliation.csv"));
    assert!(sides.contains("total,,2,16.5,15.75,-0.75,-0.045455,\r\n"), "{sides}");
    let causes = read(&folder.path("tables/gap_causes.csv"));
    assert!(causes.contains("TIER,small,-0.75,"), "{causes}");
}
