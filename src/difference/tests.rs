//! Differences worked out by hand, by another program, and what holds for all.

use proptest::prelude::*;
use serde::Deserialize;

use super::{DifferenceError, Subject, difference};
use crate::record::component::Component;
use crate::report::document::{
    Cell, CellComponent, CellKind, Comparison, Difference, Document, Effect, Per, Presence,
    Quotient, TokenKind,
};
use crate::units::{NanoUsd, Tokens};

/// An analysis of nothing but cells.
fn document(cells: Vec<Cell>) -> Document {
    let mut document = Document::new("0.1.0");
    document.totals.calls = cells.iter().map(|cell| cell.calls).sum();
    document.totals.unpriced_calls = cells.iter().map(|cell| cell.unpriced_calls).sum();
    let costs: Vec<NanoUsd> = cells.iter().filter_map(|cell| cell.cost_usd).collect();
    document.totals.cost_usd = (!costs.is_empty()).then(|| costs.into_iter().sum());
    document.comparison = Some(Comparison { cells, slices: Vec::new() });
    document
}

fn compared(before: &Document, after: &Document, per: Per) -> Result<Difference, DifferenceError> {
    let subject = |source, document| Subject { source, is_saved: true, document };
    difference(subject("before", before), subject("after", after), per)
}

fn totals(before: &[Cell], after: &[Cell]) -> Difference {
    compared(&document(before.to_vec()), &document(after.to_vec()), Per::Total)
        .expect("cells to compare by")
}

fn dollars(amount: i128) -> NanoUsd {
    NanoUsd::from_nano(amount * 1_000_000_000)
}

/// A cell of so many calls with tokens and dollars by kind.
fn cell(feature: &str, model: &str, calls: u64, kinds: &[(TokenKind, u64, i128)]) -> Cell {
    let kinds: Vec<CellKind> = kinds
        .iter()
        .map(|(kind, tokens, cost)| CellKind {
            kind: *kind,
            tokens: Tokens::new(*tokens),
            cost_usd: dollars(*cost),
        })
        .collect();
    Cell {
        feature: feature.to_owned(),
        model: model.to_owned(),
        provider: "openai".to_owned(),
        tier: "standard".to_owned(),
        calls: Some(calls),
        cost_usd: Some(kinds.iter().map(|kind| kind.cost_usd).sum()),
        kinds,
        ..Cell::default()
    }
}

/// Effects with their changes, in order, those that are nothing left out.
fn changes(found: &Difference) -> Vec<(Effect, Option<&str>, i128)> {
    let steps = found.steps.iter().filter(|step| step.change_usd != NanoUsd::ZERO);
    steps
        .map(|step| (step.effect, step.subject.as_deref(), step.change_usd.nano() / 1_000_000_000))
        .collect()
}

/// The example of docs/diff.md.
fn example() -> (Vec<Cell>, Vec<Cell>) {
    use TokenKind::{CacheRead, Output, UncachedInput};
    let before = vec![
        cell("chat", "large", 1_000, &[(UncachedInput, 4_000_000, 80), (Output, 1_000_000, 120)]),
        cell("digest", "large", 1_000, &[(UncachedInput, 2_000_000, 40), (Output, 500_000, 60)]),
        cell("export", "large", 10, &[(UncachedInput, 100_000, 2)]),
    ];
    let after = vec![
        cell(
            "chat",
            "large",
            1_500,
            &[
                (UncachedInput, 6_000_000, 120),
                (CacheRead, 3_000_000, 30),
                (Output, 1_500_000, 180),
            ],
        ),
        cell("chat", "small", 500, &[(UncachedInput, 2_000_000, 4), (Output, 500_000, 6)]),
        cell("digest", "large", 1_000, &[(UncachedInput, 2_000_000, 60), (Output, 250_000, 30)]),
        cell("tags", "small", 100, &[(UncachedInput, 100_000, 1)]),
    ];
    (before, after)
}

