//! The settings from outside: layers, `config`, `init` and `schema config`.

use serde_json::Value;

use super::{Folder, QUICKSTART, Ran, printed, refused, run, tokopt};

/// A project with a home of its own, and the program in it.
struct Project(Folder);

impl Project {
    fn new() -> Self {
        let folder = Folder::new();
        for name in ["project/below", "home/tokopt"] {
            std::fs::create_dir_all(folder.path(name)).expect("folders");
        }
        std::fs::copy(QUICKSTART, folder.path("project/usage.jsonl")).expect("the log");
        Self(folder)
    }

    fn run_in(&self, below: &str, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
        let mut command = tokopt(arguments);
        command.env_remove("TOKOPT_CONFIG").env("XDG_CONFIG_HOME", self.0.path("home"));
        command.envs(variables.iter().copied()).current_dir(self.0.path(below));
        run(&mut command)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_in("project", &[], arguments)
    }
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("no JSON: {}{}", ran.out, ran.err))
}

/// The value of a key in `tokopt config --format json`, with its source.
fn setting(ran: &Ran, key: &str) -> (String, String) {
    let document = json(ran);
    let settings = document["settings"].as_array().expect("settings").iter();
    let found = settings.clone().find(|line| line["key"] == key).expect(key).clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let place = if found["place"].is_null() { &found["source"] } else { &found["place"] };
    (text(&found["value"]), text(place))
}

#[test]
fn each_layer_goes_before_the_next() {
    let project = Project::new();
    let top = |variables: &[(&str, &str)], flags: &[&str]| {
        let arguments = [&["config", "--format", "json"], flags].concat();
        let (value, place) =
            setting(&project.run_in("project", variables, &arguments), "analyze.top");
        let folder = project.0.path("");
        (value, place.replace(&folder, ""))
    };
    let expected = |value: &str, place: &str| (value.to_owned(), place.to_owned());
    assert_eq!(top(&[], &[]), expected("10", "default"));
    project.0.write("home/tokopt/config.toml", "[analyze]\ntop = 1\n");
    assert_eq!(top(&[], &[]), expected("1", "home/tokopt/config.toml:2"));
    project.0.write("project/tokopt.toml", "\n[analyze]\ntop = 2\n");
    assert_eq!(top(&[], &[]), expected("2", "tokopt.toml:3"));
    let variable = [("TOKOPT_ANALYZE_TOP", "3")];
    assert_eq!(top(&variable, &[]), expected("3", "TOKOPT_ANALYZE_TOP"));
    assert_eq!(top(&variable, &["--set", "analyze.top=4"]), expected("4", "--set"));
    // A flag of its own goes before all of them: one row and the rest.
    let rows = |flags: &[&str]| {
        let arguments =
            [&["analyze", "--no-ladder", "usage.jsonl", "--by", "user"], flags].concat();
        let ran = project.run_in("project", &variable, &arguments);
        ran.out.lines().filter(|line| line.contains("user-")).count()
    };
    assert!(rows(&["--top", "1"]) < rows(&["--set", "analyze.top=4"]));
}

#[test]
fn the_paths_of_the_file_are_read_from_below_it() {
    let project = Project::new();
    project.0.write("project/tokopt.toml", "[inputs]\npaths = [\"usage.jsonl\"]\n");
    let calls = |below| {
        let ran = project.run_in(below, &[], &["analyze", "--no-ladder", "--format", "json"]);
        let document = json(&ran);
        (document["totals"]["calls"].clone(), document["input"]["files"][0]["path"].clone())
    };
    assert_eq!(calls("project"), (37.into(), "usage.jsonl".into()));
    assert_eq!(calls("project/below"), (37.into(), "../usage.jsonl".into()));
}

