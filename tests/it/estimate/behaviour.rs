//! How the closed forms behave, each on a class small enough to work out by
//! hand, and what a wrong description is told.

use tokopt::estimate::{EstimateError, estimate, forced};
use tokopt::ladder::order::Order;
use tokopt::techniques::id::{Set, TechniqueId};
use tokopt::units::NanoUsd;

use super::{code, ladder, prices, step, workload};

/// A thousand requests to a model at $3 and $15 that are not routed, shortened
/// or looked up; `more` adds fields.
fn class(more: &str) -> String {
    format!(
        "[assumptions.output-capping]\nbrevity = 0\n[assumptions.semantic-dedup]\nnear = 0\n\
         [assumptions.model-routing]\nrouter = 0\n\
         [[class]]\nrequests = 1000\nmodel = 'claude-sonnet-4-6'\n{more}"
    )
}

fn dollars(amount: NanoUsd) -> String {
    amount.to_string()
}

fn bill(text: &str, set: &[(&str, &str)], used: Set) -> String {
    dollars(forced(&workload(text, set).expect("a workload"), &prices(), used).expect("a bill"))
}

#[test]
fn an_opening_counts_from_the_minimum_on() {
    let caching = TechniqueId::PromptCaching;
    for (tokens, reason) in [(1_023, "BELOW_MIN_PREFIX"), (1_024, ""), (1_025, "")] {
        let text = class(&format!("system_tokens = {tokens}\nuser_tokens = 9\noutput_tokens = 1"));
        assert_eq!(code(&ladder(&text, &[]), caching), reason, "{tokens}");
    }
}

#[test]
fn a_cache_that_is_hardly_read_costs_more_than_none() {
    let text = class("system_tokens = 2000\nuser_tokens = 9\noutput_tokens = 1\nhit_rate = 0.2");
    let found = ladder(&text, &[]);
    let skip = step(&found, TechniqueId::PromptCaching).skip.clone().expect("not used");
    // 2,000 tokens at $3, times 0.2 × 0.1 + 0.8 × 1.25 − 1 = 0.02.
    assert_eq!((skip.code, skip.amount.map(dollars)), ("RAISES_COST", Some("0.12".to_owned())));
    // It breaks even at (1.25 − 1) / (1.25 − 0.1), 21.7 %.
    let text = text.replace("hit_rate = 0.2", "hit_rate = 0.22");
    assert_eq!(code(&ladder(&text, &[]), TechniqueId::PromptCaching), "");
}

#[test]
fn a_provider_that_caches_by_itself_already_does() {
    let text = "[[class]]\nrequests = 1000\nmodel = 'gpt-4o'\nsystem_tokens = 1280\n\
                user_tokens = 100\noutput_tokens = 10\nhit_rate = 0.5";
    let found = ladder(text, &[]);
    assert_eq!(code(&found, TechniqueId::PromptCaching), "ALREADY_ON");
    // Half of the calls read 1,280 tokens at $1.25 for $2.50, in all $2.65
    // instead of $3.45, and $0.10 of output.
    assert_eq!(dollars(found.totals.cost(Set::NONE)), "2.75");
}

#[test]
fn the_cheaper_of_the_lanes_is_taken() {
    let batch = TechniqueId::BatchApi;
    let caching = TechniqueId::PromptCaching;
    // All can wait; 10,000 tokens of opening, nothing else to speak of. Cached
    // at 90 % hits they cost 0.9 × 0.1 + 0.1 × 1.25 = 0.215, in a batch 0.5.
    let text = class(
        "system_tokens = 10000\nuser_tokens = 1\noutput_tokens = 0\nbatchable_share = 1\n\
         hit_rate = 0.9",
    );
    let found = ladder(&text, &[]);
    assert_eq!(found.totals.accepted(), caching.set());
    assert_eq!(code(&found, batch), "COUNTERPRODUCTIVE_IN_COMBINATION");
    // A cache beats a batch from 65.2 % hits on.
    let accepted = |rate: &str| {
        ladder(&text.replace("hit_rate = 0.9", &format!("hit_rate = {rate}")), &[])
            .totals
            .accepted()
    };
    assert_eq!((accepted("0.64"), accepted("0.66")), (batch.set(), caching.set()));
}

#[test]
fn batches_wait_for_nobody_in_a_conversation() {
    let text = class("user_tokens = 100\noutput_tokens = 10\nbatchable_share = 1\nturns = 2");
    assert_eq!(code(&ladder(&text, &[]), TechniqueId::BatchApi), "MULTI_TURN");
    let text = class("user_tokens = 100\noutput_tokens = 10");
    let found = ladder(&text, &[]);
    let skip = step(&found, TechniqueId::BatchApi).skip.clone().expect("not used");
    assert_eq!((skip.code, skip.unknown), ("NOT_STATED", true));
}

