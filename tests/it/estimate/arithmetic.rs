//! Sums of price times tokens that published playbooks print, worked out by the
//! pricer.
//!
//! The expected dollars come from a program of its own that recomputes each
//! claim from the figures beside it; where a playbook prints something else, the
//! name of the line says so.

use tokopt::estimate::{Hits, PerCall, Request, Seller};
use tokopt::prices::PriceTable;
use tokopt::record::lane::Tier;
use tokopt::techniques::parameter::Value;
use tokopt::techniques::parameters::Assumptions;
use tokopt::units::Usd;

const MILLION: u64 = 1_000_000;

struct Sellers {
    table: PriceTable,
}

impl Sellers {
    fn get(&self, model: &str) -> Seller<'_> {
        Seller::new(self.table.find(None, model).expect(model), &Assumptions::typical())
    }

    /// What calls of so many plain tokens cost.
    fn plain(&self, model: &str, input: &str, output: &str, calls: u64) -> Usd {
        self.get(model).plain(value(input), value(output)).times(calls)
    }

    /// What calls cost whose whole prompt is an opening that is read in this
    /// share of them and written in the others.
    fn cached(&self, model: &str, opening: &str, hits: &str, calls: u64) -> Usd {
        let hits = Hits { share: value(hits), marked: true };
        self.get(model).live(&opening_of(opening), hits, Tier::Standard).times(calls)
    }

    /// What a call of so many tokens costs over models with shares.
    fn mix(&self, shares: &[(&str, i64)], input: &str, output: &str) -> PerCall {
        let states: Vec<(PerCall, Value)> = shares
            .iter()
            .map(|(model, share)| {
                let cost = self.get(model).plain(value(input), value(output));
                (cost, Value::hundredths(*share))
            })
            .collect();
        PerCall::mean(&states)
    }
}

fn sellers() -> Sellers {
    Sellers { table: super::prices() }
}

fn value(text: &str) -> Value {
    Value::parse(text).expect("a decimal")
}

fn opening_of(tokens: &str) -> Request {
    Request { head: value(tokens), ..Request::default() }
}

fn dollars(text: &str) -> Usd {
    Usd::from_decimal(text).expect("dollars")
}

/// Dollars at $3 and $15 per million tokens.
const SONNET: &str = "claude-sonnet-4-6";
/// $0.80 and $4.
const HAIKU_35: &str = "claude-3-5-haiku";
/// $1 and $5.
const HAIKU_45: &str = "claude-haiku-4-5";
/// $0.25 and $1.25.
const HAIKU_3: &str = "claude-3-haiku";
/// $5 and $25.
const OPUS: &str = "claude-opus-4-6";
/// $15 and $75.
const OPUS_41: &str = "claude-opus-4-1";
/// $0.15 and $0.60.
const MINI: &str = "gpt-4o-mini";
/// $0.30 and $1.20.
const TUNED_MINI: &str = "ft:gpt-4o-mini";
/// $30 and $60.
const GPT_4: &str = "gpt-4";

