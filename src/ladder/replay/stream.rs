//! Requests that share one cache, flattened for replay.
//!
//! Every place in a prompt is a number: equal numbers mean equal prompts up to
//! there. Knows no price and no technique.

use rustc_hash::FxHashMap;

use crate::record::component::Component;
use crate::techniques::traffic::{CallIndex, Segment, StretchId, mix};
use crate::units::Ttl;

/// A place in a prompt.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Equal for equal prompts up to here.
    pub node: u32,
    /// Tokens from the start of the prompt up to here.
    pub position: u32,
    /// How many content blocks end up to here.
    pub block: u32,
    /// Whether a content block ends here.
    pub ends_block: bool,
}

/// A request of a stream.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The call it serves.
    pub call: CallIndex,
    /// When it is sent, in microseconds.
    pub time: i64,
    /// After how many microseconds what it writes can be read.
    pub delay: i64,
    /// Its places, in the stream's list.
    pub steps: std::ops::Range<usize>,
    /// Its whole prompt, in tokens.
    pub total: u32,
    /// The place behind its head, among its own.
    pub head: Option<usize>,
    /// The place behind its last document, among its own.
    pub documents: Option<usize>,
    /// Breakpoints that the logged request set, among its own places.
    pub marks: Vec<(usize, Option<Ttl>)>,
    /// The places of its answer in later prompts.
    pub answer: Vec<u32>,
}

/// Requests to one model in one lane, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// The requests.
    pub requests: Vec<Replayed>,
    /// The places of all requests.
    pub steps: Vec<Step>,
    /// Whether every place is an entry by itself: block traces.
    pub is_blocks: bool,
}

/// Numbers for places, shared by the streams of a family.
#[derive(Debug, Default)]
pub struct Nodes {
    numbers: FxHashMap<u64, u32>,
}

impl Nodes {
    fn number(&mut self, chain: u64) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(chain).or_insert(next)
    }

    /// How many places have a number.
    #[must_use]
    pub fn count(&self) -> usize {
        self.numbers.len()
    }
}

/// What is added to a stream.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// The call it serves.
    pub call: CallIndex,
    /// When it is sent, in microseconds.
    pub time: i64,
    /// After how many microseconds what it writes can be read.
    pub delay: i64,
    /// Its prompt.
    pub prompt: &'a [Segment],
    /// Where the logged request set breakpoints, and for how long.
    pub marks: &'a [(StretchId, Option<Ttl>)],
    /// The answer as it stands in later prompts: its identities in order.
    pub answer: &'a [u64],
}

impl Stream {
    /// Adds a request; requests come in order of time.
    pub fn push(&mut self, nodes: &mut Nodes, sent: &Sent<'_>) {
        let start = self.steps.len();
        let (mut chain, mut position, mut block) = (0_u64, 0_u32, 0_u32);
        let (mut head, mut documents) = (None, None);
        let mut in_head = true;
        let mut marks = Vec::new();
        for (at, segment) in sent.prompt.iter().enumerate() {
            chain = mix(chain, segment.identity);
            position = position.saturating_add(segment.tokens);
            block += u32::from(segment.ends_block);
            let node = nodes.number(chain);
            self.steps.push(Step { node, position, block, ends_block: segment.ends_block });
            in_head &= segment.is_head();
            if in_head {
                head = Some(at);
            }
            if segment.component == Component::RetrievedContext {
                documents = Some(at);
            }
            if let Some(stretch) = segment.stretch {
                let here = sent.marks.iter().filter(|(mark, _)| *mark == stretch);
                marks.extend(here.map(|(_, ttl)| (at, *ttl)));
            }
        }
        let answer = sent.answer.iter().map(|identity| {
            chain = mix(chain, *identity);
            nodes.number(chain)
        });
        let answer = answer.collect();
        self.requests.push(Replayed {
            call: sent.call,
            time: sent.time,
            delay: sent.delay,
            steps: start..self.steps.len(),
            total: position,
            head,
            documents,
            marks,
            answer,
        });
    }

    /// The places of a request.
    #[must_use]
    pub fn steps_of(&self, request: &Replayed) -> &[Step] {
        &self.steps[request.steps.clone()]
    }
}
