//! Figures that can be worked out by hand.

use serde_json::{Value, json};

use super::super::levels::Folder;
use super::{json as document, log, midnights, plain, printed};

/// The figures of a row by the names of its fields.
fn cells<'a>(row: &'a Value, names: &[&str]) -> Vec<&'a Value> {
    names.iter().map(|name| &row[*name]).collect()
}

fn names(found: &Value) -> Vec<&str> {
    let periods = found["periods"].as_array().expect("periods");
    periods.iter().map(|period| period["period"].as_str().expect("a name")).collect()
}

#[test]
fn days_have_their_totals_and_their_unit_costs() {
    let folder = Folder::new();
    // small: 500,000 uncached at 1 and 500,000 read at 0.1 micro-dollars, 10
    // output at 5: 0.55005 dollars; large ten times as much.
    let text = log([
        ("2026-06-01T00:00:00Z", "chat", "small", 1_000),
        ("2026-06-01T18:00:00Z", "chat", "large", 1_000),
        ("2026-06-03T00:00:00Z", "chat", "small", 1_000),
        ("2026-06-03T06:00:00Z", "chat", "small", 3_000),
    ]);
    let found = document(&folder, &[&folder.file("log.jsonl", &text)]);
    assert_eq!(names(&found), ["2026-06-01", "2026-06-02", "2026-06-03"]);
    let figures = [
        "calls",
        "input_tokens",
        "cost_usd",
        "cost_per_call_usd",
        "input_tokens_per_call",
        "cache_read_share",
        "error_share",
        "covered",
        "complete",
        "cost_change",
    ];
    let row = |at: usize| json!(cells(&found["periods"][at], &figures));
    assert_eq!(row(0), json!([2, 2_000_000, 6.05055, 3.025275, 1_000_000, 0.5, 0, 1, true, null]));
    // A day without a call is a known zero; nothing is known of a call of it.
    // From 6.05 dollars to nothing: a change of -1.
    assert_eq!(row(1), json!([0, 0, 0, null, null, null, null, 1, true, -1]));
    // The last day is covered for six of its hours.
    assert_eq!(
        row(2),
        json!([2, 4_000_000, 2.2001, 1.10005, 2_000_000, 0.5, 0, 0.25, false, null])
    );
    let warnings = found["warnings"].to_string();
    assert!(warnings.contains("1 day without a call: nothing was used, or logs are missing"));
}

#[test]
fn the_month_is_what_is_logged_and_the_mean_for_what_remains() {
    let folder = Folder::new();
    // Ten whole days of a dollar; half a dollar on half of the eleventh.
    let text = midnights(&[1_000; 10])
        + &plain("2026-06-11T00:00:00Z", 250)
        + &plain("2026-06-11T12:00:00Z", 250);
    let path = folder.file("log.jsonl", &text);
    let found = document(&folder, &[&path]);
    // 10.50 logged; half a day and the 12th to the 30th at a dollar.
    let forecast = &found["forecast"];
    let figures = ["month", "logged_usd", "remaining_days", "expected_usd", "p10_usd", "days_used"];
    assert_eq!(json!(cells(forecast, &figures)), json!(["2026-06", 10.5, 19.5, 30, null, 10]));
    assert_eq!(forecast["evidence"], "inferred");
    let note = found["forecast_note"].as_str().expect("a note");
    assert!(note.ends_with("no range: it needs 14 complete days"), "{note}");
}

#[test]
fn two_weeks_tell_weekends_from_working_days_and_give_a_range() {
    let folder = Folder::new();
    // From Monday to Sunday, twice: 2 dollars, on weekends 1; the last call
    // half an hour before midnight.
    let week = [2_000, 2_000, 2_000, 2_000, 2_000, 1_000, 1_000];
    let text = midnights(&[week, week].concat()) + &plain("2026-06-14T23:30:00Z", 0);
    let path = folder.file("log.jsonl", &text);
    let found = document(&folder, &[&path]);
    // 24 logged; from the 15th to the 30th 12 working days and 4 of weekends.
    let figures = ["logged_usd", "remaining_days", "expected_usd", "p10_usd", "p90_usd"];
    let forecast = &found["forecast"];
    assert_eq!(json!(cells(forecast, &figures)), json!([24, 16, 52, 52, 52]));
    assert_eq!((&forecast["by_weekday"], &forecast["days_used"]), (&json!(true), &json!(14)));

    // The log of the 13 days before the last is a day short of a range.
    let path = folder.file("short.jsonl", &midnights(&[week, week].concat()));
    let found = document(&folder, &[&path]);
    assert_eq!(cells(&found["forecast"], &["p10_usd", "days_used"]), [&Value::Null, &json!(13)]);
}

