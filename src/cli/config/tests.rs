//! Which files count, and what stands where.

use std::path::{Path, PathBuf};

use super::{Config, key_text, quoted};
use crate::cli::args::GeneralArguments;
use crate::cli::error::CliError;
use crate::cli::surroundings::Surroundings;

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    std::fs::write(path, text).expect("a file");
}

fn general(config: Option<&Path>, values: &[&str]) -> GeneralArguments {
    let values = values.iter().map(ToString::to_string).collect();
    GeneralArguments { config: config.map(Path::to_owned), values, ..GeneralArguments::default() }
}

fn top(general: &GeneralArguments, surroundings: &Surroundings) -> Option<u32> {
    Config::find(general, surroundings).expect("settings").settings.analyze.top
}

#[test]
fn the_nearest_file_counts_unless_one_is_named() {
    let root = tempfile::tempdir().expect("a folder");
    let below = root.path().join("a/b");
    std::fs::create_dir_all(&below).expect("folders");
    write(&root.path().join("tokopt.toml"), "[analyze]\ntop = 1\n");
    let named = root.path().join("named.toml");
    write(&named, "[analyze]\ntop = 2\n");
    let here = Surroundings { current_folder: Some(below), ..Surroundings::default() };
    let nothing = general(None, &[]);
    assert_eq!(top(&nothing, &here), Some(1));
    let found = Config::find(&nothing, &here).expect("settings");
    assert_eq!((found.path, found.from_above), (Some("../../tokopt.toml".into()), true));
    assert_eq!(found.project_text.as_deref(), Some("[analyze]\ntop = 1\n"));
    assert_eq!(top(&general(Some(&named), &[]), &here), Some(2));
    let variable = Surroundings { config: Some(named.as_os_str().to_owned()), ..here.clone() };
    assert_eq!(top(&nothing, &variable), Some(2));
    let none = Surroundings { config: Some("".into()), ..here.clone() };
    assert_eq!(top(&nothing, &none), None);
    assert!(Config::find(&general(Some(Path::new("missing.toml")), &[]), &here).is_err());
}

#[test]
fn flags_environment_project_user_in_this_order() {
    let root = tempfile::tempdir().expect("a folder");
    write(
        &root.path().join("settings/tokopt/config.toml"),
        "[analyze]\ntop = 1\n[privacy]\nkey_file = \"key\"\n",
    );
    let mut around = Surroundings {
        current_folder: Some(root.path().join("project")),
        settings_folder: Some(root.path().join("settings")),
        ..Surroundings::default()
    };
    assert_eq!(top(&general(None, &[]), &around), Some(1));
    write(&root.path().join("project/tokopt.toml"), "[analyze]\ntop = 2\n");
    assert_eq!(top(&general(None, &[]), &around), Some(2));
    around.variables.insert("TOKOPT_ANALYZE_TOP".to_owned(), "3".into());
    assert_eq!(top(&general(None, &[]), &around), Some(3));
    assert_eq!(top(&general(None, &["analyze.top=4", "analyze.top=5"]), &around), Some(5));

    let config = Config::find(&general(None, &[]), &around).expect("settings");
    let key = config.resolved("privacy.key_file", Path::new("key"));
    assert_eq!(key, root.path().join("settings/tokopt/key"));
    // No file at all, and then only the one that is named.
    around.config = Some("".into());
    around.variables.clear();
    assert_eq!(top(&general(None, &[]), &around), None);
    let named = root.path().join("project/tokopt.toml");
    let config = Config::find(&general(Some(&named), &[]), &around).expect("settings");
    assert_eq!(config.settings.analyze.top, Some(2));
    assert_eq!(config.settings.privacy.key_file, None);
}

#[test]
fn a_path_starts_at_the_folder_of_its_file() {
    let root = tempfile::tempdir().expect("a folder");
    let named = root.path().join("named.toml");
    write(&named, "[inputs]\npaths = [\"logs\"]\n");
    let resolved = |general: &GeneralArguments| {
        let config = Config::find(general, &Surroundings::default()).expect("settings");
        let path = config.settings.inputs.paths[0].clone();
        config.resolved("inputs.paths", Path::new(&path))
    };
    assert_eq!(resolved(&general(Some(&named), &[])), root.path().join("logs"));
    let typed = general(Some(&named), &["inputs.paths=[\"here\"]"]);
    assert_eq!(resolved(&typed), PathBuf::from("here"));
}

#[test]
fn a_gate_does_not_depend_on_a_home_folder() {
    let root = tempfile::tempdir().expect("a folder");
    let around =
        Surroundings { settings_folder: Some(root.path().to_owned()), ..Surroundings::default() };
    for text in ["\n[budget]\ncost = { max = 1 }\n", "\n[[ignore]]\nreason = \"later\"\n"] {
        write(&root.path().join("tokopt/config.toml"), text);
        let error = Config::find(&general(None, &[]), &around).expect_err("a refusal");
        assert!(error.to_string().contains("config.toml:2: ["), "{error}");
        assert!(error.to_string().ends_with("is not read from your own settings"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("the project's tokopt.toml")));
    }
}

#[test]
fn a_number_of_no_technique_is_named_with_its_line() {
    let root = tempfile::tempdir().expect("a folder");
    let named = root.path().join("tokopt.toml");
    write(&named, "[assumptions.model-routing]\nshare = 0.2\nescalatoin = 0.1\n");
    let error = Config::find(&general(Some(&named), &[]), &Surroundings::default());
    let Err(CliError::Config { place, message, hint }) = error else {
        panic!("{error:?}");
    };
    assert!(place.ends_with("tokopt.toml:3"), "{place}");
    assert_eq!(message, "model-routing has no parameter `escalatoin`");
    assert_eq!(hint.as_deref(), Some("did you mean `escalation`?"));
}

#[test]
fn a_key_is_quoted_where_it_must_be() {
    let path = ["discounts", "anthropic/claude-x", "a_b-1"].map(str::to_owned);
    assert_eq!(key_text(&path), "discounts.\"anthropic/claude-x\".a_b-1");
    let text = "a \"b\" \\ \n\u{7f}";
    let read: toml::Table = toml::from_str(&format!("x = {}", quoted(text))).expect("TOML");
    assert_eq!(read["x"].as_str(), Some(text));
}
