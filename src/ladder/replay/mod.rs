//! Replays prefix caches: which part of every prompt would have been read,
//! which written, which neither.
//!
//! Capacity has no bound and the clock decides: an entry lives from its last
//! use, can be read once its first answer has begun, and is refreshed by every
//! read on its path. Knows no price.

pub mod policy;
pub mod stream;

use policy::{Lifetime, Policy, Rules};
use stream::{Replayed, Step, Stream};

/// How a prompt was served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Tokens read from the cache.
    pub read: u32,
    /// Tokens written for the policy's lifetime.
    pub written: u32,
    /// Tokens written for the head's longer lifetime.
    pub written_head: u32,
}

/// What the cache knows of one place.
#[derive(Clone, Copy, Debug)]
struct Entry {
    ready: i64,
    used: i64,
    lifetime: i64,
}

impl Entry {
    const NONE: Self = Self { ready: i64::MAX, used: i64::MIN, lifetime: -1 };

    const fn is_live(&self, time: i64) -> bool {
        // A gap of exactly the lifetime is a hit.
        self.lifetime >= 0 && time.saturating_sub(self.used) <= self.lifetime
    }

    const fn is_readable(&self, time: i64) -> bool {
        self.is_live(time) && self.ready <= time
    }

    fn write(&mut self, time: i64, delay: i64, lifetime: i64) {
        // Whoever writes again before the first answer pays again, but does not
        // put off what the first one wrote.
        if !self.is_live(time) {
            self.ready = time.saturating_add(delay);
        }
        self.used = time;
        self.lifetime = self.lifetime.max(lifetime);
    }
}

/// Replays a stream under a policy: one split per request, in order.
///
/// `nodes` is how many places the stream's numbers go up to.
#[must_use]
pub fn replay(stream: &Stream, policy: Policy, rules: Rules, nodes: usize) -> Vec<Split> {
    if policy == Policy::None {
        return vec![Split::default(); stream.requests.len()];
    }
    let mut cache = vec![Entry::NONE; nodes];
    let serve = |request: &Replayed| match policy {
        Policy::None => Split::default(),
        Policy::Automatic(lifetime) => every_block(stream, request, lifetime, rules, &mut cache),
        Policy::Full(lifetime) if stream.is_blocks => {
            every_block(stream, request, lifetime, rules, &mut cache)
        }
        Policy::Head(_) if stream.is_blocks => Split::default(),
        _ => at_breakpoints(stream, request, policy, rules, &mut cache),
    };
    stream.requests.iter().map(serve).collect()
}

/// Every place is an entry; lengths are rounded down to the provider's step.
fn every_block(
    stream: &Stream,
    request: &Replayed,
    lifetime: Lifetime,
    rules: Rules,
    cache: &mut [Entry],
) -> Split {
    let steps = stream.steps_of(request);
    let step = u32::try_from(rules.step).unwrap_or(u32::MAX);
    let whole = |tokens: u32| {
        let tokens = tokens - tokens % step;
        if u64::from(tokens) < rules.minimum { 0 } else { tokens }
    };
    let time = request.time;
    let readable = |place: &Step| cache[place.node as usize].is_readable(time);
    let reached = steps.iter().take_while(|place| readable(place)).last();
    let reached = reached.map_or(0, |place| place.position);
    let read = whole(reached);
    let written = whole(request.total).saturating_sub(read);
    for place in steps {
        cache[place.node as usize].write(time, request.delay, lifetime.micros());
    }
    if rules.caches_answer {
        for node in &request.answer {
            cache[*node as usize].write(time, request.delay, lifetime.micros());
        }
    }
    Split { read, written, written_head: 0 }
}

