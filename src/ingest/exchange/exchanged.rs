//! A request with its answer, whatever log they were found in.
//!
//! Must not know how a log wraps the bodies: whoever reads the log hands them
//! over with what was written around them.

use std::borrow::Cow;

use crate::ingest::batch::{Batch, Draft, Identity};
use crate::ingest::format::Outcome;
use crate::ingest::json::{Fault, Json};
use crate::record::call::Status;
use crate::record::lane::Tier;

use super::body::{Answer, Body, Reading, Shape};
use super::labels::{Labels, Times};
use super::{BODIES, is_error, provider, stream};

/// What was logged of an answer.
#[derive(Debug, Default)]
pub enum Logged<'a> {
    /// Nothing at all.
    #[default]
    Nothing,
    /// A status, headers, but no body.
    WithoutBody,
    /// A text that is neither JSON nor events: an error page, say.
    Unreadable,
    /// A body or a stream of events.
    Answer(Answer<'a>),
}

impl<'a> Logged<'a> {
    /// What `response` holds; `text` is its text where it is a string that was
    /// unescaped by the caller ([`Json::any_text`]), who must keep it alive.
    #[must_use]
    pub fn of(response: Option<Json<'a>>, text: Option<&'a str>) -> Self {
        let answer = match (response, text) {
            (None, _) => return Self::Nothing,
            (Some(_), Some(text)) => stream::of_text(text),
            (Some(json), None) => stream::of_json(json),
        };
        answer.map_or(Self::Unreadable, Self::Answer)
    }
}

/// The request's body, which may have been logged as text; see [`Logged::of`].
#[must_use]
pub fn request_body<'a>(request: Option<Json<'a>>, text: Option<&'a str>) -> Option<Json<'a>> {
    text.map_or(request, |text| Some(Json::of_text(text))).filter(|request| request.is_object())
}

/// An exchange whose bodies are at hand, with what was logged around them.
#[derive(Debug, Default)]
pub struct Exchanged<'a> {
    /// The request's body.
    pub request: Option<Json<'a>>,
    /// The answer's body.
    pub answer: Logged<'a>,
    /// The address that was called: the surest word on the provider.
    pub url: Option<Cow<'a, str>>,
    /// The provider as the log names it.
    pub provider: Option<Cow<'a, str>>,
    /// The HTTP status.
    pub http_status: Option<u64>,
    /// When the call was made, and took.
    pub times: Times,
    /// Whether the record is the answer itself.
    pub bare: bool,
    /// Whether the log says that the call failed.
    pub failed: bool,
}

impl<'a> Exchanged<'a> {
    /// Reads both bodies and packs the call.
    ///
    /// # Errors
    /// When neither body is of a known family, or one holds what it cannot.
    pub fn keep(self, mut reading: Reading<'a>, batch: &mut Batch) -> Result<Outcome, Fault> {
        match self.read(&mut reading)? {
            Outcome::Kept => self.push(reading, batch),
            outcome => Ok(outcome),
        }
    }