#[test]
fn a_range_is_as_wide_as_days_differ() {
    let folder = Folder::new();
    // Equal numbers of days of 1 and of 3 dollars, so that weekdays see both:
    // 14 days come to 28, and the 16 that remain to 32 in the mean.
    let weeks = [[1, 3, 1, 3, 1, 3, 1], [3, 1, 3, 1, 3, 1, 3]].concat();
    let days: Vec<u64> = weeks.iter().map(|dollars| dollars * 1_000).collect();
    let text = midnights(&days) + &plain("2026-06-14T23:59:00Z", 0);
    let found = document(&folder, &[&folder.file("log.jsonl", &text)]);
    let forecast = &found["forecast"];
    assert_eq!(forecast["expected_usd"], 60);
    // Sixteen draws of 1 or 3: a standard deviation of 4, whose 1.28-fold is
    // 5.1, and only even sums occur.
    let (low, high) = (&forecast["p10_usd"], &forecast["p90_usd"]);
    assert!([54, 56].map(Value::from).contains(low), "{low}");
    assert!([64, 66].map(Value::from).contains(high), "{high}");
}

#[test]
fn a_log_without_dates_has_numbered_days_and_thirty_of_them() {
    let folder = Folder::new();
    // Milliseconds from an unnamed start: 90 minutes, then two days later.
    let line = |milliseconds: u64, tokens: u64| {
        format!(
            "{{\"timestamp\": {milliseconds}, \"input_length\": {tokens}, \"output_length\": 0, \
             \"hash_ids\": [{milliseconds}]}}\n"
        )
    };
    const HOUR: u64 = 3_600_000;
    let text = line(HOUR, 500_000) + &line(23 * HOUR, 500_000) + &line(49 * HOUR, 1_000);
    let path = folder.file("trace.jsonl", &text);
    let found = document(&folder, &["--model", "small", &path]);
    // Days begin with the first call: two of them, and an instant of a third.
    assert_eq!(names(&found), ["day 1", "day 2", "day 3"]);
    assert_eq!(found["time_zone"], Value::Null);
    let calls: Vec<&Value> = (0..3).map(|at| &found["periods"][at]["calls"]).collect();
    assert_eq!(calls, [2, 0, 1]);
    // 1 dollar and nothing: half a dollar a day.
    let figures = ["month", "expected_usd", "p10_usd"];
    assert_eq!(json!(cells(&found["forecast"], &figures)), json!([null, 15, null]));
    let screen = printed(&folder, &["--model", "small", &path]);
    assert!(screen.contains("30 days at this rate: $15.00, "), "{screen}");
    assert!(screen.contains("the log has no dates: days are counted from its first call"));
}

#[test]
fn midnight_is_that_of_the_time_zone() {
    let folder = Folder::new();
    // Clocks in Berlin are set forward in the night to 29 March 2026.
    let text = plain("2026-03-28T22:59:59Z", 1_000)
        + &plain("2026-03-28T23:00:00Z", 2_000)
        + &plain("2026-03-29T21:59:59Z", 3_000)
        + &plain("2026-03-29T22:00:00Z", 4_000);
    let path = folder.file("log.jsonl", &text);
    let found = document(&folder, &["--timezone", "Europe/Berlin", &path]);
    assert_eq!(names(&found), ["2026-03-28", "2026-03-29", "2026-03-30"]);
    let costs: Vec<&Value> = (0..3).map(|at| &found["periods"][at]["cost_usd"]).collect();
    assert_eq!(costs, [1, 5, 4]);
    assert_eq!(found["time_zone"], "Europe/Berlin");
    assert_eq!(found["periods"][1]["complete"], true);
}

