//! `tokopt explain`: the pages about techniques, reason codes, findings and bills,
//! on paper width. The pages are those of `docs`; nothing is written twice.

mod terminal_text;

use super::args::ExplainArguments;
use super::error::CliError;
use super::exit::Exit;
use super::surroundings::Surroundings;
use super::{standard, terminal};
use crate::selection::nearest::nearest;
use crate::techniques::id::TechniqueId;
use terminal_text::{entry, readable};

/// The page about all techniques together, by the name of its topic.
const LADDER: (&str, &str) = ("ladder", include_str!("../../docs/techniques/README.md"));

const REASON_CODES: &str = include_str!("../../docs/techniques/reason-codes.md");

const FINDINGS: &str = include_str!("../../docs/findings.md");

const CHECK_CODES: &str = include_str!("../../docs/check-codes.md");

const RECONCILE: &str = include_str!("../../docs/reconcile.md");

/// What opens the entry of one reason code on their page.
const ENTRY: &str = "### ";

/// Lines longer than this are hard to read.
const WIDEST: usize = 100;

pub(super) fn run(
    arguments: &ExplainArguments,
    surroundings: &Surroundings,
) -> Result<Exit, CliError> {
    let width = terminal::width(surroundings).min(WIDEST);
    let text = match &arguments.topic {
        None => listed(width),
        Some(topic) => readable(find(topic)?.page, width),
    };
    standard::print(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Something that can be explained.
struct Topic {
    name: &'static str,
    /// What it is, in one line.
    meaning: &'static str,
    page: &'static str,
}

/// Every topic, in the order of the list.
fn topics() -> impl Iterator<Item = Topic> {
    let techniques = TechniqueId::ALL.map(|technique| (technique.name(), page(technique)));
    let pages = techniques.into_iter().chain([LADDER]).chain(reason_codes());
    let pages = pages.map(|(name, page)| Topic { name, meaning: first_sentence(page), page });
    pages.chain(coded(FINDINGS)).chain(coded(RECONCILE)).chain(coded(CHECK_CODES))
}

/// The codes that a page's opening table lists, each with the section that is
/// about it.
fn coded(page: &'static str) -> impl Iterator<Item = Topic> {
    let opening = page.split("\n## ").next().unwrap_or_default();
    opening.lines().filter_map(move |line| {
        let (name, meaning) = line.strip_prefix("| `")?.split_once("` | ")?;
        let meaning = meaning.strip_suffix(" |")?;
        Some(Topic { name, meaning, page: section_of(page, name)? })
    })
}

/// The section whose heading names the code, else the one whose table does.
fn section_of(page: &'static str, code: &str) -> Option<&'static str> {
    let starts = page.match_indices("\n## ").map(|(at, _)| at + 1);
    let ends = starts.clone().skip(1).chain([page.len()]);
    let sections = starts.zip(ends).filter_map(|(start, end)| page.get(start..end));
    let is_named = |text: &str| text.contains(&format!("`{code}`"));
    let is_about = |section: &&str| section.lines().next().is_some_and(is_named);
    sections.clone().find(is_about).or_else(|| sections.clone().find(|section| is_named(section)))
}

/// The entries of the page of reason codes, each from its heading to the next.
fn reason_codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let starts = REASON_CODES.match_indices("\n#").map(|(at, _)| at + 1);
    let ends = starts.clone().skip(1).chain([REASON_CODES.len()]);
    starts.zip(ends).filter_map(|(start, end)| {
        let section = REASON_CODES.get(start..end)?;
        let name = section.strip_prefix(ENTRY)?.lines().next()?;
        Some((name, section))
    })
}

const fn page(technique: TechniqueId) -> &'static str {
    match technique {
        TechniqueId::PromptCaching => include_str!("../../docs/techniques/prompt-caching.md"),
        TechniqueId::ModelRouting => include_str!("../../docs/techniques/model-routing.md"),
        TechniqueId::EmbeddingRetrieval => {
            include_str!("../../docs/techniques/embedding-retrieval.md")
        }
        TechniqueId::ContextCompression => {
            include_str!("../../docs/techniques/context-compression.md")
        }
        TechniqueId::BatchApi => include_str!("../../docs/techniques/batch-api.md"),
        TechniqueId::OutputCapping => include_str!("../../docs/techniques/output-capping.md"),
        TechniqueId::SemanticDedup => include_str!("../../docs/techniques/semantic-dedup.md"),
        TechniqueId::FineTuning => include_str!("../../docs/techniques/fine-tuning.md"),
    }
}

/// The topic of that name, in any letter case, with dashes or underscores.
fn find(word: &str) -> Result<Topic, CliError> {
    let folded = |word: &str| word.trim().to_ascii_lowercase().replace('_', "-");
    let wanted = folded(word);
    topics().find(|topic| folded(topic.name) == wanted).ok_or_else(|| CliError::Setting {
        setting: "explain".to_owned(),
        message: format!("there is no topic `{word}`"),
        hint: Some(match nearest(word, topics().map(|topic| topic.name)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`tokopt explain` lists every topic".to_owned(),
        }),
    })
}

/// Every topic with what it is.
fn listed(width: usize) -> String {
    let longest = topics().map(|topic| topic.name.len()).max().unwrap_or(0);
    topics().map(|topic| entry(topic.name, longest, topic.meaning, width)).collect()
}

fn first_sentence(page: &str) -> &str {
    let is_prose = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let paragraph = page.lines().find(is_prose).unwrap_or_default();
    paragraph.find(". ").and_then(|end| paragraph.get(..=end)).unwrap_or(paragraph)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Topic, find, topics};
    use crate::findings::FINDERS;

    #[test]
    fn topics_are_found_however_they_are_written_and_no_two_are_alike() {
        for word in ["below_min_prefix", "BELOW-MIN-PREFIX", " Below_Min_Prefix"] {
            let Topic { name, page, .. } = find(word).unwrap();
            assert_eq!(name, "BELOW_MIN_PREFIX");
            assert!(page.starts_with("### BELOW_MIN_PREFIX\n") && !page.contains("UNSTABLE"));
        }
        let names: BTreeSet<&str> = topics().map(|topic| topic.name).collect();
        assert_eq!(names.len(), topics().count());
    }

    #[test]
    fn every_topic_says_what_it_is() {
        for Topic { name, meaning, page } in topics() {
            let is_a_page = page.starts_with("# ") || page.starts_with("### ");
            assert!(meaning.ends_with('.') || !is_a_page, "{name}: {meaning}");
            assert!(!meaning.is_empty(), "{name}");
        }
    }

    #[test]
    fn every_code_of_a_check_has_its_section() {
        let measures = crate::budget::measure::ALL.map(|measure| measure.code);
        for code in measures.into_iter().chain(crate::budget::check::CODES) {
            let page = find(code).unwrap().page;
            assert!(page.starts_with("## ") && page.contains(code), "{code}");
        }
    }

    #[test]
    fn every_finding_has_its_section() {
        for code in FINDERS.iter().flat_map(|finder| finder.codes()) {
            let page = find(code).unwrap().page;
            assert!(page.starts_with("## ") && page.contains(code), "{code}");
        }
        assert!(find("tk101").unwrap().page.starts_with("## Dollars\n"));
        assert!(find("TK009").unwrap().page.starts_with("## `TK009`"));
        assert!(find("price_changed").unwrap().page.starts_with("## `PRICE_CHANGED`\n"));
        assert!(find("PING_PONG").unwrap().page.starts_with("## Loops and retries\n"));
        assert!(find("LOOSE_CAPS").unwrap().page.starts_with("## `UNCAPPED_CALLS`"));
    }
}
