//! Reads prompts back from the prefix tree, message by message, and says what
//! each message is in its call.
//!
//! History is a matter of the call: a message is history where it was already
//! sent in an earlier call of its conversation. What stands before an answer was
//! sent to get that answer, so it is history even where the earlier call is not
//! in the log. The newest answer itself was received, not sent: the first time
//! it goes back it is neither history nor anyone's input, and stays
//! unattributed.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::record::component::Component;
use crate::record::log::Log;
use crate::record::prompt::NodeId;
use crate::record::symbol::Symbol;

use super::Entry;
use super::conversation::Conversations;
use super::flat::Flat;
use super::split::Run;

/// Texts shorter than this are no documents.
const DOCUMENT_TOKENS: u64 = 200;
/// Conversations a feature needs before anything is called an example.
const FEWEST_CONVERSATIONS: u64 = 5;
/// Messages at the opening of a prompt among which examples are looked for.
const MOST_EXAMPLES: usize = 64;

/// A feature served by a model: what shares a template.
type Group = (Option<Symbol>, Option<Symbol>);

/// A stretch of one message that is one component in itself.
#[derive(Clone, Copy, Debug)]
struct Piece {
    component: Component,
    tokens: u64,
    end: NodeId,
}

/// A message of a prompt.
#[derive(Debug, Default)]
struct Message {
    pieces: Vec<Piece>,
    assistant: bool,
    hash: u64,
    end: NodeId,
}

impl Message {
    fn is_head(&self) -> bool {
        self.pieces.iter().all(|piece| {
            matches!(piece.component, Component::ToolDefinitions | Component::SystemPrompt)
        })
    }
}

/// What is known of a group's prompts as a whole.
#[derive(Debug, Default)]
struct Template {
    /// Ends of messages that open at least four fifths of the conversations.
    examples: FxHashSet<NodeId>,
    /// Ends of blocks of the system prompt that few conversations share.
    varying: FxHashSet<NodeId>,
}

/// For each entry, its prompt as runs of components in prompt order; empty
/// where its texts were not logged.
pub(super) fn runs(log: &Log, entries: &[Entry], conversations: &Conversations) -> Flat<Run> {
    let mut runs = Flat::default();
    if log.prompts.is_empty() {
        return runs;
    }
    let templates = templates(log, entries, conversations);
    let members = conversations.members();
    let mut found: Vec<(usize, Vec<Run>)> = (0..members.len())
        .into_par_iter()
        .flat_map_iter(|number| conversation_runs(log, entries, members.row(number), &templates))
        .collect();
    found.sort_unstable_by_key(|(index, _)| *index);
    for (index, found) in found {
        while runs.len() < index {
            runs.push([]);
        }
        runs.push(found);
    }
    runs
}

fn conversation_runs(
    log: &Log,
    entries: &[Entry],
    members: &[u32],
    templates: &FxHashMap<Group, Template>,
) -> Vec<(usize, Vec<Run>)> {
    let mut sent: FxHashMap<u64, u32> = FxHashMap::default();
    let mut found = Vec::new();
    for &member in members {
        let entry = &entries[member as usize];
        let messages = messages(log, entry);
        if messages.is_empty() {
            continue;
        }
        let template = templates.get(&(entry.feature, entry.model));
        let has_time = entry.time.is_some();
        found.push((member as usize, classify(&messages, template, has_time.then_some(&sent))));
        let mut times: FxHashMap<u64, u32> = FxHashMap::default();
        for message in &messages {
            let count = times.entry(message.hash).or_default();
            *count += 1;
            let most = sent.entry(message.hash).or_default();
            *most = (*most).max(*count);
        }
    }
    found
}

/// The messages of a call's prompt, in order.
fn messages(log: &Log, entry: &Entry) -> Vec<Message> {
    let call = &log.calls[entry.call as usize];
    let Some(prompt) = log.prompt(call.prompt) else { return Vec::new() };
    let mut messages = Vec::new();
    let mut message = Message::default();
    let mut block_tokens = 0;
    for id in log.tree.path(prompt.end) {
        let node = log.tree.node(id);
        message.hash = message.hash.rotate_left(5) ^ node.hash;
        message.hash = message.hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        message.assistant |= node.assistant;
        message.end = id;
        block_tokens += u64::from(node.tokens);
        if node.ends_block {
            let tokens = std::mem::take(&mut block_tokens);
            message.pieces.push(Piece { component: node.component, tokens, end: id });
        }
        if node.ends_message {
            messages.push(std::mem::take(&mut message));
        }
    }
    if block_tokens > 0 {
        message.pieces.push(Piece {
            component: Component::Unattributed,
            tokens: block_tokens,
            end: message.end,
        });
    }
    if !message.pieces.is_empty() {
        messages.push(message);
    }
    messages
}