    /// Reads both bodies into `reading`. Logs that count tokens themselves call
    /// this, fill in what the bodies left unknown, and then [`Exchanged::push`].
    ///
    /// # Errors
    /// As [`Exchanged::keep`].
    pub fn read(&self, reading: &mut Reading<'a>) -> Result<Outcome, Fault> {
        let answer = if let Logged::Answer(answer) = &self.answer { Some(answer) } else { None };
        if let Some(answer) = answer
            && let Some(body) = family_of(answer)
        {
            if let Some(request) = self.request {
                body.read_request(request, reading)?;
            }
            body.read_answer(answer, reading)?;
            if self.is_failure() {
                reading.failed();
            }
            return Ok(Outcome::Kept);
        }
        if self.is_failure() || answer.is_some_and(|answer| stream::any_event(answer, is_error)) {
            // Nothing says which call failed, nor that one was billed.
            if self.request.is_none() && self.url.is_none() && self.http_status.is_none() {
                return Ok(Outcome::Ignored("an error body without its request"));
            }
            self.read_asked(reading)?;
            reading.failed();
            if self.http_status == Some(499) {
                // nginx's code for a client that closed the connection.
                reading.draft.status = Status::Aborted;
            }
            return Ok(Outcome::Kept);
        }
        match (&self.answer, self.request) {
            (Logged::Answer(_), _) => Err(Fault::Other("no known response body")),
            (Logged::Unreadable, _) => {
                Err(Fault::Other("the response is neither JSON nor an event stream"))
            }
            // A proxy that logs no answers: the call was made, its counts are unknown.
            (Logged::WithoutBody, Some(_)) => self.read_asked(reading).map(|()| Outcome::Kept),
            (Logged::WithoutBody, None) => Ok(Outcome::Ignored("response without a body")),
            (Logged::Nothing, Some(_)) => Ok(Outcome::Ignored("request without a response")),
            (Logged::Nothing, None) => Err(Fault::Other("no request and no response")),
        }
    }

    /// Reads both bodies as far as they are known: the log itself says that there
    /// was a call, so that one without texts, or with an answer of no known
    /// family, is a call all the same.
    ///
    /// # Errors
    /// When a body of a known family holds what it cannot.
    pub fn read_logged(&mut self, reading: &mut Reading<'a>) -> Result<(), Fault> {
        reading.may_be_uncounted = true;
        let is_known = self.is_answered();
        if !is_known && !self.is_failure() {
            self.answer = Logged::WithoutBody;
        }
        if self.request.is_some() || is_known || self.is_failure() {
            self.read(reading)?;
        }
        Ok(())
    }

    /// Whether the answer is of a known family.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        matches!(&self.answer, Logged::Answer(answer) if family_of(answer).is_some())
    }

    /// Reads the request of a call without a readable answer.
    fn read_asked(&self, reading: &mut Reading<'a>) -> Result<(), Fault> {
        let Some(request) = self.request else { return Ok(()) };
        let url = self.url.as_deref().unwrap_or_default();
        let asked = BODIES.iter().find(|body| body.was_asked(url, request));
        asked.map_or(Ok(()), |body| body.read_request(request, reading))
    }

    fn is_failure(&self) -> bool {
        self.failed || self.http_status.is_some_and(|status| status >= 400)
    }

    /// Settles what several parts of the record say and packs the call.
    ///
    /// # Errors
    /// When its counts contradict each other.
    pub fn push(self, mut reading: Reading<'a>, batch: &mut Batch) -> Result<Outcome, Fault> {
        self.settle(&mut reading, batch);
        let children = children(&mut reading);
        batch.push(reading.draft)?;
        for child in children {
            batch.push(child)?;
        }
        Ok(Outcome::Kept)
    }

    /// Settles what several parts of the record say; the draft is whole then.
    pub fn settle(&self, reading: &mut Reading<'a>, batch: &mut Batch) {
        self.settle_model(reading);
        self.settle_provider(reading);
        if !reading.draft.usage.is_reported() {
            let counts = reading.stated_counts;
            counts.settle(reading);
        }
        if reading.may_be_uncounted
            && reading.draft.status == Status::Success
            && !reading.draft.usage.is_reported()
        {
            reading.notes.push(UNCOUNTED);
        }
        Labels::settle(&mut reading.draft, self.times, reading.created);
        if let Some(mut recorder) = reading.recorder.take() {
            recorder.answer(&reading.answer);
            reading.draft.prompt = Some(recorder.finish());
        }
        // A log may know the answer's id without its body; the body's own wins.
        if let Some(id) = reading.response_id.take() {
            let draft = &mut reading.draft;
            if draft.identity.key().is_none() {
                draft.identity = Identity::of(Some(&id));
            }
            draft.identity = draft.identity.answered_by(Some(&id));
            draft.tier = provider::tier_of_response_id(&id).unwrap_or(draft.tier);
            draft.request_id = Some(id);
        }
        for (code, message) in &reading.notes {
            batch.note(code, message);
        }
    }

    /// The model of the address, where the body names none; and Bedrock's name
    /// for it where the body has the maker's, for only Bedrock's says in which
    /// geography it was sold.
    fn settle_model(&self, reading: &mut Reading<'a>) {
        let Some(addressed) = self.url.as_deref().and_then(provider::model_of_url) else { return };
        let addressed: Cow<'a, str> = Cow::Owned(addressed.into_owned());
        let draft = &mut reading.draft;
        let is_sold_as = |name: &str| provider::is_bedrock_name_of(&addressed, name);
        if draft.model.as_deref().is_none_or(is_sold_as) {
            draft.model = Some(addressed.clone());
        }
        draft.requested_model = draft.requested_model.take().or(Some(addressed));
        if self.url.as_deref().is_some_and(|url| url.contains("provisioned-model")) {
            draft.tier = Tier::Provisioned;
        }
    }

    fn settle_provider(&self, reading: &mut Reading<'a>) {
        let url = self.url.as_deref().unwrap_or_default();
        let draft = &mut reading.draft;
        if draft.region.is_none() {
            draft.region = provider::region_of_url(url).map(|region| Cow::Owned(region.to_owned()));
        }
        // In a bare body `provider` is OpenRouter's word for its own supplier.
        let named =
            self.provider.as_deref().filter(|_| !self.bare || reading.provider_hint.is_none());
        let stamped = || reading.response_id.as_deref().and_then(provider::of_response_id);
        if let Some(known) = provider::of_url(url).or_else(stamped) {
            draft.provider = Some(Cow::Borrowed(known));
        } else if let Some(named) = named {
            draft.provider = Some(Cow::Owned(provider::of_name(named).into_owned()));
        } else {
            let model = draft.model.as_deref().unwrap_or_default();
            let inferred = reading.provider_hint.or_else(|| provider::of_model(model));
            draft.flags.inferred_provider = inferred.is_some();
            draft.provider = inferred.map(Cow::Borrowed);
        }
    }
}

