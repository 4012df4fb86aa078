//! Records the parts of a prompt while its texts are at hand.

use std::borrow::Cow;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::measure::memo::Memo;
use crate::measure::{self, Kind, words};
use crate::record::component::Component;
use crate::record::prompt::{Answer, BlockId};
use crate::units::Ttl;

use super::json::Json;

/// Tokens a provider adds around each message (role and separators).
///
/// `OpenAI`'s cookbook on counting tokens gives 3 a message plus the role's own;
/// 4 is what its chat models come to.
const MESSAGE_OVERHEAD: u32 = 4;
/// Stated sizes of pictures differ by provider; they are never counted by the
/// length of their base64 text.
const MARKED: [(&str, &str); 7] = [
    ("<document", "</document"),
    ("<context", "</context"),
    ("<search_result", "</search_result"),
    ("<retrieved", "</retrieved"),
    ("<source", "</source"),
    ("<passage", "</passage"),
    ("<file", "</file"),
];

/// One piece of a prompt, in the order in which the provider sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The measured content.
    pub block: BlockId,
    /// What it is in itself.
    pub component: Component,
    /// Whether it belongs to a message of the assistant.
    pub assistant: bool,
    /// Whether it ends its message.
    pub ends_message: bool,
    /// Tokens the provider adds to it.
    pub overhead: u32,
    /// A cache mark that stands behind it, with its lifetime where stated.
    pub cache_mark: Option<Option<Ttl>>,
}

/// A prompt as a list of parts, with the fingerprints of its request.
#[derive(Clone, Debug, Default)]
pub struct PromptDraft {
    /// The parts in provider order.
    pub parts: Vec<Part>,
    /// Images, audio and files, whose tokens only the provider knows.
    pub unmeasured_parts: u16,
    /// Hash of the request without user, metadata and stream.
    pub request_hash: u128,
    /// Hash of the request's parameters alone.
    pub parameters_hash: u64,
    /// Hash of tools and system prompt.
    pub head_hash: u64,
    /// Hash of this turn's retrieved pieces.
    pub retrieved_hash: u64,
    /// The block of the last user turn.
    pub last_user: Option<BlockId>,
    /// A name for the call site.
    pub call_site: Option<String>,
    /// The answer.
    pub answer: Option<Answer>,
}

/// A retrieved text as an answer is held against it: its words as hashes, and
/// its tokens.
#[derive(Clone, Debug)]
pub struct Passage {
    words: Box<[u32]>,
    tokens: u32,
}

impl Passage {
    /// Tokens of the passage that an answer of these words repeats.
    #[must_use]
    pub fn repeated_in(&self, answer: &[u32]) -> u32 {
        let (repeated, all) = words::repeated_words(&self.words, answer);
        share(self.tokens, repeated, all)
    }
}

/// The part of `tokens` that `repeated` of `all` words are.
fn share(tokens: u32, repeated: u64, all: u64) -> u32 {
    let share = u64::from(tokens).saturating_mul(repeated) / all.max(1);
    u32::try_from(share).unwrap_or(u32::MAX)
}

/// Collects the parts of one prompt.
#[derive(Debug)]
pub struct Recorder<'a> {
    memo: &'a Memo,
    draft: PromptDraft,
    parameters: u128,
    tool_names: Vec<Cow<'a, str>>,
    retrieved: Vec<Cow<'a, str>>,
    opening: Option<u64>,
}

impl<'a> Recorder<'a> {
    /// An empty prompt.
    #[must_use]
    pub fn new(memo: &'a Memo) -> Self {
        Self {
            memo,
            draft: PromptDraft::default(),
            parameters: 0,
            tool_names: Vec::new(),
            retrieved: Vec::new(),
            opening: None,
        }
    }

    /// Takes in a request parameter; order does not matter.
    pub fn parameter(&mut self, key: &str, value: Json<'a>) {
        let minified = value.raw().bytes().filter(|byte| !byte.is_ascii_whitespace());
        let mut bytes: Vec<u8> = key.bytes().collect();
        bytes.push(b'=');
        bytes.extend(minified);
        self.parameters = self.parameters.wrapping_add(xxh3_128(&bytes));
    }

    /// Adds a tool definition, as JSON, with its name where it has one.
    pub fn tool(&mut self, definition: Json<'a>, name: Option<Cow<'a, str>>) {
        self.tool_names.extend(name);
        self.add_json(definition, Component::ToolDefinitions, false);
    }

