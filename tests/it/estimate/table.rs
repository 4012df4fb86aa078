//! The worked examples with their own shares, set through the pricer step by
//! step.
//!
//! No method of ours is between the shares and the sums: each bill is a mean of
//! whole states, priced, and what the documents charge beside it. The expected
//! bills come from a program of its own that multiplies the documents' figures
//! and shares nothing with tokopt.

use tokopt::estimate::{Hits, PerCall, Request, Seller};
use tokopt::prices::PriceTable;
use tokopt::record::lane::Tier;
use tokopt::techniques::parameter::Value;
use tokopt::techniques::parameters::Assumptions;
use tokopt::units::Usd;

const REQUESTS: u64 = 200_000;

fn value(text: &str) -> Value {
    Value::parse(text).expect("a decimal")
}

/// A part of a value.
fn part(whole: Value, share: Value) -> Value {
    Value::from_millionths(whole.millionths() * (share.millionths() / 10_000) / 100)
}

fn rest(share: Value) -> Value {
    Value::from_millionths(Value::MILLION - share.millionths())
}

fn seller<'t>(table: &'t PriceTable, model: &str, assumptions: &Assumptions) -> Seller<'t> {
    Seller::new(table.find(None, model).expect(model), assumptions)
}

#[track_caller]
fn meets(bills: &[Usd], expected: &[&str]) {
    assert_eq!(bills.len(), expected.len());
    for (bill, expected) in bills.iter().zip(expected) {
        let expected = Usd::from_decimal(expected).expect("dollars");
        let apart = (*bill - expected).max(expected - *bill);
        assert!(apart < Usd::from_decimal("0.01").expect("a cent"), "{bill:?}, not {expected:?}");
    }
}

/// What the eight-technique playbook leaves open or gives as a range.
#[derive(Clone, Copy)]
struct Reading {
    /// Whether retrieval and compression cut the stable opening too.
    everything: bool,
    /// Whether calls in a batch meet the cache as live ones do.
    hits_in_batch: bool,
    hits: Value,
    retrieval: Value,
    compression: Value,
    repeats: Value,
}

const MIDDLE: Reading = Reading {
    everything: false,
    hits_in_batch: false,
    hits: Value::hundredths(75),
    retrieval: Value::hundredths(55),
    compression: Value::hundredths(30),
    repeats: Value::hundredths(15),
};

/// The nine bills of that example: as it is, then each step on top.
fn assistant(reading: Reading) -> Vec<Usd> {
    let table = super::prices();
    let assumptions = Assumptions::typical();
    let found = |model| seller(&table, model, &assumptions);
    let (sonnet, haiku) = (found("claude-sonnet-4-6"), found("claude-3-5-haiku"));
    let (tuned, embedding) = (found("ft:gpt-4o-mini"), found("text-embedding-3-small"));
    let (easy, waits) = (Value::hundredths(60), Value::hundredths(30));
    let marked = Hits { share: reading.hits, marked: true };
    let none = Hits { share: Value::ZERO, marked: false };
    let both = |easy_calls: PerCall, hard_calls: PerCall| easy_calls.mix(hard_calls, easy);
    let live = |call: &Request| {
        both(haiku.live(call, marked, Tier::Standard), sonnet.live(call, marked, Tier::Standard))
    };
    let batched = |model: &Seller<'_>, call: &Request| {
        if reading.hits_in_batch {
            model.live(call, marked, Tier::Batch)
        } else {
            model.batched(call, none)
        }
    };
    let mut call = Request {
        head: value("25000"),
        fresh: value("5000"),
        output: value("500"),
        ..Request::default()
    };
    let mut bills = vec![
        sonnet.live(&call, none, Tier::Standard).times(REQUESTS),
        sonnet.live(&call, marked, Tier::Standard).times(REQUESTS),
    ];
    // A router that reads a tenth of what varies and writes ten tokens.
    let mut fees = haiku.plain(value("500"), value("10")).times(REQUESTS);
    bills.push(live(&call).times(REQUESTS) + fees);
    let cut = |call: &mut Request, share: Value| {
        call.fresh = part(call.fresh, rest(share));
        if reading.everything {
            call.head = part(call.head, rest(share));
        }
    };
    let embedded = embedding.plain(value("100"), Value::ZERO).times(REQUESTS);
    cut(&mut call, reading.retrieval);
    fees += embedded;
    bills.push(live(&call).times(REQUESTS) + fees);
    let before = live(&call).times(REQUESTS);
    cut(&mut call, reading.compression);
    let after = live(&call).times(REQUESTS);
    // "5 to 15 % of the savings": ten.
    fees += (before - after).mean_over(10).expect("ten");
    bills.push(after + fees);
    call.output = value("250");
    bills.push(live(&call).times(REQUESTS) + fees);
    let left = rest(reading.repeats);
    fees += embedded;
    bills.push(live(&call).scaled(left).times(REQUESTS) + fees);
    let in_batch = both(batched(&haiku, &call), batched(&sonnet, &call));
    bills.push(in_batch.mix(live(&call), waits).scaled(left).times(REQUESTS) + fees);
    // The tuned model keeps 13 % of the opening and takes all easy calls; its
    // training costs the middle of $50 to $500.
    let learnt = Request { head: part(call.head, Value::hundredths(13)), ..call };
    let tuned_live = tuned.plain(learnt.input(), learnt.output);
    let tuned_batch = tuned.batched(&learnt, none);
    let with_tuned = both(tuned_batch, batched(&sonnet, &call))
        .mix(both(tuned_live, sonnet.live(&call, marked, Tier::Standard)), waits);
    let training = Usd::from_decimal("275").expect("dollars");
    bills.push(with_tuned.scaled(left).times(REQUESTS) + fees + training);
    bills
}

