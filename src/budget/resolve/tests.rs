//! Settings as they are written, and what becomes of them.

use serde::Deserialize;

use super::{Settings, resolve};
use crate::budget::place::Source;
use crate::budget::preset::PRESETS;
use crate::budget::rule::{Budget, SettingsError};
use crate::budget::settings::{BudgetSettings, IgnoreSettings};
use crate::report::document::Level;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    budget: BudgetSettings,
    ignore: Vec<IgnoreSettings>,
}

fn resolved(text: &str, presets: &[&str]) -> Result<Budget, SettingsError> {
    let file: File = toml::from_str(text).expect(text);
    let presets: Vec<String> = presets.iter().map(ToString::to_string).collect();
    resolve(&Settings {
        budget: &file.budget,
        ignore: &file.ignore,
        source: Some(Source { path: "tokopt.toml", text }),
        presets: &presets,
        minimum_calls: None,
    })
}

fn names(text: &str, presets: &[&str]) -> Vec<String> {
    let budget = resolved(text, presets).expect(text);
    budget.rules.into_iter().map(|rule| rule.name).collect()
}

#[test]
fn rules_have_stable_names_and_places() {
    let text = "[budget]\ncost = { max = 1, min = 0, increase = \"5%\" }\n\
                [[budget.feature]]\nmatch = \"support-*\"\ncost_per_call = { max = 1 }\n\
                [[budget.rule]]\nmeasure = \"calls\"\nwhere = \"model=a\"\nper = \"user\"\nmax = 3\n";
    let expected = [
        "budget.cost",
        "budget.cost.min",
        "budget.cost.increase",
        "budget.feature.support-*.cost_per_call",
        "budget.rule.calls.model=a.user",
    ];
    assert_eq!(names(text, &[]), expected);
    let budget = resolved(text, &[]).expect(text);
    let place = budget.rules[4].place.clone().expect("it stands in the file");
    assert_eq!((place.line, place.column, place.text.as_str()), (10, 7, "max = 3"));
}

#[test]
fn a_preset_gives_way_to_the_same_key() {
    let all = names("", &["dashboard"]);
    assert_eq!(all.len(), 5);
    let own = names("[budget]\ncost_per_call = { max = 1 }\n", &["dashboard"]);
    assert!(own.contains(&"budget.cost_per_call".to_owned()));
    assert!(!own.contains(&"preset.dashboard.cost_per_call".to_owned()), "{own:?}");
    let off = names("[budget]\ncost_per_call = { level = \"off\" }\n", &["dashboard"]);
    assert_eq!(off.len(), 4, "{off:?}");
    let raised = resolved("[budget]\ncost_per_call = { level = \"error\" }\n", &["dashboard"]);
    let raised = raised.expect("a level");
    let call = raised.rules.iter().find(|rule| rule.measure.key == "cost_per_call").expect("kept");
    assert_eq!(call.level, Level::Error);
    assert_eq!(call.place.as_ref().map(|place| place.line), Some(2));
    let twice = names("[budget]\npreset = [\"playbook\"]\n", &["playbook"]);
    assert_eq!(twice.len(), 4);
}

#[test]
fn every_preset_can_be_resolved() {
    for preset in PRESETS {
        assert!(!names("", &[preset.name]).is_empty(), "{}", preset.name);
    }
}

#[test]
fn what_is_wrong_is_placed_and_answered() {
    for (text, slip, message, hint) in [
        (
            "[budget]\ncost = { max = \"5%\" }\n",
            "\"5%\"",
            "`cost`: `5%` is not an amount of dollars, such as 4000, \"USD 4000\" or \"$0.02\"",
            "",
        ),
        (
            "[budget]\npreset = [\"playbok\"]\n",
            "\"playbok\"",
            "there is no preset `playbok`",
            "did you mean `playbook`?",
        ),
        (
            "[[budget.rule]]\nmeasure = \"cost_per_request\"\nmax = 1\n",
            "\"cost_per_request\"",
            "there is no measure `cost_per_request`",
            "did you mean `cost_per_call`?",
        ),
        (
            "[[budget.rule]]\nmeasure = \"cost\"\nwhere = \"modle=a\"\nmax = 1\n",
            "\"modle=a\"",
            "there is no field `modle` to select by",
            "did you mean `model`? a tag is written tag.NAME",
        ),
        (
            "[budget]\ncost = { warn_at = \"80%\" }\n",
            "{ warn_at = \"80%\" }",
            "the rule has no limit",
            "set max, min, increase or decrease",
        ),
        (
            "[budget]\ncost = { max = 1, min_change = 1 }\n",
            "1",
            "`min_change` says which change against a baseline is none",
            "set `increase` or `decrease` beside it",
        ),
        (
            "[[ignore]]\ncode = \"TK101\"\n",
            "\"TK101\"",
            "an [[ignore]] has no `reason`",
            "say why it may be over: whoever reads it next will ask",
        ),
        (
            "[[ignore]]\nreason = \"later\"\n",
            "\"later\"",
            "an [[ignore]] ignores nothing in particular",
            "name a code, a rule, a feature or a where",
        ),
        (
            "[[ignore]]\ncode = \"TK999\"\nreason = \"later\"\n",
            "\"TK999\"",
            "no rule has the code `TK999`",
            "`tokopt explain` lists every code",
        ),
    ] {
        let error = resolved(text, &[]).expect_err(text);
        let found = error.span.clone().and_then(|span| text.get(span));
        assert_eq!(found, Some(slip), "{text}");
        assert_eq!(error.message, message);
        if hint.starts_with("`tokopt") {
            assert!(error.hint.is_some());
        } else {
            assert_eq!(error.hint.unwrap_or_default(), hint);
        }
    }
}