fn classify(
    messages: &[Message],
    template: Option<&Template>,
    sent: Option<&FxHashMap<u64, u32>>,
) -> Vec<Run> {
    let is_example = |message: &Message| {
        template.is_some_and(|template| template.examples.contains(&message.end))
    };
    let newest = newest_answer(messages);
    let last_user = messages
        .iter()
        .rev()
        .flat_map(|message| message.pieces.iter().rev())
        .find(|piece| piece.component == Component::UserInput)
        .map(|piece| piece.end);
    let mut times: FxHashMap<u64, u32> = FxHashMap::default();
    let mut runs: Vec<Run> = Vec::new();
    for (position, message) in messages.iter().enumerate() {
        let count = times.entry(message.hash).or_default();
        *count += 1;
        let repeated =
            sent.is_some_and(|sent| sent.get(&message.hash).is_some_and(|most| *most >= *count));
        // The first logged call of a conversation cannot tell: its earlier turns
        // all count as sent before.
        let known = sent.is_some_and(|sent| !sent.is_empty());
        let before_answer = position < newest.start || (!known && newest.contains(&position));
        for piece in &message.pieces {
            let component = match piece.component {
                Component::SystemPrompt
                    if template.is_some_and(|template| template.varying.contains(&piece.end)) =>
                {
                    Component::RetrievedContext
                }
                own @ (Component::ToolDefinitions
                | Component::SystemPrompt
                | Component::Unattributed) => own,
                _ if is_example(message) => Component::FewShot,
                _ if before_answer || repeated => Component::History,
                _ if newest.contains(&position) => Component::Unattributed,
                // A long text beside the question is a document.
                Component::UserInput
                    if piece.tokens >= DOCUMENT_TOKENS && last_user != Some(piece.end) =>
                {
                    Component::RetrievedContext
                }
                own => own,
            };
            match runs.last_mut() {
                Some(run) if run.component == component => run.counted += piece.tokens,
                _ => runs.push(Run { component, counted: piece.tokens }),
            }
        }
    }
    runs
}

/// The positions of the last answer in a prompt, which may have been logged as
/// several messages; empty, at the front, where there is none.
fn newest_answer(messages: &[Message]) -> std::ops::Range<usize> {
    let Some(last) = messages.iter().rposition(|message| message.assistant) else { return 0..0 };
    let first =
        messages[..last].iter().rposition(|message| !message.assistant).map_or(0, |at| at + 1);
    first..last + 1
}

/// Looks over each group's prompts for examples and for documents that stand in
/// the system prompt.
fn templates(
    log: &Log,
    entries: &[Entry],
    conversations: &Conversations,
) -> FxHashMap<Group, Template> {
    let mut groups: FxHashMap<Group, Vec<u32>> = FxHashMap::default();
    // One prompt per conversation: a long one must not outvote the others.
    for members in conversations.members().rows() {
        let mut counted: FxHashSet<Group> = FxHashSet::default();
        for &member in members {
            let entry = &entries[member as usize];
            let call = &log.calls[entry.call as usize];
            let group = (entry.feature, entry.model);
            if call.prompt.is_some() && counted.insert(group) {
                groups.entry(group).or_default().push(member);
            }
        }
    }
    groups
        .into_par_iter()
        .filter(|(_, members)| members.len() as u64 >= FEWEST_CONVERSATIONS)
        .map(|(group, members)| (group, template(log, entries, &members)))
        .collect()
}

fn template(log: &Log, entries: &[Entry], members: &[u32]) -> Template {
    let all = members.len() as u64;
    let mut shared: FxHashMap<NodeId, u64> = FxHashMap::default();
    let prompts: Vec<Vec<Message>> =
        members.iter().map(|member| messages(log, &entries[*member as usize])).collect();
    for prompt in &prompts {
        for message in prompt.iter().take(MOST_EXAMPLES) {
            *shared.entry(message.end).or_default() += 1;
            if message.is_head() {
                for piece in message.pieces.iter().filter(|piece| piece.end != message.end) {
                    *shared.entry(piece.end).or_default() += 1;
                }
            }
        }
    }
    let mut template = Template::default();
    for prompt in &prompts {
        template.learn(prompt, &shared, all);
    }
    template
}

impl Template {
    fn learn(&mut self, prompt: &[Message], shared: &FxHashMap<NodeId, u64>, all: u64) {
        let count = |end: NodeId| shared.get(&end).copied().unwrap_or(0);
        for message in prompt.iter().filter(|message| message.is_head()) {
            for piece in &message.pieces {
                let rare = count(piece.end) * 10 <= all;
                if rare
                    && piece.component == Component::SystemPrompt
                    && piece.tokens >= DOCUMENT_TOKENS
                    && message.pieces.len() > 1
                {
                    self.varying.insert(piece.end);
                }
            }
        }
        let opening: Vec<&Message> = prompt
            .iter()
            .skip_while(|message| message.is_head())
            .take_while(|message| count(message.end) * 5 >= all * 4)
            .collect();
        // Examples are pairs: they end with an answer.
        let pairs =
            opening.iter().rposition(|message| message.assistant).map_or(0, |last| last + 1);
        self.examples.extend(opening.iter().take(pairs).map(|message| message.end));
    }
}