#[test]
fn the_example_of_the_documentation() {
    let (before, after) = example();
    let found = totals(&before, &after);
    assert_eq!(
        (found.before.cost_usd, found.after.cost_usd),
        (Some(dollars(302)), Some(dollars(431)))
    );
    assert_eq!(
        changes(&found),
        [
            // export: 302 - 2 = 300.
            (Effect::GoneFeature, Some("export"), -2),
            // tags: 300 + 1 = 301.
            (Effect::NewFeature, Some("tags"), 1),
            // 2,000 calls become 3,000: 300 * 1.5 = 450, and tags.
            (Effect::Volume, None, 150),
            // chat 2,000 of 3,000 at 0.2 and digest 1,000 at 0.1: 400 + 100.
            (Effect::FeatureMix, None, 50),
            // chat: 1,500 at 0.2 on the large model, 500 for 10 on the small one.
            (Effect::ModelMix, None, -90),
            // chat: 9 M instead of 6 M input at 20 a million.
            (Effect::TokensPerCall, Some("input"), 60),
            // digest: 0.25 M instead of 0.5 M output at 120 a million.
            (Effect::TokensPerCall, Some("output"), -30),
            // chat: 6 M at 20 a million and 3 M read for 30, instead of 9 M at 20.
            (Effect::CacheShare, None, -30),
            // digest: 2 M input for 60 instead of 40; all else at the old rates.
            (Effect::Price, None, 20),
        ]
    );
    let rows: Vec<(&str, Presence, i128)> = found
        .features
        .iter()
        .map(|row| {
            (&*row.key, row.presence, row.change_usd.unwrap_or_default().nano() / 1_000_000_000)
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("chat", Presence::Both, 140),
            ("digest", Presence::Both, -10),
            ("export", Presence::Gone, -2),
            ("tags", Presence::New, 1),
        ]
    );
}

#[test]
fn equal_analyses_have_no_difference() {
    let (before, _) = example();
    let found = totals(&before, &before);
    assert_eq!(found.change_usd, Some(NanoUsd::ZERO));
    assert_eq!(changes(&found), []);
    assert!(found.features.iter().all(|row| row.effects.is_empty()));
}

#[test]
fn what_has_no_price_is_no_saving() {
    let (before, mut after) = example();
    for cell in &mut after {
        if cell.feature == "digest" {
            cell.unpriced_calls = 1_000;
            (cell.cost_usd, cell.kinds) = (None, Vec::new());
        }
    }
    let found = totals(&before, &after);
    let digest = found.features.iter().find(|row| row.key == "digest").expect("a row");
    assert_eq!(
        (digest.presence, digest.before_usd, digest.after_usd),
        (Presence::Both, Some(dollars(100)), None)
    );
    let effects: Vec<Effect> = digest.effects.iter().map(|effect| effect.effect).collect();
    assert_eq!(effects, [Effect::Coverage]);
    let codes: Vec<&str> = found.warnings.iter().map(|warning| &*warning.code).collect();
    assert!(codes.contains(&"UNPRICED") && codes.contains(&"PRICED_ON_ONE_SIDE"), "{codes:?}");

    let nothing = totals(&[], &before);
    assert_eq!((nothing.change_usd, nothing.steps.len()), (None, 0));
    assert_eq!(nothing.warnings.first().map(|warning| &*warning.code), Some("NO_PRICE"));
}

#[test]
fn a_month_needs_a_day_and_scales_each_side_by_its_own_length() {
    let (before, after) = example();
    let (mut before, mut after) = (document(before), document(after));
    assert!(matches!(
        compared(&before, &after, Per::Month),
        Err(DifferenceError::TooShort { reason: "has no times", .. })
    ));
    before.window.days = Some(Quotient::from_millionths(15_000_000));
    after.window.days = Some(Quotient::from_millionths(30_000_000));
    let found = compared(&before, &after, Per::Month).expect("a month");
    // 302 in 15 days are 604 in 30.
    assert_eq!(found.before.compared_usd, Some(dollars(604)));
    assert_eq!(found.change_usd, Some(dollars(-173)));
    // 600 at 4,000 calls a month become 450 at 3,000; what follows is as before.
    assert_eq!(
        changes(&found)[..4],
        [
            (Effect::GoneFeature, Some("export"), -4),
            (Effect::NewFeature, Some("tags"), 1),
            (Effect::Volume, None, -150),
            (Effect::FeatureMix, None, 50),
        ]
    );
}