#[test]
fn plain_sums_of_the_playbooks() {
    let sellers = sellers();
    let lines: &[(&str, &str, &str, &str, u64, &str)] = &[
        // Token Cost Optimization Playbook
        ("a million in and 0.2 out, printed as $6,000", SONNET, "1000000", "200000", 1, "6"),
        ("documents of 50,000 tokens, 1,000 times", SONNET, "50000", "0", 1_000, "150"),
        ("five passages of 500, 1,000 times", SONNET, "2500", "0", 1_000, "7.5"),
        ("input of the worked example", SONNET, "30000", "0", 200_000, "18000"),
        ("output of the worked example", SONNET, "0", "500", 200_000, "1500"),
        ("all of the cascade on the cheapest model", HAIKU_35, "1000000", "200000", 1, "1.6"),
        // API-cost guide
        ("205 tokens, a million times", SONNET, "205", "0", MILLION, "615"),
        ("5,000 tokens, 100,000 times", SONNET, "5000", "0", 100_000, "1500"),
        // Token Economy Optimization
        ("50 million tokens a day on GPT-4", GPT_4, "1000000", "0", 50, "1500"),
        ("the same for a month", GPT_4, "1000000", "0", 1_500, "45000"),
        ("20 million tokens a day", SONNET, "1000000", "0", 20, "60"),
        ("one classification with examples", MINI, "1500", "50", 1, "0.000255"),
        ("20,000 a day for a month", MINI, "1500", "50", 600_000, "153"),
        ("one by a tuned model", TUNED_MINI, "200", "50", 1, "0.00012"),
        ("20,000 of those a day for a month", TUNED_MINI, "200", "50", 600_000, "72"),
        ("6,000 tokens, 50,000 times on GPT-4", GPT_4, "6000", "0", 50_000, "9000"),
        // five-lever guide
        ("4,000 tokens, 10,000 times, printed as $480", SONNET, "4000", "0", 10_000, "120"),
        ("10 million tokens a day, all answered", SONNET, "0", "1000000", 300, "4500"),
        ("60 % of the input of its example", SONNET, "3200", "0", 200_000, "1920"),
        ("60 % of its output, said to be more", SONNET, "0", "360", 200_000, "1080"),
        ("a router that reads 30 tokens", HAIKU_45, "99", "5", 1, "0.000124"),
        ("a router that reads the message", HAIKU_45, "1402", "5", 1, "0.001427"),
    ];
    for (line, model, input, output, calls, expected) in lines {
        assert_eq!(sellers.plain(model, input, output, *calls), dollars(expected), "{line}");
    }
    // 10 million tokens a day in calls of 4,000 and 600: 2,173.91 calls, $1,370
    // a month where the guide has $5,000.
    let month = sellers.plain(SONNET, "4000", "600", 65_217);
    assert_eq!(month, dollars("1369.557"));
    // Half of $1 per million is 0.50 in a batch; the guide prints 0.125.
    let none = Hits { share: Value::ZERO, marked: false };
    let batch = sellers.get(HAIKU_45).batched(&opening_of("1000000"), none);
    assert_eq!(batch.times(1), dollars("0.5"));
}

#[test]
fn openings_read_and_written() {
    let sellers = sellers();
    // (what, model, tokens, hit share, calls, dollars)
    let lines: &[(&str, &str, &str, &str, u64, &str)] = &[
        // 25,000 tokens at $3 are $0.075 uncached. Of it are saved 55.5, 67,
        // 78.5 %, where about 80 % is promised of all three.
        ("70 % hits", SONNET, "25000", "0.7", 1, "0.033375"),
        ("80 % hits", SONNET, "25000", "0.8", 1, "0.02475"),
        ("90 % hits", SONNET, "25000", "0.9", 1, "0.016125"),
        ("the same document every time", SONNET, "50000", "1", 1_000, "15"),
        // API-cost guide: 580 writes a month of 100,000 make its $160.
        ("99.42 % hits", SONNET, "5000", "0.9942", 100_000, "160.005"),
        ("70 % hits, said to be $160", SONNET, "5000", "0.7", 100_000, "667.5"),
        // Five-lever guide: its true $120 a day would be $53.40.
        ("70 % hits, printed as $156", SONNET, "4000", "0.7", 10_000, "53.4"),
        // Token Economy Optimization caches 2,000 tokens on a model that keeps
        // nothing below 2,048: full price.
        ("below the minimum", HAIKU_3, "2000", "1", 10_000, "5"),
    ];
    for (line, model, tokens, hits, calls, expected) in lines {
        assert_eq!(sellers.cached(model, tokens, hits, *calls), dollars(expected), "{line}");
    }
    // A provider that caches by itself, in steps of 128: 1,408 of 1,500 tokens
    // at half price, 50 answered; tuning then saves 19.7 %, not 53 %.
    let call = Request { head: value("1500"), output: value("50"), ..Request::default() };
    let always = Hits { share: Value::ONE, marked: false };
    let cached = sellers.get(MINI).live(&call, always, Tier::Standard).times(1);
    assert_eq!(cached, dollars("0.0001494"));
    // Free writes and reads at half price save 35 % at 70 % hits.
    let hits = Hits { share: value("0.7"), marked: false };
    let half = sellers.get("gpt-4o").live(&opening_of("12800"), hits, Tier::Standard).times(1);
    assert_eq!(half, dollars("0.0208"));
}

