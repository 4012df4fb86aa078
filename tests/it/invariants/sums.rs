//! The rows of every table add up to the totals: tokens exactly, money digit
//! for digit.

use super::*;

fn check_rows<'a>(
    what: &str,
    rows: impl Iterator<Item = &'a Figures> + Clone,
    document: &Document,
) {
    let nano = |cost: Option<NanoUsd>| cost.map_or(0, NanoUsd::nano);
    let tokens = |count: Option<Tokens>| count.unwrap_or_default().get();
    let totals = &document.totals;
    let cost: i128 = rows.clone().map(|row| nano(row.cost_usd)).sum();
    assert_eq!(cost, nano(totals.cost_usd), "{what}: cost");
    let input: u64 = rows.clone().map(|row| tokens(row.input_tokens)).sum();
    assert_eq!(input, tokens(totals.input_tokens), "{what}: input");
    let output: u64 = rows.map(|row| tokens(row.output_tokens)).sum();
    assert_eq!(output, tokens(totals.output_tokens), "{what}: output");
}

/// Checks every table of a document that has rows.
fn check_tables(document: &Document) {
    for dimension in Dimension::ALL {
        let rows = document.attribution.rows(dimension).unwrap_or_default();
        if !rows.is_empty() {
            check_rows(dimension.name(), rows.iter().map(|row| &row.figures), document);
        }
    }
    assert_eq!(document.attribution.crosses.len(), settings().crosses.len());
    for cross in &document.attribution.crosses {
        let what = format!("{:?}", cross.dimensions);
        check_rows(&what, cross.rows.iter().map(|row| &row.figures), document);
    }
    let totals = &document.totals;
    let get = |tokens: Option<Tokens>| tokens.unwrap_or_default().get();
    assert!(
        get(totals.cache_read_input_tokens) + get(totals.cache_write_input_tokens)
            <= get(totals.input_tokens)
    );
}

#[test]
fn rows_of_the_fixtures_add_up() {
    let mut priced = 0;
    for fixture in fixtures() {
        let paths = [fixture.to_string_lossy().into_owned()];
        // What no format knows is tested elsewhere.
        let Ok(log) = read(&paths, ReadOptions::default(), &()) else { continue };
        let document = document_of(&log);
        priced += usize::from(document.totals.cost_usd.is_some_and(|cost| cost.nano() > 0));
        check_tables(&document);
    }
    assert!(priced > 10, "{priced} fixtures cost something");
    let all = log_of(&[fixtures_folder().to_string_lossy().into_owned()], ReadOptions::default());
    check_tables(&document_of(&all));
}

/// A flat record, some of whose fields are missing.
fn record() -> impl Strategy<Value = Value> {
    let names = |names: &'static [&'static str]| prop::option::of(prop::sample::select(names));
    let count = |most: u64| prop::option::of(0..most);
    (
        (
            names(&["gpt-4.1", "gpt-5-mini", "claude-sonnet-4-5", "deepseek-chat", "nobody-knows"]),
            names(&["a", "b", "c"]),
            names(&["u1", "u2"]),
            names(&["batch", "flex", "default"]),
        ),
        (count(300_000), 0..1_000_u64, 0..1_000_u64, count(9_000), 0..1_000_u64),
        (prop::option::of(1_750_000_000..1_790_000_000_u64), names(&["t1", "t2"])),
    )
        .prop_map(
            |(
                (model, feature, user, tier),
                (input, read, written, output, reasoning),
                (time, conversation),
            )| {
                let part = |whole: Option<u64>, thousandths: u64| {
                    whole.map(|whole| whole * thousandths / 1_000)
                };
                let read = part(input, read);
                let written = part(input.zip(read).map(|(input, read)| input - read), written);
                let fields = json!({
                    "model": model, "feature": feature, "user": user, "service_tier": tier,
                    "input_tokens": input, "cached_input_tokens": read,
                    "cache_write_input_tokens": written, "output_tokens": output,
                    "reasoning_tokens": part(output, reasoning),
                    "timestamp": time, "conversation_id": conversation,
                });
                let known =
                    fields.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
                Value::Object(known.map(|(key, value)| (key.clone(), value.clone())).collect())
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rows_of_any_log_add_up(records in prop::collection::vec(record(), 1..40)) {
        let first = json!({"model": "gpt-4.1", "input_tokens": 1, "output_tokens": 1});
        let mut text = format!("{first}\n");
        for record in &records {
            let _ = writeln!(text, "{record}");
        }
        let log = log_of_text(&text);
        prop_assert_eq!(log.accounting.files[0].lines, 1 + records.len() as u64);
        check_tables(&document_of(&log));
    }
}