#[test]
fn what_cannot_be_compared_says_so() {
    let mut bare = document(Vec::new());
    bare.comparison = None;
    let message = compared(&bare, &bare, Per::Total).map_err(|error| error.to_string());
    assert_eq!(
        message.err().as_deref(),
        Some("the analysis `before` does not carry what analyses are compared by")
    );
}

/// A pair that tests/oracle/difference.py made, with what it says of it.
#[derive(Deserialize)]
struct Planted {
    before: Vec<PlantedCell>,
    after: Vec<PlantedCell>,
    changes: Vec<(Effect, Option<String>, i128)>,
}

#[derive(Deserialize)]
struct PlantedCell {
    feature: String,
    model: String,
    provider: String,
    tier: String,
    calls: Option<u64>,
    unpriced_calls: u64,
    cost: Option<i128>,
    kinds: Vec<PlantedKind>,
    components: Vec<PlantedComponent>,
}

#[derive(Deserialize)]
struct PlantedKind {
    kind: TokenKind,
    tokens: u64,
    cost: i128,
}

#[derive(Deserialize)]
struct PlantedComponent {
    component: Component,
    tokens: u64,
}

impl From<PlantedCell> for Cell {
    fn from(cell: PlantedCell) -> Self {
        let kind = |kind: PlantedKind| CellKind {
            kind: kind.kind,
            tokens: Tokens::new(kind.tokens),
            cost_usd: NanoUsd::from_nano(kind.cost),
        };
        let component = |found: PlantedComponent| CellComponent {
            component: found.component,
            tokens: Tokens::new(found.tokens),
            cost_usd: None,
        };
        Self {
            feature: cell.feature,
            model: cell.model,
            provider: cell.provider,
            tier: cell.tier,
            calls: cell.calls,
            unpriced_calls: cell.unpriced_calls,
            cost_usd: cell.cost.map(NanoUsd::from_nano),
            kinds: cell.kinds.into_iter().map(kind).collect(),
            components: cell.components.into_iter().map(component).collect(),
            ..Self::default()
        }
    }
}

#[test]
fn another_program_finds_the_same_steps() {
    let planted: Vec<Planted> =
        serde_json::from_str(include_str!("../../fixtures/difference/pairs.json")).expect("pairs");
    assert_eq!(planted.len(), 40);
    for (number, pair) in planted.into_iter().enumerate() {
        let before: Vec<Cell> = pair.before.into_iter().map(Cell::from).collect();
        let after: Vec<Cell> = pair.after.into_iter().map(Cell::from).collect();
        let found = totals(&before, &after);
        // The program says of features that came and went what they are together.
        let mut steps: Vec<(Effect, Option<String>, i128)> = Vec::new();
        for step in &found.steps {
            let is_feature = matches!(step.effect, Effect::GoneFeature | Effect::NewFeature);
            let subject = step.subject.clone().filter(|_| !is_feature);
            match steps.last_mut() {
                Some(last) if is_feature && last.0 == step.effect => {
                    last.2 += step.change_usd.nano();
                }
                _ => steps.push((step.effect, subject, step.change_usd.nano())),
            }
        }
        steps.retain(|(.., change)| *change != 0);
        assert_eq!(steps, pair.changes, "pair {number}");
    }
}