#[test]
fn escalated_questions_are_paid_twice() {
    let text = class("document_tokens = 50000\nuser_tokens = 100\noutput_tokens = 100");
    let retrieval = TechniqueId::EmbeddingRetrieval.set();
    // 2,600 tokens at $3 and 100 at $15 for 1,000 requests are $9.30; 30 % of
    // them again with 50,100 tokens, $151.80 for all, are $45.54. 100 tokens of
    // each question embedded at $0.02 are $0.002, and 50 million of documents
    // $1 over twelve months.
    assert_eq!(bill(&text, &[], retrieval), "54.925333333");
    let stable = text.clone() + "\nstable_documents = true";
    // The same documents every time are embedded once: $0.001 over a year.
    assert_eq!(bill(&stable, &[], retrieval), "54.842083333");
    // Read at 99 % hits a document costs 0.1115 of its price. A tenth of it
    // uncached, and 0.3 of 0.1115 again, is more.
    let cached = stable.replace("= 50000", "= 25000") + "\nhit_rate = 0.99";
    let found = ladder(&cached, &[]);
    let reason = code(&found, TechniqueId::EmbeddingRetrieval);
    assert_eq!(reason, "COUNTERPRODUCTIVE_IN_COMBINATION");
}

#[test]
fn repeats_cost_nothing_and_looking_them_up_does() {
    let text = "[assumptions.output-capping]\nbrevity = 0\n[assumptions.model-routing]\nrouter = 0\n\
                [[class]]\nrequests = 1000\nmodel = 'claude-sonnet-4-6'\nuser_tokens = 1000\noutput_tokens = 100\n\
                repeated_share = 0.1";
    let dedup = TechniqueId::SemanticDedup.set();
    // $4.50; 0.1 repeats and of the others 0.1 × 0.95 leave 0.8145 of it, and
    // every question is embedded: a million tokens at $0.02.
    assert_eq!(bill(text, &[], dedup), "3.68525");
    let found = ladder(text, &[]);
    let levers = &step(&found, TechniqueId::SemanticDedup).levers;
    // $0.45 by exact repeats, the rest by near ones.
    let rows: Vec<(&str, String)> =
        levers.iter().map(|lever| (lever.name, dollars(lever.saving))).collect();
    assert_eq!(rows, [("exact", "0.45".to_owned()), ("near", "0.36475".to_owned())]);
}

#[test]
fn an_unlikely_model_for_easy_calls_is_not_counted_twice() {
    // Tuned and routed calls are the same easy ones: the tuned model takes 0.8,
    // the cheaper one nothing that is left of its 0.5.
    let text = "
        [assumptions.output-capping]
        brevity = 0
        [assumptions.semantic-dedup]
        near = 0
        [assumptions.fine-tuning]
        examples = 0
        [assumptions.model-routing]
        router_prompt_tokens = 0
        router_output_tokens = 0
        [[class]]
        requests = 1000
        model = 'gpt-4o'
        system_tokens = 1000
        document_tokens = 1000
        output_tokens = 10
        answers = 'labels'
        hit_rate = 0
        easy_share = 0.5
        route = []
        tuned_model = 'in-house'
    ";
    let table = tokopt::prices::PriceTable::with_overrides(&[tokopt::prices::PriceSource {
        name: "own.toml",
        text: "provider = 'openai'\nchecked = '2026-11-22'\n\
               [[model]]\nid = 'in-house'\ntuning = { training = '1', tuned_id = 'in-house-tuned' }\n\
               [[model.price]]\ninput = '1'\noutput = '1'\n\
               [[model]]\nid = 'in-house-tuned'\n[[model.price]]\ninput = '0.5'\noutput = '1'\n",
    }])
    .expect("a table");
    let workload = workload(text, &[]).expect("a workload");
    let set = TechniqueId::FineTuning.set().with(TechniqueId::ModelRouting);
    // Tuned: 130 + 1,000 tokens at $0.50 and 10 at $1, $0.575; as it is 2,000 at
    // $2.50 and 10 at $10, $5.10. 0.8 and 0.2 of them.
    let both = forced(&workload, &table, set).expect("a bill");
    assert_eq!(dollars(both), "1.48");
    let tuned = forced(&workload, &table, TechniqueId::FineTuning.set()).expect("a bill");
    assert_eq!(both, tuned);
}

#[test]
fn turns_carry_those_before_them_and_summaries_cut_them() {
    // 21 turns; turn k carries k − 1 pairs of 100 and 100 tokens, on average 10.
    let text = class(
        "system_tokens = 100\nuser_tokens = 100\noutput_tokens = 100\nturns = 21\n\
         route = [{ model = 'claude-haiku-4-5', share = 0.5 }]",
    );
    // 2,200 prompt tokens at $3 and 100 at $15, a thousand times.
    assert_eq!(bill(&text, &[], Set::NONE), "8.1");
    // Blocks of ten: 0 to 9 pairs twice, none once, 45 + 45 of 210 pairs, and a
    // summary of 300 tokens in eleven turns: 90 × 200 + 11 × 300 = 21,300 tokens
    // in 21 turns. Two summaries a conversation read 2,000 and 2,300 tokens and
    // write 300 each, by Haiku 4.5 at $1 and $5: $0.0073.
    // 1000 × ((200 + 21,300 / 21) × $3 + 100 × $15) / 10^6 + 1000 / 21 × $0.0073.
    let found = bill(&text, &[], TechniqueId::ContextCompression.set());
    let exact = (600.0 + 21_300.0 / 7.0 + 1_500.0) / 1_000.0 + 7.3 / 21.0;
    let found: f64 = found.parse().expect("a number");
    assert!((found - exact).abs() < 1e-6, "{found} {exact}");
}

