//! What single field, file or setting would let a log say more of a technique.
//!
//! A field is named only where it decides: where the technique's best verdict
//! with it is better than without it, and better than what the log allows now.
//! Tests add each field to a log and look whether the promise holds.

use crate::ladder::reach::Reach;
use crate::techniques::id::TechniqueId;
use crate::techniques::traffic::Traffic;

use super::super::super::document::{Field, Raise, Verdict};
use super::fields::Carried;

/// The fields that decide for some technique, the easiest to log first.
const DECIDING: [Field; 8] = [
    Field::Time,
    Field::Session,
    Field::OutputTokens,
    Field::FinishReason,
    Field::Temperature,
    Field::CacheReads,
    Field::PromptTexts,
    Field::AnswerTexts,
];

/// What is known of a log as a whole.
#[derive(Debug)]
pub(super) struct Facts {
    /// Fields that some call carries.
    some: Has,
    /// Fields that every call carries.
    all: Has,
    /// Calls that were simulated.
    simulated: usize,
    /// Calls without a price, and whether they name a model.
    unpriced: u64,
    names_models: bool,
    /// Whether what prompts open with is known of every call: texts with or
    /// without their head, or blocks.
    shows_openings: bool,
}

/// Which of the deciding fields are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Has {
    fields: u16,
    /// Texts of prompts, if without system prompt and tools.
    partial_texts: bool,
    /// Ids of blocks in place of texts.
    blocks: bool,
}

impl Has {
    const fn bit(field: Field) -> u16 {
        match field {
            Field::Time => 1,
            Field::Session => 1 << 1,
            Field::OutputTokens => 1 << 2,
            Field::FinishReason => 1 << 3,
            Field::Temperature => 1 << 4,
            Field::CacheReads => 1 << 5,
            Field::PromptTexts => 1 << 6,
            Field::AnswerTexts => 1 << 7,
            _ => 0,
        }
    }

    const fn has(self, field: Field) -> bool {
        self.fields & Self::bit(field) != 0
    }

    const fn with(self, field: Field) -> Self {
        Self { fields: self.fields | Self::bit(field), ..self }
    }

    fn without(self, field: Field) -> Self {
        let partial_texts = self.partial_texts && field != Field::PromptTexts;
        Self { fields: self.fields & !Self::bit(field), partial_texts, ..self }
    }

    /// The best that a log with these fields can say of a technique.
    fn best(self, technique: TechniqueId) -> Verdict {
        use Verdict::{Assumed, Inferred, Measured, Unknown};
        let whole = self.has(Field::PromptTexts);
        let texts = whole || self.partial_texts;
        let pick = |cases: &[(bool, Verdict)]| {
            cases.iter().find(|(holds, _)| *holds).map_or(Unknown, |(_, verdict)| *verdict)
        };
        if !self.has(Field::Time) {
            return Unknown;
        }
        match technique {
            TechniqueId::PromptCaching => pick(&[
                ((texts || self.blocks) && self.has(Field::CacheReads), Measured),
                (true, Inferred),
            ]),
            TechniqueId::ModelRouting => pick(&[(self.has(Field::OutputTokens), Assumed)]),
            TechniqueId::EmbeddingRetrieval => pick(&[(texts, Assumed)]),
            TechniqueId::ContextCompression => {
                pick(&[(texts, Measured), (self.has(Field::Session), Assumed)])
            }
            TechniqueId::BatchApi => Inferred,
            TechniqueId::OutputCapping => pick(&[
                (!self.has(Field::OutputTokens), Unknown),
                (self.has(Field::FinishReason), Measured),
                (true, Inferred),
            ]),
            TechniqueId::SemanticDedup => {
                pick(&[(whole && self.has(Field::Temperature), Measured), (whole, Inferred)])
            }
            TechniqueId::FineTuning => pick(&[(whole, Assumed)]),
        }
    }
}