#[test]
fn eight_steps_from_19500_dollars() {
    // A batch of calls that find no cache entry raises the bill: 3,685 to 3,805.
    let expected = [
        "19500", "10312.50", "5863", "4939.40", "4735.28", "4315.28", "3685.05", "3805.00",
        "3176.22",
    ];
    meets(&assistant(MIDDLE), &expected);
    let stacked = Reading { hits_in_batch: true, ..MIDDLE };
    meets(&assistant(stacked)[7..], &["3149.01", "2707.66"]);
    let everything = Reading { everything: true, ..MIDDLE };
    let expected = ["3149.15", "2549.55", "2129.55", "1833.77", "1788.65", "1690.62"];
    meets(&assistant(everything)[3..], &expected);
    let both = Reading { hits_in_batch: true, ..everything };
    meets(&assistant(both)[7..], &["1582.02", "1543.02"]);
}

#[test]
fn the_ends_of_the_playbooks_own_ranges_stay_above_its_850_dollars() {
    let hundredths = Value::hundredths;
    let low = Reading {
        hits_in_batch: true,
        hits: hundredths(70),
        retrieval: hundredths(40),
        compression: hundredths(20),
        repeats: hundredths(5),
        ..MIDDLE
    };
    let high = Reading {
        hits: hundredths(90),
        retrieval: hundredths(70),
        compression: hundredths(40),
        repeats: hundredths(25),
        ..low
    };
    for (reading, expected) in [
        (low, "3440.67"),
        (Reading { everything: true, ..low }, "2315.27"),
        (high, "1653.48"),
        (Reading { everything: true, ..high }, "939.64"),
    ] {
        meets(&assistant(reading)[8..], &[expected]);
    }
}

/// The six bills of the five-lever guide's example. `tight` is the call after
/// its last step.
fn app(minimum: Option<&str>, tight: (&str, &str)) -> Vec<Usd> {
    let table = super::prices();
    let mut assumptions = Assumptions::typical();
    if let Some(minimum) = minimum {
        assumptions.set("prompt-caching.min_prefix_tokens", minimum).expect("a parameter");
    }
    let found = |model| seller(&table, model, &assumptions);
    let (haiku, sonnet, opus) =
        (found("claude-haiku-4-5"), found("claude-sonnet-4-6"), found("claude-opus-4-6"));
    let (most, quarter, few) = (Value::hundredths(70), Value::hundredths(25), Value::hundredths(5));
    let none = Hits { share: Value::ZERO, marked: false };
    let marked = Hits { share: Value::hundredths(70), marked: true };
    let mix = |call: &Request, hits: Hits, lane: Tier| {
        PerCall::mean(&[
            (haiku.live(call, hits, lane), most),
            (sonnet.live(call, hits, lane), quarter),
            (opus.live(call, hits, lane), few),
        ])
    };
    // Calls in the batch meet the cache as live ones do.
    let lanes = |call: &Request| {
        mix(call, marked, Tier::Batch).mix(mix(call, marked, Tier::Standard), Value::hundredths(30))
    };
    let call = Request {
        head: value("4000"),
        fresh: value("1333.333333"),
        output: value("600"),
        ..Request::default()
    };
    let capped = Request { output: value("200"), ..call };
    let tight = Request { head: value(tight.0), fresh: value(tight.1), ..capped };
    let router = haiku.plain(call.fresh, value("10")).times(REQUESTS);
    let standard = |hits| mix(&capped, hits, Tier::Standard).times(REQUESTS) + router;
    vec![
        sonnet.live(&call, none, Tier::Standard).times(REQUESTS),
        sonnet.live(&capped, none, Tier::Standard).times(REQUESTS),
        standard(none),
        standard(marked),
        lanes(&capped).times(REQUESTS) + router,
        lanes(&tight).times(REQUESTS) + router,
    ]
}

#[test]
fn five_steps_from_5000_dollars() {
    // Only the model in the middle caches an opening of 4,000 tokens; the other
    // two ask for 4,096.
    let expected = ["5000", "3800", "2430", "2097", "1823.95", "1320.64"];
    meets(&app(None, ("2400", "800")), &expected);
    // 40 % of 5,333.33 tokens, taken from what varies first: 2,133.33 are all of
    // it and 800 of the opening.
    meets(&app(None, ("3200", "0"))[5..], &["1264.03"]);
    // What the guide takes for granted: no minimum.
    meets(&app(Some("0"), ("2400", "800"))[3..], &["1675.20", "1465.42", "1105.52"]);
}