#[test]
fn classes_add_up_and_each_decides_for_itself() {
    let one = class("name = 'a'\nsystem_tokens = 4000\nuser_tokens = 9\noutput_tokens = 9");
    let other = "[[class]]\nname = 'b'\nrequests = 500\nmodel = 'claude-haiku-4-5'\n\
                 system_tokens = 4000\nuser_tokens = 9\noutput_tokens = 9";
    let totals = |text: &str| ladder(text, &[]).totals;
    let alone = class("").split("[[class]]").next().unwrap_or_default().to_owned() + other;
    let (first, second, both) = (totals(&one), totals(&alone), totals(&format!("{one}\n{other}")));
    assert_eq!(first.merge(&second), both);
}

#[test]
fn offering_more_never_costs_more() {
    let text = "[[class]]\nrequests = 12345\nmodel = 'claude-sonnet-4-6'\nsystem_tokens = 3333\n\
                document_tokens = 20000\nuser_tokens = 77\noutput_tokens = 150\n\
                batchable_share = 0.37\nrepeated_share = 0.013\nremovable_share = 0.11";
    let found = ladder(text, &[]);
    for set in Set::every() {
        for technique in TechniqueId::ALL {
            assert!(found.totals.cost(set.with(technique)) <= found.totals.cost(set));
        }
    }
    assert!(found.high <= found.totals.cost(Set::ALL));
    assert_eq!(found.floor, found.totals.cost(Set::NONE));
    let drawn = found.percentiles.expect("assumptions move it");
    assert!(drawn.p10 <= drawn.p50 && drawn.p50 <= drawn.p90);
}

#[test]
fn a_wrong_description_is_told_what_is_wrong() {
    let told = |text: &str| {
        let workload = workload(text, &[]);
        let ladder = workload.and_then(|found| estimate(&found, &prices(), Order::Greedy));
        ladder.expect_err("refused").to_string()
    };
    let class = |more: &str| format!("[[class]]\nname = 'x'\n{more}");
    assert_eq!(told(""), "no traffic is described");
    assert_eq!(told(&class("requests = 1\nmodel = 'm'")), "class `x`: output_tokens are missing");
    assert_eq!(told(&class("output_tokens = 1")), "class `x`: the model is missing");
    for (more, message) in [
        ("", "requests are missing"),
        ("share = 0.5", "a share needs the file's `requests` above the classes"),
        ("requests = 1.5", "requests takes a whole number from 1, not 1.5"),
        ("requests = 0", "requests takes a whole number from 1, not 0"),
        (
            "requests = 1\nuser_tokens = 1\nhit_rate = 70",
            "hit_rate takes a share from 0 to 1, not 70",
        ),
        ("requests = 1\nhistory_tokens = 5", "history_tokens need turns above 1"),
        (
            "requests = 1\ninput_tokens = 5\nsystem_tokens = 9",
            "its parts have 9 tokens, but input_tokens says 5",
        ),
        ("requests = 1", "its prompt has no tokens: give input_tokens or its parts"),
        (
            "requests = 1\nuser_tokens = -1",
            "user_tokens takes a number from 0 to 100000000, not -1",
        ),
    ] {
        let text = class(&format!("model = 'gpt-4o'\noutput_tokens = 1\n{more}"));
        assert_eq!(told(&text), format!("class `x`: {message}"));
    }
    let text =
        class("requests = 1\nmodel = 'claude-sonet-4-6'\noutput_tokens = 1\nuser_tokens = 1");
    assert_eq!(told(&text), "class `x`: no price is known for the model `claude-sonet-4-6`");
    let huge = class(
        "requests = 1000000000000\nmodel = 'claude-sonnet-4-6'\noutput_tokens = 100000000\n\
         user_tokens = 1",
    );
    assert_eq!(told(&huge), "the traffic would cost more than ten billion dollars a month");
    let Err(EstimateError::File { line, message }) = workload("[[class]]\nrequsts = 1\n", &[])
    else {
        panic!("a slip is found");
    };
    assert!(line == 2 && message.starts_with("unknown field `requsts`"), "{line} {message}");
    let Err(EstimateError::File { message, .. }) = workload("requests = 'many'\n", &[]) else {
        panic!("a word is no number");
    };
    assert!(message.contains("a number with at most six decimals"), "{message}");
}
