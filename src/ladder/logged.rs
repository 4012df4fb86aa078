//! The logged requests of a family, laid out for replay as they are.

use std::collections::BTreeMap;

use crate::record::lane::Tier;
use crate::techniques::traffic::{CallIndex, FamilyIndex, ModelIndex, Prompt, Traffic};

use super::replay::stream::{Nodes, Sent, Stream};

/// The streams of a family, one per model and lane.
pub(crate) struct Logged {
    pub(crate) streams: BTreeMap<(ModelIndex, Tier), Stream>,
    pub(crate) nodes: usize,
}

impl Logged {
    pub(crate) fn of(
        traffic: &Traffic<'_>,
        family: FamilyIndex,
        delay: impl Fn(CallIndex) -> i64,
    ) -> Self {
        let mut streams: BTreeMap<(ModelIndex, Tier), Stream> = BTreeMap::new();
        let mut nodes = Nodes::default();
        let mut prompt = Prompt::new();
        for &index in &traffic.families[family.0 as usize] {
            let model = traffic.models.first(traffic.call(index).model);
            let stream = streams.entry((model, traffic.record(index).tier)).or_default();
            traffic.prompt(index, &mut prompt);
            let usage = traffic.usage(index);
            let visible = usage
                .output
                .unwrap_or_default()
                .saturating_sub(usage.reasoning.unwrap_or_default());
            push(stream, &mut nodes, traffic, index, &prompt, visible.get(), delay(index));
        }
        Self { streams, nodes: nodes.len() }
    }
}

/// Adds a request of a call to a stream.
pub(crate) fn push(
    stream: &mut Stream,
    nodes: &mut Nodes,
    traffic: &Traffic<'_>,
    index: CallIndex,
    prompt: &Prompt,
    visible: u64,
    delay: i64,
) {
    let call = traffic.call(index);
    let mut answer = Vec::new();
    if let Some(end) = call.answer_end {
        let behind = traffic.tree.upwards(end).take_while(|id| *id != call.end);
        answer.extend(behind.map(|id| traffic.tree.stretch(id).identity));
        answer.reverse();
    }
    stream.is_blocks |= traffic.is_blocks(index);
    let visible = u32::try_from(visible).unwrap_or(u32::MAX);
    stream.push(
        nodes,
        &Sent {
            call: index,
            time: call.time,
            delay,
            prompt,
            marks: traffic.marks.get(&index).map_or(&[], Vec::as_slice),
            answer: (!answer.is_empty()).then_some((answer.as_slice(), visible)),
        },
    );
}
