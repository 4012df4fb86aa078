//! The fields found in one record, and the call they make up.

use std::borrow::Cow;

use crate::ingest::batch::{Batch, Draft, Identity};
use crate::ingest::json::{Fault, Json};
use crate::ingest::value::Value;
use crate::record::call::{Count, Finish, Operation, RequestFacts, Status};
use crate::record::component::Component;
use crate::record::lane::Tier;
use crate::units::Moment;

use super::counts;
use super::field::{Field, NAMES, Named};
use super::tags;

/// Names in an object inside the record count only where the record itself
/// does not have the field.
const INSIDE: u16 = 256;

/// What was found in one record, not yet read.
#[derive(Debug)]
pub struct Fields<'a> {
    found: [Option<(u16, Value<'a>)>; Field::COUNT],
    moment: Option<Moment>,
    /// The counts are a copy of an Anthropic usage object.
    pub(super) anthropic_usage: bool,
}

impl<'a> Fields<'a> {
    /// Nothing found yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { found: [None; Field::COUNT], moment: None, anthropic_usage: false }
    }

    /// Takes in the value of a canonical field; of two values the one under the
    /// preferred name counts, and one that says nothing never does.
    #[inline]
    pub fn offer(&mut self, named: Named, value: Value<'a>) {
        self.place(named.field, u16::from(named.rank), value);
    }

    #[inline]
    fn place(&mut self, field: Field, rank: u16, value: Value<'a>) {
        if let Some(slot) = self.found.get_mut(field as usize)
            && slot.is_none_or(|(known, _)| rank < known)
            && !value.is_missing()
        {
            *slot = Some((rank, value));
        }
    }

    /// Sets the time where the caller knows what the logged number counts.
    pub const fn set_moment(&mut self, moment: Option<Moment>) {
        self.moment = moment;
    }

    /// The value of a field.
    #[must_use]
    pub fn value(&self, field: Field) -> Option<Value<'a>> {
        self.found.get(field as usize).copied().flatten().map(|(_, value)| value)
    }

    fn name(&self, field: Field) -> Option<Cow<'a, str>> {
        self.value(field).and_then(Value::name)
    }

    fn number(&self, field: Field) -> Option<f64> {
        self.value(field).and_then(Value::number)
    }

    /// Reads a field, naming it in a fault as the log names it.
    fn read<T>(
        &self,
        field: Field,
        read: impl FnOnce(Value<'a>, &'static str) -> Result<Option<T>, Fault>,
    ) -> Result<Option<T>, Fault> {
        let Some((rank, value)) = self.found.get(field as usize).copied().flatten() else {
            return Ok(None);
        };
        let name = NAMES.get(usize::from(rank % INSIDE)).map_or("field", |(name, _)| *name);
        read(value, name)
    }

    /// A token count.
    pub(super) fn count(&self, field: Field) -> Result<Option<u64>, Fault> {
        self.read(field, Value::count)
    }

    /// Takes in the counts that stand in an object of their own.
    ///
    /// # Errors
    /// When the object is not valid JSON.
    pub fn open_usage(&mut self) -> Result<(), Fault> {
        if let Some(usage) = self.value(Field::Usage).and_then(object_of) {
            self.anthropic_usage = is_anthropic(usage);
            self.open(usage)?;
        }
        if let Some(details) = self.value(Field::UsageDetails).and_then(object_of) {
            self.open(details)?;
        }
        Ok(())
    }

    /// Walks an object of counts; details inside it are walked as they come,
    /// because there are two of them.
    fn open(&mut self, counts: Json<'a>) -> Result<(), Fault> {
        counts.each_entry(|key, value| {
            let Some(named) = Field::of_name(key).filter(|named| named.field.is_usage()) else {
                return Ok(());
            };
            if named.field == Field::UsageDetails {
                return value.each_entry(|key, value| {
                    if let Some(named) = Field::of_name(key).filter(|named| named.field.is_usage())
                    {
                        self.place(named.field, INSIDE + u16::from(named.rank), Value::Json(value));
                    }
                    Ok(())
                });
            }
            self.place(named.field, INSIDE + u16::from(named.rank), Value::Json(value));
            Ok(())
        })
    }

    /// The call that the fields describe.
    ///
    /// # Errors
    /// When a count or a time cannot be read, or when neither a model nor a
    /// count was found.
    pub fn draft(&self, batch: &mut Batch) -> Result<Draft<'a>, Fault> {
        let counts = counts::read(self, batch)?;
        let usage = counts.usage;
        let requested_model = self.name(Field::RequestedModel);
        let model = self.name(Field::Model).or_else(|| requested_model.clone());
        if model.is_none() && !usage.is_reported() && usage.cache_read.is_none() {
            return Err(Fault::Other("neither a model nor a token count"));
        }
        let request_id = self.name(Field::RequestId);
        let mut draft = Draft {
            identity: Identity::of(request_id.as_deref()),
            request_id,
            operation: self
                .name(Field::Operation)
                .map_or_else(Operation::default, |name| operation(&name)),
            time: self.time()?,
            provider: self.name(Field::Provider),
            model,
            requested_model,
            feature: self.name(Field::Feature),
            user: self.name(Field::User),
            account: self.name(Field::Account),
            workspace: self.name(Field::Workspace),
            conversation: self.name(Field::Conversation),
            region: self.name(Field::Region),
            tier: self.tier(batch),
            status: self.status(),
            finish: self.name(Field::Finish).map_or(Finish::Unknown, |name| Finish::parse(&name)),
            request: self.request_facts(),
            latency_milliseconds: self
                .number(Field::Latency)
                .or_else(|| self.number(Field::LatencySeconds).map(|seconds| seconds * 1e3)),
            first_token_milliseconds: self.number(Field::FirstToken),
            tool_requests: self.count(Field::ToolRequests)?.unwrap_or(0),
            logged_cost: self
                .read(Field::Cost, |value, name| Ok(value.money(name).ok().flatten()))?,
            usage,
            flags: counts.flags,
            ..Draft::default()
        };
        if let Some(value) = self.value(Field::Tags) {
            tags::read(value, &mut draft);
        }
        self.component(&mut draft, batch);
        Ok(draft)
    }

    fn time(&self) -> Result<Option<Moment>, Fault> {
        if self.moment.is_some() {
            return Ok(self.moment);
        }
        if let Some(time) = self.read(Field::Time, Value::time)? {
            return Ok(Some(Moment::dated(time)));
        }
        Ok(self.number(Field::Elapsed).and_then(|elapsed| relative(elapsed * 1e3)))
    }

    /// Rows that stand for a component say so; a word that names none is kept
    /// as a tag, so that nothing is lost.
    fn component(&self, draft: &mut Draft<'a>, batch: &mut Batch) {
        let Some(word) = self.name(Field::Component) else { return };
        draft.component = Component::parse(&word);
        if draft.component.is_none() {
            batch.note(
                "UNKNOWN_COMPONENT",
                "a row names a component that tokopt does not know; the word is kept as a tag",
            );
            draft.tags.push((Cow::Borrowed("component"), word));
        }
    }

    fn tier(&self, batch: &mut Batch) -> Tier {
        if self.value(Field::Batch).and_then(Value::truth) == Some(true) {
            return Tier::Batch;
        }
        let Some(word) = self.name(Field::Tier) else { return Tier::Standard };
        Tier::parse(&word).unwrap_or_else(|| {
            batch.note(
                "UNKNOWN_TIER",
                "a service tier that tokopt does not know is taken for the standard one",
            );
            Tier::Standard
        })
    }

    fn status(&self) -> Status {
        let stated = self.value(Field::Status).and_then(|value| status(&value.name()?));
        let has_error = self.value(Field::Error).is_some_and(|value| value.truth() != Some(false));
        match stated {
            Some(status) => status,
            None if has_error => Status::Error,
            None => Status::Success,
        }
    }

    fn request_facts(&self) -> RequestFacts {
        #[expect(clippy::cast_possible_truncation, reason = "a temperature needs no more digits")]
        let temperature = self.number(Field::Temperature).map(|value| value as f32);
        RequestFacts {
            // Zero and -1 are how clients write "no limit".
            max_tokens: Count::from_optional(
                self.count(Field::MaxTokens).ok().flatten().filter(|limit| *limit > 0),
            ),
            temperature,
            stream: self.value(Field::Stream).and_then(Value::truth),
            has_tools: None,
        }
    }
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// A moment on a clock without a date, from microseconds.
pub(crate) fn relative(micros: f64) -> Option<Moment> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be inside 2^53")]
    (0.0..9e15).contains(&micros).then(|| Moment::relative(micros.round() as i64))
}