fn cells() -> impl Strategy<Value = Vec<Cell>> {
    let key = (0_u8..3, 0_u8..3, 0_u8..2);
    let kinds = proptest::array::uniform5((0_u64..1 << 40, 0_i128..1 << 50));
    let cell =
        (key, kinds, proptest::option::weighted(0.9, 1_u64..10_000), 0_u64..3, 0_u64..1 << 41);
    proptest::collection::vec(cell, 0..9).prop_map(|cells| {
        let cells =
            cells.into_iter().map(|((feature, model, tier), kinds, calls, state, history)| {
                let kinds: Vec<CellKind> = TokenKind::ALL
                    .into_iter()
                    .zip(kinds)
                    .map(|(kind, (tokens, nano))| CellKind {
                        kind,
                        tokens: Tokens::new(tokens * u64::from(kind != TokenKind::Fees)),
                        cost_usd: NanoUsd::from_nano(nano),
                    })
                    .collect();
                let component = CellComponent {
                    component: Component::History,
                    tokens: Tokens::new(history),
                    cost_usd: None,
                };
                let is_priced = state > 0;
                Cell {
                    feature: format!("feature {feature}"),
                    model: format!("model {model}"),
                    tier: format!("tier {tier}"),
                    calls,
                    unpriced_calls: if is_priced { 0 } else { calls.unwrap_or(1) },
                    cost_usd: is_priced.then(|| kinds.iter().map(|kind| kind.cost_usd).sum()),
                    components: if state == 1 { vec![component] } else { Vec::new() },
                    kinds: if is_priced { kinds } else { Vec::new() },
                    ..Cell::default()
                }
            });
        cells.collect()
    })
}

proptest! {
    #[test]
    fn the_parts_add_up(before in cells(), after in cells(), days in 1_000_001_u64..90_000_000) {
        let (mut before, mut after) = (document(before), document(after));
        before.window.days = Some(Quotient::from_millionths(days));
        after.window.days = Some(Quotient::from_millionths(7_654_321));
        for per in [Per::Total, Per::Month] {
            let found = compared(&before, &after, per).expect("a difference");
            for rows in [&found.features, &found.models] {
                let sum: NanoUsd = rows.iter().filter_map(|row| row.change_usd).sum();
                let ends = found.before.compared_usd.unwrap_or_default();
                prop_assert_eq!(found.after.compared_usd.unwrap_or_default() - ends, sum);
                for row in rows {
                    let own: NanoUsd = row.effects.iter().map(|effect| effect.change_usd).sum();
                    prop_assert_eq!(row.change_usd.unwrap_or_default(), own);
                }
            }
            let Some(change) = found.change_usd else { continue };
            prop_assert_eq!(found.steps.iter().map(|step| step.change_usd).sum::<NanoUsd>(), change);
            for step in found.steps.iter().filter(|step| {
                !matches!(step.effect, Effect::GoneFeature | Effect::NewFeature)
            }) {
                for rows in [&found.features, &found.models] {
                    let effects = rows.iter().flat_map(|row| &row.effects);
                    let same = effects.filter(|effect| {
                        (effect.effect, &effect.subject) == (step.effect, &step.subject)
                    });
                    let sum: NanoUsd = same.map(|effect| effect.change_usd).sum();
                    prop_assert_eq!(sum, step.change_usd);
                }
            }
        }
    }

    #[test]
    fn nothing_is_different_from_itself(cells in cells()) {
        let found = totals(&cells, &cells);
        prop_assert!(changes(&found).is_empty());
    }

    #[test]
    fn the_way_back_is_as_long(before in cells(), after in cells()) {
        let (there, back) = (totals(&before, &after), totals(&after, &before));
        let turned = back.change_usd.map(|change| NanoUsd::ZERO - change);
        prop_assert_eq!(there.change_usd, turned);
    }

    #[test]
    fn the_order_of_cells_never_shows(before in cells(), after in cells()) {
        let reversed = |cells: &[Cell]| cells.iter().rev().cloned().collect::<Vec<_>>();
        prop_assert_eq!(totals(&before, &after), totals(&reversed(&before), &reversed(&after)));
    }
}