impl Facts {
    pub(super) fn of(traffic: &Traffic<'_>, carried: &Carried) -> Self {
        let calls = |field| carried.of_field(field);
        let fields = |holds: &dyn Fn(u64) -> bool| {
            let found = DECIDING.into_iter().filter(|field| holds(calls(*field)));
            found.fold(Has::default(), Has::with)
        };
        let texts = calls(Field::PromptTexts) + calls(Field::PromptTextsWithoutHead);
        let some = Has {
            partial_texts: texts > 0,
            blocks: calls(Field::PromptBlocks) > 0,
            ..fields(&|calls| calls > 0)
        };
        let all = Has {
            partial_texts: texts == carried.calls,
            blocks: calls(Field::PromptBlocks) == carried.calls,
            ..fields(&|calls| calls == carried.calls)
        };
        Self {
            some,
            all,
            simulated: traffic.calls.len(),
            unpriced: traffic.left_out.unpriced,
            names_models: calls(Field::Model) == carried.calls,
            shows_openings: texts + calls(Field::PromptBlocks) == carried.calls,
        }
    }

    /// What would let the log say more of a technique than it does.
    pub(super) fn raises(&self, reach: &Reach, verdict: Verdict) -> Vec<Raise> {
        if self.simulated == 0 && self.unpriced > 0 {
            return self.price(reach.technique);
        }
        // Where the log rules out a part and does not say of the rest, the rest
        // counts.
        let now = if reach.untold > 0 && reach.acting == 0 { Verdict::Unknown } else { verdict };
        let mut raises: Vec<Raise> = Vec::new();
        if now != Verdict::RuledOut {
            raises.extend(DECIDING.iter().filter_map(|field| self.raise(reach, now, *field)));
        }
        raises.extend(self.replayed_closer(reach, now, raises.is_empty()));
        raises.extend(settled(reach, self.some).filter(|raise| raise.to < Verdict::RuledOut));
        raises.extend(self.seen_closer(reach, now));
        raises
    }

    /// A field that decides and that some call lacks.
    fn raise(&self, reach: &Reach, now: Verdict, field: Field) -> Option<Raise> {
        // Where some calls carry one of these, its lack in others is not what
        // the verdict hangs on.
        let is_of_the_whole = matches!(field, Field::Time | Field::Session | Field::OutputTokens);
        let has = if is_of_the_whole { self.some } else { self.all };
        let is_shown = field == Field::PromptTexts
            && reach.technique == TechniqueId::PromptCaching
            && self.shows_openings;
        let lacks = !has.has(field) && !is_shown;
        let to = self.some.with(field).best(reach.technique);
        let without = self.some.without(field).best(reach.technique);
        (lacks && to < without && to < now).then(|| of(field, to))
    }

    /// What would show the cache policy where it was deduced from the bill.
    fn replayed_closer(&self, reach: &Reach, now: Verdict, is_first: bool) -> Option<Raise> {
        let best = self.some.best(reach.technique);
        let is_held = is_first && reach.is_deduced && now == Verdict::Inferred;
        (is_held && best == Verdict::Measured).then(|| Raise {
            field: None,
            action: "log the requests as they were sent, with their cache marks (cache_control): \
                     the cache policy was deduced from the bill"
                .to_owned(),
            to: Verdict::Measured,
        })
    }

    /// What would say more than that a technique has nothing to do, where that
    /// was read off counts.
    fn seen_closer(&self, reach: &Reach, now: Verdict) -> Option<Raise> {
        const BY_PROMPTS: [&str; 5] = [
            "BELOW_MIN_PREFIX",
            "UNSTABLE_PREFIX",
            "NO_REUSE_WITHIN_TTL",
            "NO_FURTHER_SAVING",
            "HELD_OUT_LOSS",
        ];
        let code = reach.skip.as_ref().map(|skip| skip.code)?;
        match reach.technique {
            TechniqueId::PromptCaching
                if now == Verdict::RuledOut
                    && BY_PROMPTS.contains(&code)
                    && !self.shows_openings =>
            {
                Some(of(Field::PromptTexts, Verdict::Measured))
            }
            TechniqueId::OutputCapping
                if now == Verdict::RuledOut && !self.some.has(Field::AnswerTexts) =>
            {
                Some(of(Field::AnswerTexts, Verdict::Assumed))
            }
            _ => None,
        }
    }

