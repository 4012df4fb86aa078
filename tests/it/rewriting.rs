//! Runs one technique over a log as the ladder does, short of replay and price.

use std::collections::BTreeMap;

use tokopt::ingest::{ReadOptions, read};
use tokopt::ledger::{Ledger, Settings};
use tokopt::prices::{PriceSource, PriceTable};
use tokopt::record::log::Log;
use tokopt::techniques::id::{Set, TechniqueId};
use tokopt::techniques::parameters::Assumptions;
use tokopt::techniques::profile::Profile;
use tokopt::techniques::quality::Quality;
use tokopt::techniques::technique::{
    CallState, Conversation, FeatureTags, Levers, Request, Rewriter, Technique, View, World,
};
use tokopt::techniques::traffic::{CallIndex, GroupIndex, Prompt, Traffic};
use tokopt::units::Usd;

/// What a technique is told besides the log.
#[derive(Clone, Debug)]
pub struct Told {
    pub assumptions: Assumptions,
    pub quality: Option<Quality>,
    pub features: FeatureTags,
    pub levers: Levers,
    /// The model of calls that name none.
    pub model: Option<&'static str>,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            assumptions: Assumptions::typical(),
            quality: None,
            features: FeatureTags::default(),
            levers: Levers::ALL,
            model: None,
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

    /// What a technique sees of some traffic.
    pub fn view<R>(&self, traffic: &Traffic<'_>, then: impl FnOnce(View<'_>) -> R) -> R {
        let profile = Profile::of(traffic, traffic.indexed().map(|(index, _)| index));
        then(View {
            traffic,
            profile: &profile,
            assumptions: &self.assumptions,
            quality: self.quality.as_ref(),
            features: &self.features,
            levers: self.levers,
        })
    }

    /// What a technique sees of a log, all of which has a price in this table.
    pub fn at<R>(&self, log: &Log, table: &PriceTable, then: impl FnOnce(View<'_>) -> R) -> R {
        let settings = Settings { model: self.model.map(str::to_owned), ..Settings::default() };
        let ledger = Ledger::new(log, table, &settings);
        let traffic = Traffic::of(&ledger);
        assert_eq!(traffic.calls.len(), log.calls.len(), "every call is simulated");
        self.view(&traffic, then)
    }

    /// What a technique sees of lines of a log, at the prices that are shipped.
    pub fn over<R>(&self, lines: &str, then: impl FnOnce(View<'_>) -> R) -> R {
        self.at(&read_lines(lines), &PriceTable::embedded().unwrap(), then)
    }
}

/// Lines as one file of a log.
pub fn read_lines(lines: &str) -> Log {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    std::fs::write(&path, lines).expect("writable");
    let paths = [path.to_string_lossy().into_owned()];
    let log = read(&paths, ReadOptions::default(), &()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(log.accounting.files[0].rejected, 0);
    log
}

/// A log and the prices it is looked at with.
pub struct Scene {
    log: Log,
    table: PriceTable,
}

/// A technique that has looked a log over.
pub struct Looked<'s> {
    pub traffic: &'s Traffic<'s>,
    technique: TechniqueId,
    pub rewriter: &'s dyn Rewriter,
}

impl Scene {
    /// The lines as one file of a log, priced by this price file alone.
    pub fn new(prices: &str, lines: &[String]) -> Self {
        let log = read_lines(&lines.join("\n"));
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
        told.at(&self.log, &self.table, |view| look_at(technique, view, then))
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

/// Prepares a technique and looks at it.
pub fn look_at<T>(
    technique: &dyn Technique,
    view: View<'_>,
    then: impl FnOnce(&Looked<'_>) -> T,
) -> T {
    let rewriter = technique.prepare(view);
    let id = technique.id();
    then(&Looked { traffic: view.traffic, technique: id, rewriter: rewriter.as_ref() })
}

impl Looked<'_> {
    /// Every call after this technique alone.
    pub fn rewritten(&self, world: World) -> Vec<CallState> {
        rewritten(self.traffic, self.rewriter, self.technique, world)
    }

    /// A call before any technique.
    pub fn logged(&self, index: CallIndex) -> CallState {
        logged(self.traffic, index)
    }

    /// The id of the model that a request asks.
    pub fn model(&self, request: &Request) -> &str {
        self.traffic.models.get(request.model).model().id()
    }
}

/// A call as it was logged.
pub fn logged(traffic: &Traffic<'_>, index: CallIndex) -> CallState {
    let usage = traffic.usage(index);
    let mut prompt = Prompt::new();
    traffic.prompt(index, &mut prompt);
    let request = Request {
        model: traffic.call(index).model,
        lane: traffic.record(index).tier,
        prompt,
        output: usage.output.unwrap_or_default().get(),
        reasoning: usage.reasoning.unwrap_or_default().get(),
        repeats: tokopt::techniques::parameter::Value::ZERO,
    };
    CallState { index, requests: vec![request], fees: Usd::ZERO, changed_by: Set::NONE }
}

/// Every call after a technique alone has rewritten what it touches; it says of
/// no call that another technique changed it.
pub fn rewritten(
    traffic: &Traffic<'_>,
    rewriter: &dyn Rewriter,
    technique: TechniqueId,
    world: World,
) -> Vec<CallState> {
    let mut conversations: BTreeMap<u32, Conversation> = BTreeMap::new();
    let mut states = Vec::new();
    for (index, call) in traffic.indexed() {
        let conversation = conversations.entry(call.conversation).or_default();
        let mut state = logged(traffic, index);
        if rewriter.touches(index) {
            rewriter.rewrite(world, &mut state, conversation);
        }
        assert!(state.changed_by.is_within(technique.set()));
        conversation.calls += u32::from(!state.requests.is_empty());
        states.push(state);
    }
    states
}
