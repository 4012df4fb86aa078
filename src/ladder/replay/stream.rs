//! Requests that share one cache, flattened for replay.
//!
//! Every place in a prompt is a number: equal numbers mean equal prompts up to
//! there. Knows no price and no technique.

use std::cell::Cell;
use std::num::NonZeroU32;

use rustc_hash::FxHashMap;

use crate::record::component::Component;
use crate::techniques::traffic::{CallIndex, Segment, StretchId, Tree, mix};
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

/// Numbers for places, shared by the streams of a family: small ones, so that
/// what is known of places fits a list.
#[derive(Debug)]
pub struct Nodes<'t> {
    tree: &'t Tree,
    /// The number of each stretch that was met as it stands in the log.
    logged: Vec<Option<NonZeroU32>>,
    /// The numbers of places that are not in the log.
    rewritten: FxHashMap<u64, u32>,
    /// The stretches that have a number, to be forgotten at the end.
    met: Vec<StretchId>,
    next: u32,
}

thread_local! {
    /// A list as long as the tree is made once per thread, not once per family.
    static LOGGED: Cell<Vec<Option<NonZeroU32>>> = const { Cell::new(Vec::new()) };
}

impl<'t> Nodes<'t> {
    /// No number yet.
    #[must_use]
    pub fn over(tree: &'t Tree) -> Self {
        let mut logged = LOGGED.take();
        logged.resize(logged.len().max(tree.len()), None);
        Self { tree, logged, rewritten: FxHashMap::default(), met: Vec::new(), next: 0 }
    }

    /// How many places have a number.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.next as usize
    }

    /// The number of a place behind `before`.
    fn number(&self, before: Place, segment: &Segment) -> Place {
        if let (Place::Logged(before), Some(stretch)) = (before, segment.stretch) {
            let known = self.tree.stretch(stretch);
            if known.parent == before && known.identity == segment.identity {
                return Place::Logged(stretch);
            }
        }
        Place::Rewritten(mix(before.chain(), segment.identity))
    }

    fn of(&mut self, place: Place) -> u32 {
        match place {
            Place::Logged(stretch) => {
                let slot = &mut self.logged[stretch.0 as usize];
                if let Some(known) = slot {
                    return known.get() - 1;
                }
                let number = self.next;
                *slot = NonZeroU32::new(number + 1);
                self.met.push(stretch);
                self.next += 1;
                number
            }
            Place::Rewritten(chain) => {
                let number = *self.rewritten.entry(chain).or_insert(self.next);
                self.next += u32::from(number == self.next);
                number
            }
        }
    }
}

impl Drop for Nodes<'_> {
    fn drop(&mut self) {
        let mut logged = std::mem::take(&mut self.logged);
        for stretch in &self.met {
            logged[stretch.0 as usize] = None;
        }
        LOGGED.set(logged);
    }
}

/// A place in a prompt: in the log's tree as long as nothing was rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Logged(StretchId),
    Rewritten(u64),
}

impl Place {
    /// A hash of everything up to here.
    fn chain(self) -> u64 {
        match self {
            Self::Logged(StretchId::ROOT) => 0,
            Self::Logged(stretch) => mix(u64::from(stretch.0), LOGGED_PLACE),
            Self::Rewritten(chain) => chain,
        }
    }
}

/// Keeps places of the log apart from those of rewritten prompts.
const LOGGED_PLACE: u64 = 0x6c6f_6767_6564;

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
    /// The answer as it stands in later prompts.
    pub answer: &'a [Segment],
}

impl Stream {
    /// Adds a request; requests come in order of time.
    pub fn push(&mut self, nodes: &mut Nodes<'_>, sent: &Sent<'_>) {
        let start = self.steps.len();
        let (mut place, mut position, mut block) = (Place::Logged(StretchId::ROOT), 0_u32, 0_u32);
        let (mut head, mut documents) = (None, None);
        let mut in_head = true;
        let mut marks = Vec::new();
        for (at, segment) in sent.prompt.iter().enumerate() {
            place = nodes.number(place, segment);
            position = position.saturating_add(segment.tokens);
            block += u32::from(segment.ends_block);
            let node = nodes.of(place);
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
        let answer = sent.answer.iter().map(|segment| {
            place = nodes.number(place, segment);
            nodes.of(place)
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
