//! The embedded price table: bills worked out by hand, names, dates, and a
//! comparison with other people's catalogues where a copy of them is at hand.

use tokopt::prices::{
    LaneQuery, Match, MatchRule, MediaTokens, PriceBasis, PriceQuery, PriceSource, PriceTable,
    Priced, ScheduledChange,
};
use tokopt::record::lane::Tier;
use tokopt::record::usage::{CacheWrites, Usage};
use tokopt::units::{Timestamp, Tokens, Usd};

fn table() -> PriceTable {
    PriceTable::embedded().unwrap_or_else(|error| panic!("{error}"))
}

fn with_override(text: &str) -> PriceTable {
    let source = PriceSource { name: "mine.toml", text };
    PriceTable::with_overrides(&[source]).unwrap_or_else(|error| panic!("{error}"))
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|| panic!("{text:?} is no date"))
}

fn usd(text: &str) -> Usd {
    Usd::from_decimal(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn usage(input: u64, read: u64, written: Option<CacheWrites>, output: u64) -> Usage {
    Usage {
        input: Some(Tokens::new(input)),
        cache_read: Some(Tokens::new(read)),
        cache_write: written,
        output: Some(Tokens::new(output)),
        reasoning: None,
        ..Usage::default()
    }
}

fn bill(found: &Match<'_>, usage: &Usage, lane: LaneQuery<'_>) -> Priced {
    found.price(&PriceQuery { usage, lane, media: MediaTokens::default(), tools: &[] })
}

fn on(day: &str) -> LaneQuery<'static> {
    LaneQuery { at: Some(at(day)), ..LaneQuery::default() }
}

/// Input and output of a model on a day, in dollars per million.
fn list_price(table: &PriceTable, provider: &str, model: &str, day: &str) -> (String, String) {
    let found =
        table.find(Some(provider), model).unwrap_or_else(|| panic!("{model} is not listed"));
    let rates = found.rates(&on(day), Tokens::ZERO).rates;
    (rates.input.to_string(), rates.output.unwrap_or_default().to_string())
}

mod bills;
mod catalogues;

mod dates {
    use super::*;

    #[test]
    fn announced_changes_take_effect_on_their_day() {
        let table = table();
        for (provider, model, before, day, after) in [
            ("gcp.gemini", "gemini-4-argon", ("2", "10"), "2026-12-01", ("4", "20")),
            ("gcp.gemini", "gemini-3.8-flash", ("0.75", "3.75"), "2027-01-01", ("1.5", "7.5")),
            ("mistral_ai", "mistral-large-4", ("1.36", "4.18"), "2026-10-29", ("0.7", "2.1")),
            ("openai", "gpt-5.6-sol", ("5", "30"), "2026-08-21", ("4", "20")),
            ("openai", "gpt-5.6-luna", ("1", "6"), "2026-07-30", ("0.2", "1.2")),
            ("openai", "o3", ("10", "40"), "2025-06-10", ("2", "8")),
        ] {
            let midnight = at(day).micros();
            let eve = Timestamp::from_micros(midnight - 1).to_string();
            let owned = |(input, output): (&str, &str)| (input.to_owned(), output.to_owned());
            assert_eq!(list_price(&table, provider, model, &eve), owned(before), "{model} before");
            assert_eq!(list_price(&table, provider, model, day), owned(after), "{model} after");
        }
    }

    #[test]
    fn a_cache_read_can_change_alone() {
        let table = table();
        let found = table.find(Some("anthropic"), "claude-sonnet-5-5").expect("listed");
        let read = |day| found.rates(&on(day), Tokens::ZERO).rates.cache_read.to_string();
        assert_eq!((read("2026-10-06"), read("2026-10-07")), ("0.2".to_owned(), "0.1".to_owned()));
    }

    #[test]
    fn what_is_scheduled_is_known_beforehand() {
        let table = table();
        let changes = table.scheduled_changes(at("2026-11-22"), 60);
        let has = |wanted: &ScheduledChange| changes.contains(wanted);
        let new = |day, provider: &str, model: &str| ScheduledChange::NewPrice {
            at: at(day),
            provider: provider.to_owned(),
            model: model.to_owned(),
        };
        assert!(has(&new("2026-12-01", "gcp.gemini", "gemini-4-argon")));
        assert!(has(&new("2027-01-01", "gcp.gemini", "gemini-3.8-flash")));
        assert!(has(&ScheduledChange::Shutdown {
            at: at("2026-11-30"),
            provider: "anthropic".to_owned(),
            model: "claude-sonnet-4-5".to_owned(),
        }));
        assert!(changes.is_sorted_by_key(ScheduledChange::at));
    }

    #[test]
    fn the_table_says_how_old_it_is() {
        let table = table();
        let status = table.status();
        assert_eq!(status.as_of.to_string(), "2026-11-22");
        assert_eq!(status.content_hash.len(), 16);
        let counted: usize = status.providers.iter().map(|provider| provider.models).sum();
        assert_eq!(counted, table.models().count());
        let other = with_override("[[discount]]\nprovider = \"openai\"\nfactor = \"0.9\"");
        assert_ne!(other.content_hash(), table.content_hash());
    }
}

mod names {
    use super::*;

    fn id(table: &PriceTable, provider: Option<&str>, model: &str) -> Option<String> {
        let found = table.find(provider, model)?;
        Some(format!("{}/{}", found.model().provider(), found.model().id()))
    }

    #[test]
    fn a_snapshot_with_an_entry_of_its_own_wins() {
        let table = table();
        let price = |model| list_price(&table, "openai", model, "2025-06-01");
        let owned = |input: &str, output: &str| (input.to_owned(), output.to_owned());
        assert_eq!(price("gpt-4o-2024-05-13"), owned("5", "15"));
        assert_eq!(price("gpt-4o-2024-08-06"), owned("2.5", "10"));
        assert_eq!(price("gpt-4o"), owned("2.5", "10"));
        assert_eq!(table.find(Some("openai"), "gpt-4o-2031-01-01").map(|found| found.rule()), None);
    }

    #[test]
    fn no_name_prices_a_longer_or_shorter_one() {
        let table = table();
        assert_eq!(id(&table, None, "claude-opus-5").as_deref(), Some("anthropic/claude-opus-5"));
        assert_eq!(
            id(&table, None, "claude-opus-5-5").as_deref(),
            Some("anthropic/claude-opus-5-5")
        );
        for unknown in [
            "claude-opus-5-6",
            "claude-opus",
            "gpt-4o-mini-turbo",
            "gpt",
            "gpt-5.5-2026",
            "deepseek-chat:free",
            "claude-opus-5-5-fast",
            "",
            "/",
            "ft:",
            "ft:gpt-5:acme::1",
        ] {
            assert_eq!(id(&table, None, unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn wrappings_dates_and_letter_case_do_not_matter() {
        let table = table();
        for (provider, name, expected) in [
            (Some("anthropic"), "claude-opus-5-5-20261001", "anthropic/claude-opus-5-5"),
            (Some("anthropic"), "claude-opus-5-5[1m]", "anthropic/claude-opus-5-5"),
            (Some("anthropic"), "Claude Haiku 4.5", "anthropic/claude-haiku-4-5"),
            (Some("openai"), "GPT-5-2025-08-07", "openai/gpt-5"),
            (Some("openai"), "openai/gpt-5", "openai/gpt-5"),
            (Some("openrouter"), "anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4-5"),
            (Some("google"), "models/gemini-2.5-pro", "gcp.gemini/gemini-2.5-pro"),
            (Some("azure"), "gpt-4o", "azure.ai.openai/gpt-4o"),
            (None, "azure/gpt-4o", "azure.ai.openai/gpt-4o"),
            (None, "xai/grok-4.7", "x_ai/grok-4.7"),
            (
                Some("aws.bedrock"),
                "us.anthropic.claude-opus-5-5",
                "aws.bedrock/anthropic.claude-opus-5-5",
            ),
            (
                None,
                "anthropic.claude-3-haiku-20240307-v1:0",
                "aws.bedrock/anthropic.claude-3-haiku-20240307-v1:0",
            ),
            (
                Some("gcp.vertex_ai"),
                "claude-sonnet-4-5@20250929",
                "gcp.vertex_ai/claude-sonnet-4-5",
            ),
            (
                Some("openai"),
                "ft:gpt-4o-mini-2024-07-18:acme::x1",
                "openai/ft:gpt-4o-mini-2024-07-18",
            ),
        ] {
            assert_eq!(id(&table, provider, name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn the_rule_and_whose_price_it_is_are_reported() {
        let table = table();
        let found = |provider, name| table.find(provider, name).expect("listed");
        assert_eq!(found(Some("openai"), "gpt-4o").rule(), MatchRule::Id);
        assert_eq!(found(Some("openai"), "gpt-4o-2024-08-06").rule(), MatchRule::Alias);
        assert_eq!(found(Some("openai"), "gpt-5-2025-08-07").rule(), MatchRule::DateStripped);
        assert_eq!(found(Some("openai"), "gpt-4o").basis(), PriceBasis::Listed);
        assert_eq!(found(None, "gpt-4o").basis(), PriceBasis::OnlySeller);
        // A cloud without a row, a gateway, and a proxy that speaks OpenAI's
        // language all get the maker's price, and it is said so.
        for (provider, name) in [
            ("aws.bedrock", "anthropic.claude-2.1"),
            ("openrouter", "anthropic/claude-opus-5-5"),
            ("openai", "claude-opus-5-5"),
            ("somebody.new", "gpt-5"),
        ] {
            assert_eq!(found(Some(provider), name).basis(), PriceBasis::MakersPrice, "{name}");
        }
    }

    #[test]
    fn a_region_in_the_name_is_applied() {
        let table = table();
        let input = |name| {
            let found = table.find(Some("aws.bedrock"), name).expect("listed");
            found.rates(&on("2026-11-01"), Tokens::ZERO).rates.input.to_string()
        };
        assert_eq!(input("anthropic.claude-opus-5-5"), "4");
        assert_eq!(input("global.anthropic.claude-opus-5-5"), "4");
        assert_eq!(input("eu.anthropic.claude-opus-5-5"), "4.4");
        assert_eq!(input("us-gov.anthropic.claude-opus-5-5"), "4.8");
        assert_eq!(input("us.anthropic.claude-3-5-sonnet-20241022-v2:0"), "3");
        assert_eq!(input("eu.amazon.nova-pro-v1:0"), "1.05");
    }

    #[test]
    fn near_misses_are_hints_only() {
        let table = table();
        assert!(table.find(None, "claude-opus-55").is_none());
        assert!(table.suggestions("claude-opus-55").contains(&"claude-opus-5-5".to_owned()));
        assert!(table.suggestions("an entirely different thing").is_empty());
    }

    #[test]
    fn every_name_leads_to_its_own_model() {
        let table = table();
        for model in table.models() {
            for name in
                std::iter::once(model.id()).chain(model.aliases().iter().map(String::as_str))
            {
                let found =
                    table.find(Some(model.provider()), name).unwrap_or_else(|| panic!("{name}"));
                assert_eq!(found.model().id(), model.id(), "{name} of {}", model.provider());
            }
        }
    }
}

mod overrides {
    use super::*;

    #[test]
    fn a_negotiated_price_replaces_the_list_and_keeps_the_facts() {
        // 1,841,739 misses, 81,979,456 hits and 791,023 answer tokens at
        // 0.28 / 0.028 / 0.42 were billed at 3.143341348 dollars.
        let table = with_override(
            r#"
            [[model]]
            provider = "deepseek"
            id = "deepseek-chat"
            [[model.price]]
            input = "0.28"
            output = "0.42"
            cache_read = "0.028"
            "#,
        );
        let found = table.find(Some("deepseek"), "deepseek-chat").expect("listed");
        let usage = usage(83_821_195, 81_979_456, None, 791_023);
        assert_eq!(bill(&found, &usage, on("2025-08-01T20:00:00Z")).total(), usd("3.143341348"));
        assert!(found.model().cache().caches_answer, "a fact of the embedded entry");
    }

    #[test]
    fn an_explicit_zero_is_a_price() {
        let table = with_override(
            "provider = \"in.house\"\n[[model]]\nid = \"llama-local\"\n[[model.price]]\ninput = \"0\"\noutput = \"0\"",
        );
        let found = table.find(Some("in.house"), "llama-local").expect("listed");
        let priced = bill(&found, &usage(1_000, 0, None, 1_000), on("2026-01-01"));
        assert_eq!((priced.total(), priced.remarks.is_empty()), (Usd::ZERO, true));
    }

    #[test]
    fn discounts_scale_what_they_name() {
        let table = with_override(
            "[[discount]]\nprovider = \"anthropic\"\nfactor = \"0.8\"\n\
             [[discount]]\nprovider = \"openai\"\nmodel = \"gpt-5\"\nfactor = \"0.5\"",
        );
        let price = |provider, model| list_price(&table, provider, model, "2026-11-01").0;
        assert_eq!(price("anthropic", "claude-opus-5-5"), "3.2");
        assert_eq!(price("openai", "gpt-5"), "0.625");
        assert_eq!(price("openai", "gpt-5.5"), "5");
        assert_eq!(price("aws.bedrock", "anthropic.claude-opus-5-5"), "4");
    }

    #[test]
    fn a_snapshot_can_be_given_a_price_of_its_own() {
        let table = with_override(
            "provider = \"openai\"\n[[model]]\nid = \"gpt-4o-2024-11-20\"\n[[model.price]]\ninput = \"1\"\noutput = \"2\"",
        );
        assert_eq!(list_price(&table, "openai", "gpt-4o-2024-11-20", "2026-01-01").0, "1");
        assert_eq!(list_price(&table, "openai", "gpt-4o", "2026-01-01").0, "2.5");
    }

    #[test]
    fn faults_name_file_model_field_and_remedy() {
        for (text, parts) in [
            (
                "provider = \"openai\"\n[[model]]\nid = \"x\"\n[[model.price]]\ninput = \"$3\"",
                vec!["mine.toml", "model x", "price.input", "not a decimal"],
            ),
            (
                "provider = \"openai\"\n[[model]]\nid = \"x\"\n[[model.price]]\noutput = \"3\"",
                vec!["price.input", "needed"],
            ),
            ("provider = \"openai\"\n[[model]]\nid = \"x\"", vec!["no [[model.price]]"]),
            ("[[model]]\nid = \"x\"\n[[model.price]]\ninput = \"3\"", vec!["no provider"]),
            (
                "provider = \"openai\"\n[[model]]\nid = \"x\"\ninptu = 3",
                vec!["unknown field", "inptu"],
            ),
            (
                "provider = \"openai\"\n[[model]]\nid = \"x\"\nlike = \"openai/nothing\"",
                vec!["like", "not in the table"],
            ),
            (
                "[[discount]]\nprovider = \"opnai\"\nfactor = \"0.5\"",
                vec!["discount.provider", "opnai"],
            ),
            ("[[discount]]\nprovider = \"openai\"\nfactor = \"half\"", vec!["discount.factor"]),
            (
                "provider = \"openai\"\n[[model]]\nid = \"x\"\n[[model.price]]\ninput = \"3\"\n[[model.price]]\ninput = \"4\"",
                vec!["overlap"],
            ),
            (
                "provider = \"openai\"\n[[model]]\nid = \"x\"\n[[model.price]]\ninput = \"3\"\nbatch = { factor = \"0.5\", rates = { input = \"1\" } }",
                vec!["batch.factor", "exactly one"],
            ),
        ] {
            let source = PriceSource { name: "mine.toml", text };
            let error = PriceTable::with_overrides(&[source]).expect_err(text).to_string();
            for part in parts {
                assert!(error.contains(part), "{part:?} is not in {error:?}");
            }
        }
    }
}

mod facts {
    use super::*;

    #[test]
    fn minimum_prefixes_are_per_model() {
        let table = table();
        let minimum = |model: &str| {
            let found = table.find(None, model).expect("listed");
            found.model().cache().minimum_tokens.map(Tokens::get)
        };
        assert_eq!(minimum("claude-haiku-4-5"), Some(4_096));
        assert_eq!(minimum("claude-haiku-5-5"), Some(512));
        assert_eq!(minimum("claude-sonnet-4-6"), Some(1_024));
        assert_eq!(minimum("claude-opus-4-7"), Some(2_048));
        assert_eq!(minimum("gpt-6.2-sol"), Some(1_024));
        assert_eq!(minimum("gpt-4-turbo"), None);
    }

    #[test]
    fn every_price_has_a_page_and_a_day() {
        let table = table();
        for model in table.models() {
            assert!(
                model.source().is_some_and(|page| page.starts_with("https://")),
                "{}",
                model.id()
            );
            assert!(model.checked().is_some(), "{}", model.id());
        }
    }

    #[test]
    fn lanes_are_never_below_free_nor_above_ultrafast() {
        let table = table();
        for model in table.models() {
            for interval in model.intervals() {
                let standard: Vec<_> = interval.context_rates(Tier::Standard).collect();
                for tier in interval.tiers() {
                    for (rates, (_, list)) in interval.context_rates(tier).zip(&standard) {
                        let ratio = rates.1.input.femto_per_token() * 10
                            / list.input.femto_per_token().max(1);
                        assert!((3..=60).contains(&ratio), "{} {}", model.id(), tier.name());
                        assert!(
                            rates.1.cache_read <= rates.1.input,
                            "{} {}",
                            model.id(),
                            tier.name()
                        );
                    }
                }
            }
        }
    }
}
