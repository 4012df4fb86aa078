//! Runs one technique over a log as the ladder does, short of replay and price.

use std::collections::BTreeMap;

use tokopt::ingest::{ReadOptions, read};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::{PriceSource, PriceTable};
use tokopt::record::log::Log;
use tokopt::techniques::id::Set;
use tokopt::techniques::parameters::Assumptions;
use tokopt::techniques::profile::Profile;
use tokopt::techniques::quality::Quality;
use tokopt::techniques::technique::{
    CallState, Conversation, FeatureTags, Levers, Request, Rewriter, Technique, View, World,
};
use tokopt::techniques::traffic::{CallIndex, GroupIndex, Prompt, Traffic};
use tokopt::units::Usd;

/// What a technique is told besides the log.
pub struct Told {
    pub assumptions: Assumptions,
    pub quality: Option<Quality>,
    pub features: FeatureTags,
    pub levers: Levers,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            assumptions: Assumptions::typical(),
            quality: None,
            features: FeatureTags::default(),
            levers: Levers::ALL,
        }
    }
}

impl Told {
    /// The typical assumptions with some set.
    pub fn set(settings: &[(&str, &str)]) -> Self {
        let mut told = Self::default();
        for (path, value) in settings {
            told.assumptions.set(path, value).unwrap_or_else(|error| panic!("{error}"));
        }
        told
    }
}

/// A log and the prices it is looked at with.
pub struct Scene {
    log: Log,
    table: PriceTable,
}

/// A technique that has looked a log over.
pub struct Looked<'s> {
    pub traffic: &'s Traffic<'s>,
    pub rewriter: &'s dyn Rewriter,
}

impl Scene {
    /// The lines as one file of a log, priced by this price file alone.
    pub fn new(prices: &str, lines: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        std::fs::write(&path, lines.join("\n")).expect("writable");
        let paths = [path.to_string_lossy().into_owned()];
        let log =
            read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(log.calls.len(), lines.len(), "every line is a call");
        let text = &format!("checked = \"2026-03-01\"\n{prices}");
        let table = PriceTable::from_sources(&[PriceSource { name: "prices.toml", text }])
            .unwrap_or_else(|error| panic!("{error}"));
        Self { log, table }
    }

    /// Prepares a technique and looks at it.
    pub fn look<T>(
        &self,
        technique: &dyn Technique,
        told: &Told,
        then: impl FnOnce(&Looked<'_>) -> T,
    ) -> T {
        let settings = Settings::default();
        let ledger = Ledger::new(&self.log, &self.table, &settings);
        let traffic = Traffic::of(&ledger);
        assert_eq!(traffic.calls.len(), self.log.calls.len(), "every call is priced");
        let profile = Profile::of(&traffic, traffic.indexed().map(|(index, _)| index));
        let rewriter = technique.prepare(View {
            traffic: &traffic,
            profile: &profile,
            assumptions: &told.assumptions,
            quality: told.quality.as_ref(),
            features: &told.features,
            levers: told.levers,
        });
        then(&Looked { traffic: &traffic, rewriter: rewriter.as_ref() })
    }

    /// The code of why each feature is left alone; `ok` where it is not.
    pub fn verdicts(&self, technique: &dyn Technique, told: &Told) -> BTreeMap<String, String> {
        self.look(technique, told, |looked| {
            let groups = (0..).map(GroupIndex).take(looked.traffic.groups.len());
            let verdict = |group| {
                let found = looked.rewriter.verdict(group);
                let code = found.map_or_else(|reason| reason.code.to_owned(), |()| "ok".to_owned());
                (looked.traffic.feature_name(group).unwrap_or_default().to_owned(), code)
            };
            groups.map(verdict).collect()
        })
    }
}

impl Looked<'_> {
    /// Every call after this technique alone.
    pub fn rewritten(&self, world: World) -> Vec<CallState> {
        let mut conversations: BTreeMap<u32, Conversation> = BTreeMap::new();
        let mut states = Vec::new();
        for (index, call) in self.traffic.indexed() {
            let conversation = conversations.entry(call.conversation).or_default();
            let mut state = self.logged(index);
            if self.rewriter.touches(index) {
                self.rewriter.rewrite(world, &mut state, conversation);
            }
            conversation.calls += u32::from(!state.requests.is_empty());
            states.push(state);
        }
        states
    }

    /// A call before any technique.
    pub fn logged(&self, index: CallIndex) -> CallState {
        let usage = self.traffic.usage(index);
        let mut prompt = Prompt::new();
        self.traffic.prompt(index, &mut prompt);
        let request = Request {
            model: self.traffic.call(index).model,
            lane: self.traffic.record(index).tier,
            prompt,
            output: usage.output.unwrap_or_default().get(),
            reasoning: usage.reasoning.unwrap_or_default().get(),
            repeats: tokopt::techniques::parameter::Value::ZERO,
        };
        CallState { index, requests: vec![request], fees: Usd::ZERO, changed_by: Set::NONE }
    }

    /// The id of the model that a request asks.
    pub fn model(&self, request: &Request) -> &str {
        self.traffic.models.get(request.model).model().id()
    }
}