#[test]
fn mixes_of_models() {
    let sellers = sellers();
    let costs = |shares: &[(&str, i64)]| sellers.mix(shares, "1000000", "200000").times(1_000);
    // Playbook: 60/30/10 costs $5,760 of $6,000, not $1,260.
    assert_eq!(costs(&[(HAIKU_35, 60), (SONNET, 30), (OPUS_41, 10)]), dollars("5760"));
    // 80/18/2 saves 50.7 % at its prices and 52 % at today's, without a router.
    assert_eq!(costs(&[(HAIKU_35, 80), (SONNET, 18), (OPUS_41, 2)]), dollars("2960"));
    assert_eq!(costs(&[(HAIKU_45, 80), (SONNET, 18), (OPUS, 2)]), dollars("2880"));
    assert_eq!(costs(&[(HAIKU_3, 80), (SONNET, 18), (OPUS, 2)]), dollars("1680"));
    // The guide says 78 %; 52, 71.2 and 89.1 % depend on what it compares with:
    // $6,000, $10,000 and, with the dearer Opus, $30,000.
    assert_eq!(costs(&[(OPUS, 100)]), dollars("10000"));
    assert_eq!(costs(&[(OPUS_41, 100)]), dollars("30000"));
    assert_eq!(costs(&[(HAIKU_45, 80), (SONNET, 18), (OPUS_41, 2)]), dollars("3280"));

    // The guide's routing step: 70/25/5 of $3,800 at five readings of its
    // prices; it prints $1,700.
    let example = |cheap, dear| {
        sellers.mix(&[(cheap, 70), (SONNET, 25), (dear, 5)], "5333.333333", "200").times(200_000)
    };
    for (cheap, dear, expected) in [
        (HAIKU_45, OPUS, "2153.33"),
        (HAIKU_35, OPUS, "1976.00"),
        (HAIKU_45, OPUS_41, "2786.67"),
        (HAIKU_3, OPUS, "1488.33"),
        (HAIKU_3, OPUS_41, "2121.67"),
    ] {
        let apart = example(cheap, dear) - dollars(expected);
        let cent = dollars("0.01");
        assert!(apart < cent && dollars("-0.01") < apart, "{cheap} {dear} {apart:?}");
    }

    // Token Economy Optimization: 15 % GPT-4, 80 % mini (5 % need no model).
    // With 2,000 tokens $462; its $1,400 is about the same with 6,000, $1,386.
    let tiers = |tokens| {
        let states = [
            (sellers.get(GPT_4).plain(value(tokens), Value::ZERO), Value::hundredths(15)),
            (sellers.get(MINI).plain(value(tokens), Value::ZERO), Value::hundredths(80)),
        ];
        PerCall::mean(&states).times(50_000)
    };
    assert_eq!((tiers("2000"), tiers("6000")), (dollars("462"), dollars("1386")));
}

#[test]
fn fewer_calls_and_shorter_ones() {
    let sellers = sellers();
    // API-cost guide: three calls of a text of 1,000 tokens, 50 of instructions
    // and 60 answered made into one save 49.4 %, not 67 %.
    let three = sellers.plain(SONNET, "1050", "60", 3);
    let one = sellers.plain(SONNET, "1150", "180", 1);
    assert_eq!((three, one), (dollars("0.01215"), dollars("0.00615")));
    // Playbook: what one tuned call saves, and so the calls that repay $50 of
    // training at 1,000 and 50 tokens, $500 at 200 and 20.
    let calls = |fixed: &str, input: &str, output: &str| {
        let before = sellers.plain("gpt-4o-2024-05-13", input, output, 1);
        let saved = before - sellers.plain(TUNED_MINI, input, output, 1);
        let fixed = dollars(fixed).femto();
        (fixed + saved.femto() / 2) / saved.femto()
    };
    assert_eq!((calls("50", "1000", "50"), calls("500", "200", "20")), (9_276, 411_184));
    // Playbook: compression by a model costs 5 to 15 % of what it saves. At a
    // 30 % cut of 1,000 tokens, Haiku 4.5 for Sonnet costs 500 % of it, GPT-4o
    // mini 76 % for GPT-4o and 63 % for Sonnet.
    for (rewriter, model, percent) in
        [(HAIKU_45, SONNET, 500), (MINI, "gpt-4o", 76), (MINI, SONNET, 63)]
    {
        let fee = sellers.plain(rewriter, "1000", "700", 1).femto();
        let saved = sellers.plain(model, "300", "0", 1).femto();
        assert_eq!((fee * 100 + saved / 2) / saved, percent, "{rewriter} for {model}");
    }
}