/// Said where an answer counts nothing: its tokens are unknown, not zero.
pub const UNCOUNTED: (&str, &str) = (
    "NO_TOKEN_COUNTS",
    "answers of this kind count no tokens; what these calls consumed is unknown",
);

/// Calls of their own for usage that names another model: billed, but in no
/// total of the answer.
fn children<'a>(reading: &mut Reading<'a>) -> Vec<Draft<'a>> {
    let parent = &reading.draft;
    let id = parent.identity.key().and(parent.request_id.as_deref());
    std::mem::take(&mut reading.children)
        .into_iter()
        .zip(1..)
        .map(|(child, number): (_, u32)| {
            let id = id.map(|id| format!("{id}#{number}"));
            let mut draft = Draft {
                // Met again with its parent, it is dropped with its parent.
                identity: Identity::of(id.as_deref()),
                request_id: id.map(Cow::Owned),
                time: parent.time,
                provider: parent.provider.clone(),
                model: child.model,
                feature: parent.feature.clone(),
                user: parent.user.clone(),
                account: parent.account.clone(),
                workspace: parent.workspace.clone(),
                conversation: parent.conversation.clone(),
                region: parent.region.clone(),
                tags: parent.tags.clone(),
                tier: parent.tier,
                usage: child.usage,
                flags: parent.flags,
                ..Draft::default()
            };
            draft.flags.child = true;
            draft.flags.assumed_write_lifetime = child.assumed_write_lifetime;
            draft
        })
        .collect()
}

/// The family of an answer: that of its first event that gives one away.
fn family_of(answer: &Answer<'_>) -> Option<&'static dyn Body> {
    let of = |event: &Json<'_>| {
        let shape = Shape::of(*event).ok()?;
        BODIES.iter().copied().find(|body| body.recognises(&shape))
    };
    match answer {
        Answer::Whole(body) => of(body),
        Answer::Events(events) => events.iter().find_map(of),
    }
}