    /// Adds a JSON value that is sent as text: tool calls, schemas, structured
    /// tool results.
    pub fn add_json(&mut self, value: Json<'a>, component: Component, assistant: bool) {
        let block =
            self.memo.block(value.raw().as_bytes(), 1, || measure::block(value.raw(), Kind::Json));
        self.part(block, component, assistant);
        if component == Component::RetrievedContext {
            self.retrieved.push(Cow::Borrowed(value.raw()));
        }
    }

    /// Adds a text given as a JSON string; passages that the text marks as
    /// documents become retrieved context.
    pub fn add_text(&mut self, value: Json<'a>, component: Component, assistant: bool) {
        let may_be_marked = matches!(component, Component::UserInput | Component::SystemPrompt);
        // Most texts have no tag at all, which one look for `<` tells.
        let has_tag = || memchr::memchr(b'<', value.raw().as_bytes()).is_some();
        if may_be_marked && has_tag() && MARKED.iter().any(|(open, _)| value.raw().contains(open)) {
            if let Some(text) = value.any_text() {
                self.add_marked(&text, component, assistant);
            }
            return;
        }
        let (kind, salt) = kind_of(component, assistant);
        let block = self.memo.block(value.raw().as_bytes(), salt, || {
            measure::block(&value.any_text().unwrap_or_default(), kind)
        });
        self.part(block, component, assistant);
        if component == Component::RetrievedContext
            && let Some(text) = value.any_text()
        {
            self.retrieved.push(text);
        }
    }

    /// Adds a text that is already unescaped.
    pub fn add_plain(&mut self, text: &str, component: Component, assistant: bool) {
        if text.is_empty() {
            return;
        }
        let (kind, salt) = kind_of(component, assistant);
        let block = self.memo.block(text.as_bytes(), salt | 4, || measure::block(text, kind));
        self.part(block, component, assistant);
    }

    fn add_marked(&mut self, text: &str, component: Component, assistant: bool) {
        for (segment, retrieved) in marked_segments(text) {
            if retrieved {
                self.add_plain(segment, Component::RetrievedContext, assistant);
                self.retrieved.push(Cow::Owned(segment.to_owned()));
            } else {
                self.add_plain(segment, component, assistant);
            }
        }
    }

    /// Counts an image, a sound or a file.
    pub fn unmeasured(&mut self) {
        self.draft.unmeasured_parts = self.draft.unmeasured_parts.saturating_add(1);
    }

    /// Ends the message whose parts were added last.
    pub fn end_message(&mut self) {
        if let Some(last) = self.draft.parts.last_mut()
            && !last.ends_message
        {
            last.ends_message = true;
            last.overhead += MESSAGE_OVERHEAD;
            if last.assistant {
                // What follows an answer is a new turn.
                self.retrieved.clear();
            }
        }
    }

    /// Sets a cache mark behind the part added last.
    pub fn cache_mark(&mut self, ttl: Option<Ttl>) {
        if let Some(last) = self.draft.parts.last_mut() {
            last.cache_mark = Some(ttl);
        }
    }

    /// Measures the answer.
    pub fn answer(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let tokens = measure::tokenizer::count(text);
        let minified = measure::lossless::minified_json(text);
        let mut answer = Answer {
            hash: xxh3_64(text.as_bytes()),
            tokens,
            minified_tokens: tokens,
            is_json: minified.is_some(),
            reappears: false,
            repeated_tokens: 0,
        };
        if let Some(minified) = minified {
            answer.minified_tokens = measure::tokenizer::count(&minified).min(tokens);
        }
        if !self.retrieved.is_empty() {
            let said = words::in_order(text);
            for source in &self.retrieved {
                let (repeated, all) = words::repeated_words(&words::in_order(source), &said);
                // Most answers repeat nothing, and then nothing need be counted.
                if repeated > 0 {
                    let share = share(measure::tokenizer::count(source), repeated, all);
                    answer.repeated_tokens = answer.repeated_tokens.saturating_add(share);
                }
            }
        }
        self.draft.answer = Some(answer);
    }

    /// The retrieved texts of this turn, for an answer that comes later.
    pub fn passages(&self) -> impl Iterator<Item = Passage> {
        self.retrieved.iter().map(|text| Passage {
            words: words::in_order(text),
            tokens: measure::tokenizer::count(text),
        })
    }