fn object_of(value: Value<'_>) -> Option<Json<'_>> {
    let json = match value {
        Value::Json(json) => json,
        Value::Cell(cell) => Json::of_text(cell),
    };
    json.is_object().then_some(json)
}

/// A usage object copied from an Anthropic answer: there `input_tokens` leaves
/// out what was cached (platform.claude.com, "Prompt caching", tracking cache
/// performance). Copies of other providers' objects carry a total.
fn is_anthropic(usage: Json<'_>) -> bool {
    let has = |name| usage.get(name).is_some();
    has("input_tokens")
        && (has("cache_creation_input_tokens") || has("cache_read_input_tokens"))
        && !has("total_tokens")
        && !has("input_tokens_details")
}

fn operation(name: &str) -> Operation {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["embed"]) {
        Operation::Embeddings
    } else if has(&["chat", "complet", "generat", "response", "message", "text"])
        && !has(&["image", "speech"])
    {
        Operation::Chat
    } else {
        Operation::Other
    }
}

/// A status word or an HTTP status.
fn status(word: &str) -> Option<Status> {
    if let Ok(code) = word.parse::<u16>() {
        return match code {
            // nginx's code for a caller that hung up.
            499 => Some(Status::Aborted),
            400..=599 => Some(Status::Error),
            100..=399 => Some(Status::Success),
            _ => None,
        };
    }
    match word.to_ascii_lowercase().as_str() {
        "success" | "ok" | "succeeded" | "completed" | "complete" | "true" => Some(Status::Success),
        "aborted" | "cancelled" | "canceled" | "interrupted" => Some(Status::Aborted),
        "error" | "failure" | "failed" | "timeout" | "rate_limited" | "false" => {
            Some(Status::Error)
        }
        _ => None,
    }
}
