//! `tokopt prices`: the table, a model, its age, files made of catalogues.

use super::{Folder, printed, refused, run, tokopt};

#[test]
fn a_model_is_listed_with_its_rates() {
    let list = printed(&["prices", "list", "--provider", "OpenAI"]);
    let line = list.lines().find(|line| line.contains(" gpt-5-mini ")).expect("a line");
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(cells, ["openai", "gpt-5-mini", "economy", "0.25", "0.025", "0.25", "2"]);
    assert!(
        list.lines().skip(1).all(|line| line.is_empty()
            || line.starts_with("openai")
            || line.contains("models on"))
    );
    assert!(refused(&["prices", "list", "--provider", "acme"]).contains("hint: it has anthropic"));
}

#[test]
fn a_model_is_shown_as_a_log_names_it_and_at_a_time() {
    let shown = printed(&["prices", "show", "claude-sonnet-4-5-20250929", "--at", "2026-06-01"]);
    assert!(shown.starts_with("anthropic claude-sonnet-4-5\n"), "{shown}");
    assert!(shown.contains("date stripped") && shown.contains("on 2026-06-01"), "{shown}");
    assert!(shown.contains("5m 3.75, 1h 6"), "{shown}");
    let unknown = refused(&["prices", "show", "gpt-5-mimi"]);
    assert!(unknown.contains("no price is known") && unknown.contains("gpt-5-mini"), "{unknown}");
    assert!(
        refused(&["prices", "show", "gpt-5-mini", "--at", "soon"]).contains("`soon` is no time")
    );
}

#[test]
fn the_table_says_how_old_it_is() {
    let status = printed(&["prices", "status"]);
    assert!(status.starts_with("Prices as of 20"), "{status}");
    assert!(status.lines().any(|line| line.starts_with("anthropic")), "{status}");
}

#[test]
fn a_catalogue_becomes_a_file_that_analyze_takes() {
    let folder = Folder::new();
    let catalogue = folder.write(
        "catalogue.json",
        r#"{"acme-ranker-2": {"litellm_provider": "acme", "mode": "chat",
            "input_cost_per_token": 1e-07, "output_cost_per_token": 4e-07}}"#,
    );
    let prices = folder.path("prices.toml");
    let ran = run(&mut tokopt(&["prices", "import", &catalogue, "-o", &prices]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    assert_eq!(ran.err, "LiteLLM: 1 model taken, 0 left out\n");
    let printed_file = run(&mut tokopt(&["prices", "import", &catalogue])).out;
    assert_eq!(printed_file, folder.read("prices.toml"));
    let shown = printed(&["prices", "--prices", &prices, "show", "acme-ranker-2"]);
    assert!(shown.starts_with("acme acme-ranker-2\n"), "{shown}");
    let nonsense = folder.write("nonsense.json", "[1, 2]");
    assert!(refused(&["prices", "import", &nonsense]).contains("no known catalogue"));
}