/// Entries stand at breakpoints only, and are found at most so many blocks
/// before one.
fn at_breakpoints(
    stream: &Stream,
    request: &Replayed,
    policy: Policy,
    rules: Rules,
    cache: &mut [Entry],
) -> Split {
    let steps = stream.steps_of(request);
    let time = request.time;
    let breakpoints = breakpoints(request, steps, policy, rules);
    let mut hit: Option<usize> = None;
    for (at, _) in &breakpoints {
        let block = steps[*at].block;
        for back in (0..=*at).rev() {
            let place = &steps[back];
            if hit.is_some_and(|hit| hit >= back) || block - place.block > rules.lookback {
                break;
            }
            let long_enough = u64::from(place.position) >= rules.minimum;
            if place.ends_block && long_enough && cache[place.node as usize].is_readable(time) {
                hit = Some(back);
                break;
            }
        }
    }
    let mut split = Split::default();
    if let Some(hit) = hit {
        split.read = steps[hit].position;
        for place in &steps[..=hit] {
            let entry = &mut cache[place.node as usize];
            if entry.is_live(time) {
                entry.used = time;
            }
        }
    }
    let mut covered = split.read;
    for (at, lifetime) in breakpoints {
        let place = steps[at];
        if place.position <= covered || u64::from(place.position) < rules.minimum {
            continue;
        }
        let tokens = place.position - covered;
        covered = place.position;
        let is_head = matches!(policy, Policy::Mixed { head, .. } if head == lifetime);
        *(if is_head { &mut split.written_head } else { &mut split.written }) += tokens;
        cache[place.node as usize].write(time, request.delay, lifetime.micros());
    }
    split
}

