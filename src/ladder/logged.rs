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
        let mut nodes = Nodes::over(&traffic.tree);
        let mut prompt = Prompt::new();
        for &index in &traffic.families[family.0 as usize] {
            let model = traffic.models.first(traffic.call(index).model);
            let stream = streams.entry((model, traffic.record(index).tier)).or_default();
            traffic.prompt(index, &mut prompt);
            Outgoing { traffic, call: index, prompt: &prompt, delay: delay(index) }
                .push_to(stream, &mut nodes);
        }
        Self { streams, nodes: nodes.count() }
    }
}

/// A request of a call, on its way into a stream.
pub(crate) struct Outgoing<'a> {
    pub(crate) traffic: &'a Traffic<'a>,
    pub(crate) call: CallIndex,
    pub(crate) prompt: &'a Prompt,
    pub(crate) delay: i64,
}

impl Outgoing<'_> {
    /// Adds the request to a stream.
    pub(crate) fn push_to(&self, stream: &mut Stream, nodes: &mut Nodes<'_>) {
        let traffic = self.traffic;
        let call = traffic.call(self.call);
        let mut answer = Vec::new();
        if let Some(end) = call.answer_end {
            let behind = traffic.tree.upwards(end).take_while(|id| *id != call.end);
            answer.extend(behind.map(|id| traffic.tree.segment(id)));
            answer.reverse();
        }
        stream.is_blocks |= traffic.is_blocks(self.call);
        stream.push(
            nodes,
            &Sent {
                call: self.call,
                time: call.time,
                delay: self.delay,
                prompt: self.prompt,
                marks: traffic.marks.get(&self.call).map_or(&[], Vec::as_slice),
                answer: &answer,
            },
        );
    }
}