#[test]
fn weeks_begin_on_monday() {
    let folder = Folder::new();
    let text = plain("2026-06-07T23:00:00Z", 1_000) + &plain("2026-06-08T01:00:00Z", 2_000);
    let path = folder.file("log.jsonl", &text);
    let found = document(&folder, &["--by", "week", &path]);
    let edges = ["period", "first_day", "last_day", "cost_usd"];
    let row = |at: usize| json!(cells(&found["periods"][at], &edges));
    assert_eq!(row(0), json!(["2026-W23", "2026-06-01", "2026-06-07", 1]));
    assert_eq!(row(1), json!(["2026-W24", "2026-06-08", "2026-06-14", 2]));
}

/// A page of a usage export: start, days, dollars of prompts.
fn export(buckets: &[(&str, i64, u64)]) -> String {
    let buckets: Vec<Value> = buckets
        .iter()
        .map(|(start, days, dollars)| {
            let start: jiff::Timestamp = start.parse().expect("a time");
            let start = start.as_second();
            json!({"object": "bucket", "start_time": start, "end_time": start + days * 86_400,
                "results": [{"object": "organization.usage.completions.result", "model": "small",
                    "input_tokens": dollars * 1_000_000, "output_tokens": 0,
                    "num_model_requests": 4}]})
        })
        .collect();
    json!({"object": "page", "data": buckets, "has_more": false, "next_page": null}).to_string()
}

#[test]
fn a_period_of_an_export_is_never_spread() {
    let folder = Folder::new();
    let month = export(&[("2026-05-01T00:00:00Z", 31, 62), ("2026-06-01T00:00:00Z", 1, 3)]);
    let path = folder.file("export.json", &month);
    let found = document(&folder, &["--by", "day", &path]);
    let stray = ["calls", "cost_usd"];
    assert_eq!(json!(cells(&found["not_placed"], &stray)), json!([4, 62]));
    assert_eq!(found["periods"][31]["cost_usd"], 3);
    assert_eq!(found["forecast"], Value::Null);
    let reasons = [&found["standing_out"]["rule"], &found["forecast_note"]].map(Value::to_string);
    assert!(reasons.iter().all(|reason| reason.contains("reach over the end of a day")));
    let screen = printed(&folder, &["--by", "day", &path]);
    assert!(screen.contains("1 bucket of usage exports reach over the end of a day"), "{screen}");

    // Unasked, the periods are as long as those of the export.
    let found = document(&folder, &[&path]);
    assert_eq!((&found["by"], &found["by_reason"]), (&json!("month"), &json!("export")));
    assert_eq!(found["periods"][0]["cost_usd"], 62);
    assert_eq!(found["not_placed"]["calls"], 0);

    // A day of UTC is no day of another zone.
    let days = export(&[("2026-06-01T00:00:00Z", 1, 3), ("2026-06-02T00:00:00Z", 1, 4)]);
    let path = folder.file("days.json", &days);
    let found = document(&folder, &["--timezone", "Asia/Tokyo", &path]);
    assert_eq!(found["not_placed"]["cost_usd"], 7);
    assert!(found["warnings"].to_string().contains("or --timezone UTC in place of Asia/Tokyo"));
    // In its own zone the export covers its days to their last second.
    let found = document(&folder, &[&path]);
    assert_eq!((&found["complete_days"], &found["days"]), (&json!(2), &json!(2)));
}

#[test]
fn what_has_no_date_stands_apart() {
    let folder = Folder::new();
    let undated = "{\"model\": \"small\", \"provider\": \"openai\", \"input_tokens\": 7000000, \
                   \"output_tokens\": 0}\n";
    let path = folder.file("log.jsonl", &(midnights(&[1_000, 2_000]) + undated));
    let found = document(&folder, &[&path]);
    assert_eq!(json!(cells(&found["undated"], &["calls", "cost_usd"])), json!([1, 7]));
    assert_eq!(found["totals"]["cost_usd"], 10);
    // The forecast knows nothing of it.
    assert_eq!(found["forecast"]["logged_usd"], 3);
    let screen = printed(&folder, &[&path]);
    assert!(screen.lines().any(|line| line.trim_start().starts_with("undated ")), "{screen}");
}