/// Where a request marks its prompt, in order, and for how long.
fn breakpoints(
    request: &Replayed,
    steps: &[Step],
    policy: Policy,
    rules: Rules,
) -> Vec<(usize, Lifetime)> {
    let last = steps.len().checked_sub(1);
    let mut found: Vec<(usize, Lifetime)> = match policy {
        Policy::None | Policy::Automatic(_) => Vec::new(),
        Policy::Head(lifetime) => request.head.map(|at| (at, lifetime)).into_iter().collect(),
        Policy::Full(lifetime) => {
            let places = [request.head, request.documents, last];
            places.into_iter().flatten().map(|at| (at, lifetime)).collect()
        }
        Policy::Mixed { head, rest } => {
            let places = [(request.head, head), (request.documents, rest), (last, rest)];
            places.into_iter().filter_map(|(at, lifetime)| Some((at?, lifetime))).collect()
        }
        Policy::Logged(lifetime) => {
            let named = |ttl: Option<_>| ttl.map_or(lifetime, Lifetime::from);
            request.marks.iter().map(|(at, ttl)| (*at, named(*ttl))).collect()
        }
    };
    found.retain(|(at, _)| steps[*at].ends_block);
    found.sort_by_key(|(at, _)| *at);
    found.dedup_by_key(|(at, _)| *at);
    // Of too many, providers refuse the request; the last ones reach furthest.
    let most = rules.breakpoints as usize;
    if found.len() > most {
        found.drain(..found.len() - most);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::policy::{Lifetime, Policy, Rules};
    use super::stream::{Nodes, Sent, Stream};
    use super::{Split, replay};
    use crate::record::component::Component;
    use crate::record::log::Log;
    use crate::techniques::traffic::{CallIndex, Segment, Tree};

    const RULES: Rules =
        Rules { minimum: 0, step: 1, caches_answer: false, lookback: 20, breakpoints: 4 };
    const SECOND: i64 = 1_000_000;

    fn segment(identity: u64, tokens: u32, component: Component) -> Segment {
        Segment { identity, tokens, component, assistant: false, ends_block: true, stretch: None }
    }

    fn stream(calls: &[(i64, Vec<Segment>)]) -> (Stream, usize) {
        let tree = Tree::of(&Log::default(), &[]).0;
        let (mut stream, mut nodes) = (Stream::default(), Nodes::over(&tree));
        for (number, (time, prompt)) in (0..).zip(calls) {
            let sent = Sent {
                call: CallIndex(number),
                time: *time,
                delay: SECOND,
                prompt,
                marks: &[],
                answer: &[],
            };
            stream.push(&mut nodes, &sent);
        }
        let count = nodes.count();
        (stream, count)
    }

    fn prompt(tail: u64) -> Vec<Segment> {
        vec![segment(1, 2_000, Component::SystemPrompt), segment(tail, 100, Component::UserInput)]
    }

    fn split(read: u32, written: u32) -> Split {
        Split { read, written, written_head: 0 }
    }

    #[test]
    fn a_gap_of_exactly_the_lifetime_is_a_hit_and_reads_refresh() {
        let times = [0, 300, 600, 901].map(|second| second * SECOND);
        let calls: Vec<_> =
            times.iter().zip(2..).map(|(time, tail)| (*time, prompt(tail))).collect();
        let (stream, nodes) = stream(&calls);
        let found = replay(&stream, Policy::Head(Lifetime::Seconds(300)), RULES, nodes);
        // The third call comes 600 s after the write but 300 s after the last
        // read; the fourth a second too late.
        assert_eq!(found, [split(0, 2_000), split(2_000, 0), split(2_000, 0), split(0, 2_000)]);
    }

    #[test]
    fn what_is_not_answered_yet_cannot_be_read() {
        let calls: Vec<_> = (0..3).map(|tail| (0, prompt(tail + 2))).collect();
        let (stream, nodes) = stream(&calls);
        let found = replay(&stream, Policy::Head(Lifetime::Infinite), RULES, nodes);
        assert_eq!(found, [split(0, 2_000); 3]);
    }

    #[test]
    fn a_prefix_below_the_minimum_is_neither_written_nor_read() {
        for (minimum, expected) in [(2_000, 2_000), (2_001, 0)] {
            let calls: Vec<_> = (0..2).map(|at| (at * 10 * SECOND, prompt(2))).collect();
            let (stream, nodes) = stream(&calls);
            let rules = Rules { minimum, ..RULES };
            let found = replay(&stream, Policy::Head(Lifetime::Seconds(300)), rules, nodes);
            assert_eq!(found, [split(0, expected), split(expected, 0)]);
        }
    }

    #[test]
    fn an_entry_is_found_twenty_blocks_back_and_not_twenty_one() {
        for (more, expected) in [(20, 2_100), (21, 2_000)] {
            let mut longer = prompt(2);
            longer.extend((0..more).map(|at| segment(10 + at, 10, Component::UserInput)));
            let (stream, nodes) = stream(&[(0, prompt(2)), (10 * SECOND, longer)]);
            let found = replay(&stream, Policy::Full(Lifetime::Seconds(300)), RULES, nodes);
            assert_eq!(found[1].read, expected, "{more} blocks");
        }
    }

    #[test]
    fn automatic_caches_round_down_to_their_step() {
        let rules = Rules { minimum: 1_024, step: 128, ..RULES };
        let (stream, nodes) = stream(&[(0, prompt(2)), (10 * SECOND, prompt(3))]);
        let found = replay(&stream, Policy::Automatic(Lifetime::Seconds(300)), rules, nodes);
        // 2,000 tokens are shared: 15 steps of 128; of 2,100 the prompt has 16.
        assert_eq!(found, [split(0, 2_048), split(1_920, 128)]);
    }

    #[test]
    fn a_head_may_live_longer_than_the_rest() {
        let policy = Policy::Mixed { head: Lifetime::Seconds(3_600), rest: Lifetime::Seconds(300) };
        let (stream, nodes) = stream(&[(0, prompt(2)), (1_000 * SECOND, prompt(2))]);
        let found = replay(&stream, policy, RULES, nodes);
        assert_eq!(found[0], Split { read: 0, written: 100, written_head: 2_000 });
        assert_eq!(found[1], Split { read: 2_000, written: 100, written_head: 0 });
    }
}