#[test]
fn errors_name_the_place_and_what_was_meant() {
    let project = Project::new();
    let error = |variables: &[(&str, &str)], arguments: &[&str]| {
        let ran = project.run_in("project", variables, arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
        ran.err.replace(&project.0.path(""), "")
    };
    assert_eq!(
        error(&[("TOKOPT_ANALYSE_TOP", "3")], &["config"]),
        "error: TOKOPT_ANALYSE_TOP: there is no such setting\n\
         hint: did you mean `TOKOPT_ANALYZE_TOP`?\n"
    );
    assert_eq!(
        error(&[], &["config", "--set", "analyse.top=3"]),
        "error: --set: there is no setting `analyse.top`\nhint: did you mean `analyze.top`?\n"
    );
    project.0.write("project/tokopt.toml", "version = 1\n[analyze]\ntop = \"three\"\n");
    assert_eq!(
        error(&[], &["analyze", "usage.jsonl"]),
        "error: tokopt.toml:3: invalid type: string \"three\", expected a whole number\n"
    );
    project.0.write("project/tokopt.toml", "[techniques.batch-api]\nhit_share = 0.3\n");
    let old = error(&[], &["analyze", "usage.jsonl"]);
    assert!(old.ends_with("hint: [techniques.ID] is called [assumptions.ID] now\n"), "{old}");
    project.0.write("project/tokopt.toml", "");
    project.0.write("home/tokopt/config.toml", "[budget]\ncost = { max = 5 }\n");
    assert_eq!(
        error(&[], &["config"]),
        "error: home/tokopt/config.toml:1: [budget] is not read from your own settings\n\
         hint: put it into the project's tokopt.toml: a gate must say the same on every machine\n"
    );
}

#[test]
fn users_are_taken_from_where_the_settings_say() {
    let project = Project::new();
    project.0.write("project/tokopt.toml", "[users]\nfrom = [\"model\"]\n");
    let arguments = ["analyze", "--no-ladder", "--show-users", "--format", "json", "usage.jsonl"];
    let keys = |document: &Value, table: &str| -> Vec<String> {
        let rows = document["attribution"][table].as_array().expect("rows").iter();
        let mut keys: Vec<String> =
            rows.map(|row| row["key"].as_str().unwrap_or_default().to_owned()).collect();
        keys.sort();
        keys
    };
    let document = json(&project.run(&arguments));
    assert_eq!(keys(&document, "user"), keys(&document, "model"));
    let selected = [&arguments[..], &["--where", "user=gpt-*"]].concat();
    let document = json(&project.run(&selected));
    assert!(keys(&document, "model").iter().all(|model| model.starts_with("gpt-")));
    assert!(
        refused(&["analyze", QUICKSTART, "--set", "users.from=[\"name\"]"])
            .contains("[users] from: there is no field `name`")
    );
}

#[test]
fn a_discount_is_taken_off_the_list_price() {
    let cost = |flags: &[&str]| {
        let arguments = [&["analyze", "--no-ladder", "--format", "json", QUICKSTART], flags];
        let document: Value = serde_json::from_str(&printed(&arguments.concat())).expect("JSON");
        document["totals"]["cost_usd"].as_number().expect("a cost").to_string()
    };
    let list: f64 = cost(&[]).parse().expect("a number");
    let providers = ["anthropic", "openai"].map(|name| format!("discounts.{name}=50%"));
    let half: f64 = cost(&["--set", &providers[0], "--set", &providers[1]]).parse().expect("one");
    assert!((half * 2.0 - list).abs() < 1e-6, "{half} {list}");
    let text = refused(&["analyze", QUICKSTART, "--set", "discounts.anthropic=half"]);
    assert!(text.starts_with("error: [discounts] anthropic: `half` is no discount"), "{text}");
}

/// A value of TOML as editors see it: dates are texts.
fn as_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.iter().map(as_json).collect(),
        toml::Value::Table(table) => {
            table.iter().map(|(key, value)| (key.clone(), as_json(value))).collect()
        }
        other => serde_json::to_value(other).expect("a plain value"),
    }
}

fn assert_valid(text: &str) {
    let schema: Value = serde_json::from_str(&printed(&["schema", "config"])).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let file: toml::Table = toml::from_str(text).expect("TOML");
    let file = as_json(&toml::Value::Table(file));
    let errors: Vec<String> = validator
        .iter_errors(&file)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// The documented file: the fenced block that sets the version.
fn documented() -> String {
    let page = include_str!("../../../docs/configuration.md");
    let block = page.split("```toml\n").find(|block| block.starts_with("version = 1"));
    block.and_then(|block| block.split("```").next()).expect("the example").to_owned()
}

#[test]
fn the_documented_file_is_what_the_schema_and_the_program_say() {
    let text = documented();
    assert_valid(&text);
    let folder = Folder::new();
    let settings = folder.write("tokopt.toml", &text);
    printed(&["config", "--config", &settings]);
    // A slip is no valid file for an editor either.
    let schema: Value = serde_json::from_str(&printed(&["schema", "config"])).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for slip in [
        serde_json::json!({ "analyse": {} }),
        serde_json::json!({ "analyze": { "top": "3" } }),
        serde_json::json!({ "assumptions": { "model-routing": { "shares": 1 } } }),
        serde_json::json!({ "version": 2 }),
    ] {
        assert!(!validator.is_valid(&slip), "{slip}");
    }
}

#[test]
fn init_writes_what_it_measures_and_never_over_a_file() {
    let project = Project::new();
    let ran = project.run(&["init", "usage.jsonl"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    let text = project.0.read("project/tokopt.toml");
    insta::assert_snapshot!("cli_init", text);
    assert_valid(&text);
    for name in ["ada", "bo", "cleo", "dan", "eli"] {
        assert!(!text.contains(&format!("\"{name}\"")), "{name} in {text}");
    }
    let again = project.run(&["init", "usage.jsonl"]);
    assert_eq!(again.code, Some(2));
    assert_eq!(
        again.err,
        "error: tokopt.toml: it is there already\n\
         hint: --force replaces it, -o FILE writes another, --stdout prints\n"
    );
    let ran = project.run(&["init", "usage.jsonl", "--force", "--quiet"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(project.0.read("project/tokopt.toml"), text);
    // What it wrote is read: the same log, without a path.
    let ran = project.run(&["analyze", "--no-ladder", "--format", "json"]);
    assert_eq!(json(&ran)["totals"]["calls"], 37);
}

#[test]
fn without_a_log_init_writes_every_section_commented_out() {
    let project = Project::new();
    let skeleton = project.run(&["init", "--stdout"]).out;
    assert_valid(&skeleton);
    let settings: toml::Table = toml::from_str(&skeleton).expect("TOML");
    assert_eq!(settings.keys().collect::<Vec<_>>(), ["version"]);
    // Without the marks of comments it is a file, too.
    let lines = skeleton.lines().skip_while(|line| !line.starts_with("version"));
    let open: Vec<&str> =
        lines.map(|line| line.trim_start_matches("# ").trim_start_matches('#')).collect();
    assert_valid(&open.join("\n"));
}

#[test]
fn init_elsewhere_names_its_inputs_from_there() {
    let project = Project::new();
    let ran = project.run(&["init", "usage.jsonl", "-o", "below/tokopt.toml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(project.0.read("project/below/tokopt.toml").contains("paths = [\"../usage.jsonl\"]"));
    let ran = project.run_in("project/below", &[], &["analyze", "--no-ladder"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}
