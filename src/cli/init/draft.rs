//! The text of a new `tokopt.toml`. It quotes names of features, models and
//! tags, and never a user or a text.

use std::fmt::Write as _;

use super::budgets;
use super::tags::Tag;
use crate::cli::config::quoted;
use crate::report::document::{Document, UNKNOWN_KEY};
use crate::units::counted;

/// How many names a comment lists.
const LISTED: usize = 10;

/// Columns of a comment.
const WIDTH: usize = 100;

/// What is known of the logs.
pub(super) struct Seen<'a> {
    pub(super) document: &'a Document,
    pub(super) tags: &'a [Tag],
    /// The paths, from the folder of the file.
    pub(super) inputs: &'a [String],
}

const HEAD: &str = "\
# Settings of tokopt; docs/configuration.md explains each. What a flag says goes before what stands
# here. Editors complete this file after
#   tokopt schema config > tokopt.schema.json
# when its first line is
#   #:schema ./tokopt.schema.json

version = 1
";

const ANALYZE: &str = "
# [analyze]
# timezone = \"Europe/Berlin\"        # days begin at midnight there; UTC unless set
# where = [\"user!=load-test\"]       # calls that count
";

const REST: &str = "
# [discounts]
# anthropic = \"15%\"                 # off the list price; or \"anthropic/claude-sonnet-4-6\"

# [assumptions.model-routing]        # tokopt explain model-routing
# share = 0.3
";

const SKELETON: &str = "
# [inputs]
# paths = [\"logs/**/*.jsonl.gz\"]    # read when the command line names nothing
";

const FEATURES: &str = "
# [features]
# from = [\"tag.team\", \"call_site\"]  # the first that has a value names the feature
";

const USERS: &str = "
# [users]
# from = [\"tag.user_id\"]            # the first that has a value names the user
";

const BUDGET: &str = "
# [budget]                           # tokopt init LOG measures these
# monthly_cost = { max = 4000, warn_at = \"80%\" }
# cost_per_call = { max = 0.012 }
# unpriced_calls = { max = 0 }       # a new model must not pass as free
#
# [[budget.feature]]
# match = \"support-*\"
# cost_per_call = { max = 0.02, level = \"warn\" }
";

const PRICES: &str = "
# [prices]
# files = [\"negotiated.toml\"]
";

/// Every section, commented out.
pub(super) fn skeleton() -> String {
    [HEAD, SKELETON, ANALYZE, FEATURES, USERS, PRICES, REST, BUDGET].concat()
}

/// The file for what was seen.
pub(super) fn text(seen: &Seen<'_>) -> String {
    let mut text = HEAD.to_owned();
    inputs(seen, &mut text);
    text.push_str(ANALYZE);
    features(seen, &mut text);
    users(seen, &mut text);
    prices(seen, &mut text);
    text.push_str(REST);
    let _ = write!(text, "\n{}", budgets::section(seen.document));
    text
}

fn inputs(seen: &Seen<'_>, text: &mut String) {
    let input = &seen.document.input;
    let window = &seen.document.window;
    let span = match (&window.start, &window.end) {
        (Some(start), Some(end)) => format!(", from {} to {}", day(start), day(end)),
        _ => ", without dates".to_owned(),
    };
    let rejected = match input.rejected {
        0 => String::new(),
        rejected => format!(", {} rejected", counted(rejected, "record")),
    };
    let _ = write!(
        text,
        "\n# Seen: {} in {}{span}{rejected}.\n",
        counted(input.lines, "record"),
        counted(input.files.len() as u64, "file")
    );
    if seen.inputs.is_empty() {
        text.push_str("# [inputs]\n# paths = [\"logs/**/*.jsonl.gz\"]\n");
        return;
    }
    let paths: Vec<String> = seen.inputs.iter().map(|path| quoted(path)).collect();
    let _ = match paths.as_slice() {
        [path] => writeln!(text, "[inputs]\npaths = [{path}]"),
        paths => writeln!(text, "[inputs]\npaths = [\n    {},\n]", paths.join(",\n    ")),
    };
}

/// The day of a time; comments need no more.
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

fn features(seen: &Seen<'_>, text: &mut String) {
    let rows = &seen.document.attribution.feature;
    let named: Vec<String> =
        rows.iter().filter(|row| row.key != UNKNOWN_KEY).map(|row| quoted(&row.key)).collect();
    if named.is_empty() {
        text.push_str("\n# Seen: no feature. Take it from a tag, or from the place in the code:");
        text.push_str(FEATURES);
        tags(seen, text);
        return;
    }
    let seen = format!(
        "Seen: {}, most expensive first: {}.",
        counted(named.len() as u64, "feature"),
        listed(&named)
    );
    let _ = write!(text, "\n{}", comment(&seen));
    text.push_str(FEATURES);
}

fn tags(seen: &Seen<'_>, text: &mut String) {
    if seen.tags.is_empty() {
        return;
    }
    let tag = |tag: &Tag| {
        format!(
            "{} ({})",
            quoted(&format!("tag.{}", tag.name)),
            counted(tag.values as u64, "value")
        )
    };
    let tags: Vec<String> = seen.tags.iter().map(tag).collect();
    let tags = format!("Tags on the calls: {}.", listed(&tags));
    let _ = writeln!(text, "{}", comment(&tags));
}

fn users(seen: &Seen<'_>, text: &mut String) {
    let rows = seen.document.attribution.user.iter().filter(|row| row.key != UNKNOWN_KEY);
    let _ = match rows.count() {
        0 => write!(text, "\n# Seen: no user. Take it from a tag or the account:"),
        users => write!(text, "\n# Seen: {}.", counted(users as u64, "user")),
    };
    text.push_str(USERS);
}

fn prices(seen: &Seen<'_>, text: &mut String) {
    let unpriced = &seen.document.prices.unpriced_models;
    let named: Vec<_> = unpriced.iter().filter(|model| model.model != UNKNOWN_KEY).collect();
    if named.is_empty() {
        text.push_str(PRICES);
        return;
    }
    let _ = write!(
        text,
        "\n# Seen: {} without a price. In dollars per million tokens:\n\
         # [prices.overrides]\n# provider = \"in-house\"\n",
        counted(named.len() as u64, "model")
    );
    for model in named.iter().take(LISTED) {
        let calls =
            model.calls.map_or_else(String::new, |calls| format!("  # {}", counted(calls, "call")));
        let _ = write!(
            text,
            "#\n# [[prices.overrides.model]]\n# id = {}{calls}\n\
             # price = [{{ input = \"0.10\", output = \"0.40\" }}]\n",
            quoted(&model.model)
        );
    }
    if named.len() > LISTED {
        let _ = writeln!(text, "# and {} more", named.len() - LISTED);
    }
}

/// Text as lines of a comment, without a newline at the end.
fn comment(text: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in text.split(' ') {
        let full = |line: &String| line.len() > 1 && line.len() + 1 + word.len() > WIDTH;
        if lines.last().is_some_and(full) {
            lines.push("#".to_owned());
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n")
}

fn listed(names: &[String]) -> String {
    let mut listed = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        let _ = write!(listed, " and {} more", names.len() - LISTED);
    }
    listed
}
