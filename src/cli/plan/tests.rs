//! Flags, settings and environment in, one plan out.

use super::Plan;
use crate::cli::args::{AnalyzeArguments, OutputArguments, ReadingArguments, TablesArguments};
use crate::cli::config::{Amount, AnalyzeSection, Config, ConfigFile, PlansSection};
use crate::cli::error::CliError;
use crate::cli::surroundings::Surroundings;
use crate::record::dimension::Dimension;
use crate::report::Kind;

fn arguments(change: impl FnOnce(&mut AnalyzeArguments)) -> AnalyzeArguments {
    let mut arguments =
        AnalyzeArguments { paths: vec!["usage.jsonl".to_owned()], ..AnalyzeArguments::default() };
    change(&mut arguments);
    arguments
}

fn resolve(arguments: &AnalyzeArguments) -> Result<Plan, CliError> {
    Plan::resolve(&arguments.typed(), &Config::default(), &Surroundings::default())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_typed_means_standard_input_unless_a_person_would_have_to_type_it() {
    let nothing = arguments(|arguments| arguments.paths.clear());
    assert_eq!(resolve(&nothing).expect("a plan").paths, ["-"]);
    let terminal = Surroundings { stdin_is_terminal: true, ..Surroundings::default() };
    let plan = Plan::resolve(&nothing.typed(), &Config::default(), &terminal);
    assert!(matches!(plan, Err(CliError::NoInput)));
}

#[test]
fn a_flag_replaces_the_setting_of_its_name() {
    let analyze = AnalyzeSection {
        by: words(&["day"]),
        top: Some(3),
        timezone: Some("Europe/Berlin".to_owned()),
        ..AnalyzeSection::default()
    };
    let settings = ConfigFile { analyze, ..ConfigFile::default() };
    let config = Config { settings, ..Config::default() };
    let plan = |arguments: &AnalyzeArguments| {
        Plan::resolve(&arguments.typed(), &config, &Surroundings::default()).expect("a plan")
    };
    let by_setting = plan(&arguments(|_| {}));
    assert_eq!((by_setting.render.by, by_setting.render.top), (vec![vec![Dimension::Day]], 3));
    assert_eq!(by_setting.settings.time_zone.iana_name(), Some("Europe/Berlin"));
    let by_flag = plan(&arguments(|arguments| {
        arguments.output = OutputArguments {
            tables: TablesArguments {
                by: words(&["model, component", "hour", "model,component", "model"]),
                top: Some(5),
            },
            ..OutputArguments::default()
        };
        arguments.selection.timezone = Some("UTC".to_owned());
    }));
    let cross = vec![Dimension::Model, Dimension::Component];
    let hour = vec![Dimension::Hour];
    assert_eq!(by_flag.render.by, [cross.clone(), hour.clone(), vec![Dimension::Model]]);
    assert_eq!(by_flag.settings.crosses, [cross, hour]);
    assert_eq!(by_flag.render.top, 5);
}

#[test]
fn a_value_that_cannot_be_used_names_its_flag_and_a_way_out() {
    for (arguments, message, hint) in [
        (
            arguments(|arguments| arguments.output.tables.by = words(&["modle"])),
            "--by: there is no dimension `modle`",
            Some("did you mean `model`?"),
        ),
        (
            arguments(|arguments| arguments.output.tables.by = words(&["day,day"])),
            "--by: `day,day` names a dimension twice",
            None,
        ),
        (
            arguments(|arguments| arguments.selection.filters = words(&["modle=x"])),
            "--where: there is no field `modle` to select by",
            Some("did you mean `model`? a tag is written tag.NAME"),
        ),
        (
            arguments(|arguments| arguments.selection.since = Some("7d".to_owned())),
            "--since and --until: `7d` is no time",
            Some("write a day (2026-06-01) or a time with its offset (2026-06-01T12:00:00Z)"),
        ),
        (
            arguments(|arguments| arguments.selection.timezone = Some("Mars/Olympus".to_owned())),
            "--timezone: there is no time zone `Mars/Olympus`",
            Some("use an IANA name, such as Europe/Berlin or UTC"),
        ),
    ] {
        let error = resolve(&arguments).expect_err(message);
        assert_eq!(error.to_string(), message);
        assert_eq!(error.hint().as_deref(), hint);
    }
}

#[test]
fn quiet_prints_nothing_when_a_file_holds_the_report() {
    let print = |quiet, outputs: &[&str], format| {
        let arguments = arguments(|arguments| {
            arguments.general.quiet = quiet;
            arguments.output.written.outputs = words(outputs);
            arguments.output.written.format = format;
        });
        resolve(&arguments).expect("a plan").print
    };
    assert_eq!(print(false, &["a.md"], None), Some(Kind::Table));
    assert_eq!(print(true, &[], None), Some(Kind::Table));
    assert_eq!(print(true, &["a.md"], None), None);
    assert_eq!(print(true, &["a.md"], Some(Kind::Json)), Some(Kind::Json));
}

#[test]
fn progress_needs_somebody_who_watches() {
    let watched = Surroundings { stderr_is_terminal: true, ..Surroundings::default() };
    let progress = |surroundings: &Surroundings, quiet| {
        let arguments = arguments(|arguments| {
            arguments.general.quiet = quiet;
            arguments.reading = ReadingArguments::default();
        });
        Plan::resolve(&arguments.typed(), &Config::default(), surroundings)
            .expect("a plan")
            .progress
    };
    assert!(progress(&watched, false));
    assert!(!progress(&watched, true));
    assert!(!progress(&Surroundings { is_ci: true, ..watched.clone() }, false));
    assert!(!progress(&Surroundings { is_dumb: true, ..watched }, false));
    assert!(!progress(&Surroundings::default(), false));
}

#[test]
fn a_plan_price_is_an_amount_above_nothing() {
    let price = |amount| {
        let plans = PlansSection { price_usd: Some(amount) };
        let settings = ConfigFile { plans, ..ConfigFile::default() };
        let config = Config { settings, ..Config::default() };
        let plan = Plan::resolve(&arguments(|_| {}).typed(), &config, &Surroundings::default());
        plan.map(|plan| plan.settings.plan_price.map(|price| price.to_nano().to_string()))
    };
    assert_eq!(price(Amount::Decimal(19.99)).expect("a price").as_deref(), Some("19.99"));
    assert_eq!(price(Amount::Text("20".to_owned())).expect("a price").as_deref(), Some("20"));
    assert!(price(Amount::Whole(0)).is_err());
    assert!(price(Amount::Text("much".to_owned())).is_err());
}

#[test]
fn a_short_key_is_no_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key");
    let resolve_with = |bytes: &str| {
        std::fs::write(&key, bytes).expect("a file");
        resolve(&arguments(|arguments| arguments.output.key_file = Some(key.clone())))
    };
    assert!(matches!(resolve_with("short\n"), Err(CliError::Setting { .. })));
    assert!(resolve_with("sixteen bytes or more\n").is_ok());
}