    fn part(&mut self, block: BlockId, component: Component, assistant: bool) {
        if component == Component::SystemPrompt && self.opening.is_none() {
            self.opening = self.memo.with(block, |block| block.opening);
        }
        self.draft.parts.push(Part {
            block,
            component,
            assistant,
            ends_message: false,
            overhead: 0,
            cache_mark: None,
        });
    }

    /// The finished prompt.
    #[must_use]
    pub fn finish(mut self) -> PromptDraft {
        self.draft.call_site = self.call_site();
        let memo = self.memo;
        let identity = |part: &Part| memo.with(part.block, |block| block.identity).unwrap_or(0);
        let last_answer = self.draft.parts.iter().rposition(|part| part.assistant);
        let (mut whole, mut head, mut retrieved) = (Vec::new(), Vec::new(), Vec::new());
        for (position, part) in self.draft.parts.iter().enumerate() {
            let fingerprint = identity(part).to_le_bytes();
            whole.extend_from_slice(&fingerprint);
            whole.push(part.component as u8 | u8::from(part.assistant) << 7);
            match part.component {
                Component::ToolDefinitions | Component::SystemPrompt => head.extend(fingerprint),
                Component::RetrievedContext if last_answer.is_none_or(|at| position > at) => {
                    retrieved.extend(fingerprint);
                }
                _ => {}
            }
        }
        self.draft.last_user = self
            .draft
            .parts
            .iter()
            .rfind(|part| part.component == Component::UserInput && !part.assistant)
            .map(|part| part.block);
        self.draft.request_hash = xxh3_128(&whole).wrapping_add(self.parameters);
        self.draft.parameters_hash = folded(self.parameters);
        self.draft.head_hash = xxh3_64(&head);
        self.draft.retrieved_hash = xxh3_64(&retrieved);
        self.draft
    }

    /// A readable name for the place in the code that makes this call: tool
    /// names and a fingerprint, never words of the prompt.
    fn call_site(&mut self) -> Option<String> {
        self.tool_names.sort_unstable();
        self.tool_names.dedup();
        if self.tool_names.is_empty() && self.opening.is_none() {
            return None;
        }
        let names = self.tool_names.join(",");
        let mark = xxh3_64(names.as_bytes()) ^ self.opening.unwrap_or(0).rotate_left(7);
        let kind = match self.tool_names.as_slice() {
            [] => "prompt".to_owned(),
            [one] => one.to_string(),
            [first, rest @ ..] => format!("{first}+{}", rest.len()),
        };
        Some(format!("{kind} #{:04x}", mark & 0xffff))
    }
}

/// How a text is measured, and the salt that keeps the kinds apart.
const fn kind_of(component: Component, assistant: bool) -> (Kind, u8) {
    match component {
        Component::UserInput if !assistant => (Kind::UserText, 3),
        Component::SystemPrompt => (Kind::Template, 16),
        _ => (Kind::Text, 2),
    }
}

/// Cuts a text into passages between document marks and the rest.
fn marked_segments(text: &str) -> Vec<(&str, bool)> {
    let mut segments = Vec::new();
    let mut rest = text;
    while let Some((start, close)) = MARKED
        .iter()
        .filter_map(|(open, close)| Some((rest.find(open)?, *close)))
        .min_by_key(|(start, _)| *start)
    {
        let Some(closing) = rest[start..].rfind(close) else { break };
        let after = start + closing;
        let end = rest[after..].find('>').map_or(rest.len(), |at| after + at + 1);
        segments.push((&rest[..start], false));
        segments.push((&rest[start..end], true));
        rest = &rest[end..];
    }
    segments.push((rest, false));
    segments.retain(|(segment, _)| !segment.trim().is_empty());
    segments
}

/// Half of a hash, made of all of it.
const fn folded(hash: u128) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "both halves go in")]
    {
        (hash >> 64) as u64 ^ hash as u64
    }
}

#[cfg(test)]
mod tests {
    use super::marked_segments;

    #[test]
    fn marked_documents_are_told_from_the_question() {
        let text = "Answer from these.\n<documents><document>a</document><document>b</document></documents>\nWhat is b?";
        assert_eq!(
            marked_segments(text),
            [
                ("Answer from these.\n", false),
                ("<documents><document>a</document><document>b</document></documents>", true),
                ("\nWhat is b?", false),
            ]
        );
        assert_eq!(
            marked_segments("a <context> never closed"),
            [("a <context> never closed", false)]
        );
    }
}