    /// What would give the calls a price.
    fn price(&self, technique: TechniqueId) -> Vec<Raise> {
        let to = self.some.best(technique);
        if to == Verdict::Unknown {
            return Vec::new();
        }
        let raise = if self.names_models {
            setting("give the models a price: --prices FILE", to)
        } else {
            Raise {
                field: Some(Field::Model),
                action: "log the model, or say what it was: --model NAME".to_owned(),
                to,
            }
        };
        vec![raise]
    }
}

/// A field that every call should carry.
fn of(field: Field, to: Verdict) -> Raise {
    let action = match field {
        Field::Time => "log the time of each call",
        Field::Session => "log a session id with each call",
        Field::OutputTokens => "log the output tokens",
        Field::FinishReason => "log why each answer ended (finish_reason)",
        Field::Temperature => "log the temperature that requests ask for",
        Field::CacheReads => "log the whole usage object, with its cached tokens",
        Field::AnswerTexts => "log the texts of answers",
        _ => "log the request bodies",
    };
    Raise { field: Some(field), action: action.to_owned(), to }
}

fn setting(action: &str, to: Verdict) -> Raise {
    Raise { field: None, action: action.to_owned(), to }
}

/// A file or setting that would settle what no field can.
fn settled(reach: &Reach, some: Has) -> Option<Raise> {
    let best = some.best(reach.technique);
    let code = reach.skip.as_ref().map(|skip| (skip.code, skip.unknown));
    let is_assumed = reach.acting > 0;
    match (reach.technique, code) {
        (TechniqueId::ModelRouting, Some(("NOT_CANDIDATE", false))) => Some(scores()),
        (TechniqueId::ModelRouting, _) if is_assumed => {
            (reach.evidence() > Some(crate::units::Evidence::Inferred)).then(scores)
        }
        (TechniqueId::BatchApi, Some(("NOT_ASYNC" | "MULTI_TURN", _))) => Some(setting(
            "tag what can wait: asynchronous = true under [features.tags.NAME] in tokopt.toml",
            Verdict::Inferred,
        )),
        (TechniqueId::SemanticDedup, Some(("NOT_DETERMINISTIC", _))) => Some(setting(
            "say where a stored answer will do: cacheable = true under [features.tags.NAME]",
            Verdict::Measured,
        )),
        (TechniqueId::SemanticDedup, Some(("NEEDS_USER", _))) => Some(Raise {
            field: Some(Field::User),
            action: "log the user of each call".to_owned(),
            to: best,
        }),
        (_, Some(("NO_CACHE_RULES" | "NO_BATCH_LANE", _) | ("NO_CHEAPER_TIER", true))) => {
            Some(setting("add what the price table lacks of the model: --prices FILE", best))
        }
        (_, Some(("NEEDS_SESSION", _))) => Some(of(Field::Session, Verdict::Inferred)),
        (TechniqueId::FineTuning, Some(("NEEDS_TEXT", _))) if some.has(Field::PromptTexts) => {
            Some(of(Field::AnswerTexts, Verdict::Assumed))
        }
        (_, Some(("LOW_VOLUME", _))) => Some(setting("read a longer log", best)),
        (_, Some(("NEEDS_TIMESTAMPS", true))) if reach.untold > 0 => Some(Raise {
            field: Some(Field::Time),
            action: "log dates, or say when the clock starts: --epoch".to_owned(),
            to: best,
        }),
        _ => None,
    }
}

fn scores() -> Raise {
    setting("score a cheaper model's answers, and analyze with --quality FILE", Verdict::Inferred)
}
