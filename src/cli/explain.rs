//! `tokopt explain`: the pages about techniques and reason codes, on paper
//! width. The pages are those of `docs/techniques`; nothing is written twice.

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
        Some(topic) => readable(find(topic)?.1, width),
    };
    standard::print(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Every topic with its page, in the order of the list.
fn topics() -> impl Iterator<Item = (&'static str, &'static str)> {
    let techniques = TechniqueId::ALL.map(|technique| (technique.name(), page(technique)));
    techniques.into_iter().chain([LADDER]).chain(reason_codes())
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
fn find(word: &str) -> Result<(&'static str, &'static str), CliError> {
    let folded = |word: &str| word.trim().to_ascii_lowercase().replace('_', "-");
    let wanted = folded(word);
    topics().find(|(name, _)| folded(name) == wanted).ok_or_else(|| CliError::Setting {
        setting: "explain".to_owned(),
        message: format!("there is no topic `{word}`"),
        hint: Some(match nearest(word, topics().map(|(name, _)| name)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`tokopt explain` lists every topic".to_owned(),
        }),
    })
}

/// Every topic with the first sentence of its page.
fn listed(width: usize) -> String {
    let longest = topics().map(|(name, _)| name.len()).max().unwrap_or(0);
    topics().map(|(name, page)| entry(name, longest, first_sentence(page), width)).collect()
}

fn first_sentence(page: &str) -> &str {
    let is_prose = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let paragraph = page.lines().find(is_prose).unwrap_or_default();
    paragraph.find(". ").and_then(|end| paragraph.get(..=end)).unwrap_or(paragraph)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{find, first_sentence, topics};

    #[test]
    fn topics_are_found_however_they_are_written_and_no_two_are_alike() {
        for word in ["below_min_prefix", "BELOW-MIN-PREFIX", " Below_Min_Prefix"] {
            let (name, page) = find(word).unwrap();
            assert_eq!(name, "BELOW_MIN_PREFIX");
            assert!(page.starts_with("### BELOW_MIN_PREFIX\n") && !page.contains("UNSTABLE"));
        }
        let names: BTreeSet<&str> = topics().map(|(name, _)| name).collect();
        assert_eq!(names.len(), topics().count());
    }

    #[test]
    fn every_page_opens_with_a_sentence() {
        for (name, page) in topics() {
            assert!(first_sentence(page).ends_with('.'), "{name}: {}", first_sentence(page));
        }
    }
}