#[test]
fn a_filter_leaves_the_covered_time_as_it_is() {
    let folder = Folder::new();
    let text = log([
        ("2026-06-01T00:00:00Z", "chat", "small", 1_000),
        ("2026-06-02T12:00:00Z", "batch", "small", 1_000),
        ("2026-06-04T00:00:00Z", "chat", "small", 1_000),
    ]);
    let path = folder.file("log.jsonl", &text);
    let found = document(&folder, &["--where", "feature=batch", &path]);
    let calls: Vec<&Value> = (0..4).map(|at| &found["periods"][at]["calls"]).collect();
    assert_eq!(calls, [0, 1, 0, 0]);
    // The log goes on on either side, so that these two days are whole.
    let days = ["--since", "2026-06-02", "--until", "2026-06-03"];
    let found = document(&folder, &[&days[..], &[&path]].concat());
    assert_eq!(names(&found), ["2026-06-02", "2026-06-03"]);
    assert_eq!(found["complete_days"], 2);
}

#[test]
fn an_unpriced_call_makes_a_lower_bound() {
    let folder = Folder::new();
    let text = midnights(&[1_000, 1_000, 1_000])
        + "{\"timestamp\": \"2026-06-02T05:00:00Z\", \"model\": \"in-house\", \
           \"input_tokens\": 5, \"output_tokens\": 5}\n";
    let path = folder.file("log.jsonl", &text);
    let screen = printed(&folder, &[&path]);
    assert!(screen.starts_with("At least $3.00 over 4 calls"), "{screen}");
    assert!(screen.contains("≥ $1.00"), "{screen}");
    assert!(screen.contains("2026-06: at least $"), "{screen}");
}

#[test]
fn a_day_that_stands_out_has_a_reason() {
    let folder = Folder::new();
    // Six days of 10 to 12 calls of 0.10 dollars; then 20 calls at 0.30 more.
    let mut text = String::new();
    for (day, calls) in (1..).zip([10, 11, 12, 11, 10, 12, 11, 20]) {
        for call in 0..calls {
            let time = format!("2026-06-{day:02}T{:02}:00:00Z", (call * 23) / calls);
            text.push_str(&plain(&time, if day == 7 { 400 } else { 100 }));
        }
    }
    text.push_str(&plain("2026-06-08T23:30:00Z", 0));
    let path = folder.file("log.jsonl", &text);
    let found = document(&folder, &[&path]);
    let days = &found["standing_out"]["days"];
    let figures = [
        "day",
        "cost_usd",
        "usual_cost_usd",
        "calls",
        "usual_calls",
        "by_calls_usd",
        "by_cost_per_call_usd",
    ];
    // Costs 1.0 1.1 1.2 1.1 1.0 1.2 4.4 2.0: the median is 1.15. Calls 10 11 12
    // 11 10 12 11 21: the median is 11. As many calls as usual on the seventh;
    // ten more on the eighth, at 1.15 / 11 dollars each: 1.045454545.
    assert_eq!(json!(cells(&days[0], &figures)), json!(["2026-06-07", 4.4, 1.15, 11, 11, 0, 3.25]));
    assert_eq!(
        json!(cells(&days[1], &figures)),
        json!(["2026-06-08", 2, 1.15, 21, 11, 1.045454545, -0.195454545])
    );
    // No call names a feature.
    assert_eq!(days[0]["feature"], Value::Null);
    assert_eq!(days[0]["model"]["difference_usd"], 3.25);
    let screen = printed(&folder, &["--top", "1", &path]);
    assert!(screen.contains("1 more: --top 2 shows them all"), "{screen}");
}

#[test]
fn a_log_with_few_days_of_use_has_no_usual_day() {
    let folder = Folder::new();
    let text = plain("2026-05-01T00:00:00Z", 1_000) + &plain("2026-06-01T00:00:00Z", 1_000);
    let found = document(&folder, &[&folder.file("log.jsonl", &text)]);
    let rule = found["standing_out"]["rule"].as_str().expect("a rule");
    assert!(rule.starts_with("not judged: only 1 of 31 complete days have a call"), "{rule}");
    // Thirty days of nothing are no evidence of a month of nothing.
    assert_eq!(found["forecast"], Value::Null);
    assert_eq!(
        found["forecast_note"],
        "no forecast: the latest 28 complete days are without a call"
    );
}
