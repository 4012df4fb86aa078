//! One observation of Langfuse, under whichever spelling an export has for its
//! fields, and the call it becomes.

use std::borrow::Cow;

use crate::ingest::batch::{Batch, Draft, Identity};
use crate::ingest::chat_texts;
use crate::ingest::exchange::body::Reading;
use crate::ingest::exchange::request::read_fact;
use crate::ingest::exchange::{labels, provider};
use crate::ingest::json::{Fault, Json};
use crate::ingest::span::{self, lasted};
use crate::ingest::span_tree::SpanId;
use crate::ingest::value::Value;
use crate::measure::memo::Memo;
use crate::record::call::{Operation, Status};
use crate::units::{Moment, Timestamp, Tokens, Usd};

use super::usage::Details;

/// The fields of an observation, where they lie in the record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Observation<'a> {
    id: Option<Value<'a>>,
    trace: Option<Value<'a>>,
    parent: Option<Value<'a>>,
    kind: Option<Value<'a>>,
    name: Option<Value<'a>>,
    start: Option<Value<'a>>,
    end: Option<Value<'a>>,
    first_token: Option<Value<'a>>,
    latency: Option<Value<'a>>,
    first_token_seconds: Option<Value<'a>>,
    model: Option<Value<'a>>,
    parameters: Option<Value<'a>>,
    input: Option<Value<'a>>,
    output: Option<Value<'a>>,
    metadata: Option<Value<'a>>,
    trace_metadata: Option<Value<'a>>,
    level: Option<Value<'a>>,
    usage_details: Option<Value<'a>>,
    provided_usage: Option<Value<'a>>,
    usage: Option<Value<'a>>,
    columns: [Option<Value<'a>>; 3],
    cost_details: Option<Value<'a>>,
    total_cost: Option<Value<'a>>,
    prompt_name: Option<Value<'a>>,
    prompt_version: Option<Value<'a>>,
    environment: Option<Value<'a>>,
    release: Option<Value<'a>>,
    user: Option<Value<'a>>,
    session: Option<Value<'a>>,
    trace_name: Option<Value<'a>>,
    tags: Option<Value<'a>>,
    is_trace: bool,
}

/// A field's name without what the exports spell differently.
pub(super) fn plain(name: &str) -> String {
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
    letters.map(|letter| char::from(letter.to_ascii_lowercase())).collect()
}

impl<'a> Observation<'a> {
    /// Takes in a field of the observation.
    pub(super) fn offer(&mut self, name: &str, value: Value<'a>) {
        let name = plain(name);
        self.is_trace |= matches!(name.as_str(), "bookmarked" | "public");
        if value.is_missing() {
            return;
        }
        let slot = match name.as_str() {
            "id" => &mut self.id,
            "traceid" => &mut self.trace,
            "parentobservationid" => &mut self.parent,
            "type" => &mut self.kind,
            "name" => &mut self.name,
            "starttime" => &mut self.start,
            "endtime" => &mut self.end,
            "completionstarttime" => &mut self.first_token,
            "latency" => &mut self.latency,
            "timetofirsttoken" => &mut self.first_token_seconds,
            "model" | "providedmodelname" => &mut self.model,
            "modelparameters" => &mut self.parameters,
            "input" => &mut self.input,
            "output" => &mut self.output,
            "metadata" => &mut self.metadata,
            "level" => &mut self.level,
            "usagedetails" => &mut self.usage_details,
            "providedusagedetails" => &mut self.provided_usage,
            "usage" => &mut self.usage,
            "inputusage" | "prompttokens" | "inputtokens" => &mut self.columns[0],
            "outputusage" | "completiontokens" | "outputtokens" => &mut self.columns[1],
            "totalusage" | "totaltokens" => &mut self.columns[2],
            "costdetails" => &mut self.cost_details,
            "totalcost" | "calculatedtotalcost" => &mut self.total_cost,
            "promptname" => &mut self.prompt_name,
            "promptversion" => &mut self.prompt_version,
            "environment" => &mut self.environment,
            "release" => &mut self.release,
            "userid" => &mut self.user,
            "sessionid" => &mut self.session,
            "tracename" => &mut self.trace_name,
            "tracetags" | "tags" => &mut self.tags,
            _ => return,
        };
        *slot = Some(value);
    }

    /// Takes in a field of the trace around the observation.
    pub(super) fn offer_trace(&mut self, name: &str, value: Value<'a>) {
        if value.is_missing() {
            return;
        }
        match name {
            "id" => self.trace = Some(value),
            "name" => self.trace_name = Some(value),
            "metadata" => self.trace_metadata = Some(value),
            "sessionId" | "session_id" | "userId" | "user_id" | "tags" | "environment"
            | "release" => self.offer(name, value),
            _ => {}
        }
    }

    /// Whether the row is a trace and no observation.
    pub(super) fn is_trace(&self) -> bool {
        self.is_trace && self.trace.is_none() && self.kind.is_none()
    }

    /// Pushes the call, or says why it is none.
    ///
    /// # Errors
    /// When a field holds what it cannot, or nothing names the call.
    pub(super) fn read(
        &self,
        memo: &Memo,
        batch: &mut Batch,
    ) -> Result<Option<&'static str>, Fault> {
        if self.id.is_none() && self.model.is_none() {
            return Err(Fault::Missing("id"));
        }
        let name = |value: Option<Value<'a>>| value.and_then(Value::name);
        let (id, trace, parent) = (name(self.id), name(self.trace), name(self.parent));
        let place = SpanId::new(trace.as_deref(), id.as_deref());
        let around = SpanId::new(trace.as_deref(), parent.as_deref());
        let kind = name(self.kind).map(|kind| kind.to_ascii_uppercase());
        let operation = match kind.as_deref() {
            Some("GENERATION") => Operation::Chat,
            Some("EMBEDDING") => Operation::Embeddings,
            // Exports of generations alone do not say that they are.
            None if self.model.is_some() => Operation::Chat,
            _ => {
                batch.push_span(place, around, None);
                return Ok(Some("observation that is no call of a model"));
            }
        };
        let call = self.push(operation, memo, batch)?;
        batch.push_span(place, around, Some(call));
        Ok(None)
    }

    fn push(&self, operation: Operation, memo: &Memo, batch: &mut Batch) -> Result<usize, Fault> {
        // Texts that hold JSON are unescaped here and outlive what borrows them.
        let text = |value: Option<Value<'a>>| value.and_then(chat_texts::structure);
        let (metadata, around) = (text(self.metadata), text(self.trace_metadata));
        let (parameters, tags) = (text(self.parameters), text(self.tags));
        let (usage, costs) = (text(self.usage_details), text(self.cost_details));
        let (provided, legacy) = (text(self.provided_usage), text(self.usage));
        let input = self.input.map(chat_texts::as_json);
        let output = self.output.map(chat_texts::as_json);
        let mut reading = Reading::new(Draft::default(), memo);
        // Parameters stand among whatever else the framework passed on.
        reading.flat = true;
        reading.draft.operation = operation;
        if let Some(parameters) = json(parameters.as_deref()) {
            parameters.each_entry(|key, value| {
                // A limit of `Infinity` is none; no parameter spoils a call.
                let _ = read_fact(key, value, &mut reading);
                Ok::<(), Fault>(())
            })?;
        }
        let metadata = json(metadata.as_deref());
        for map in [metadata, json(around.as_deref())].into_iter().flatten() {
            chat_texts::label(map, &mut reading.draft)?;
        }
        let attributes = metadata.and_then(|metadata| metadata.get("attributes"));
        let answer = answer_id(attributes, json(output.as_deref()));
        self.name(answer, &mut reading.draft);
        self.describe(json(tags.as_deref()), &mut reading.draft)?;
        name_provider(metadata, attributes, &mut reading.draft);
        self.time(&mut reading.draft, batch)?;
        let details = self.details([
            json(usage.as_deref()),
            json(legacy.as_deref()),
            json(provided.as_deref()),
        ])?;
        count(details, &mut reading);
        reading.draft.logged_cost = self.cost(json(costs.as_deref()))?;
        reading.draft.prompt = chat_texts::prompt(
            json(input.as_deref()),
            json(output.as_deref()),
            json(parameters.as_deref()),
            &reading,
        )?;
        for (code, message) in &reading.notes {
            batch.note(code, message);
        }
        batch.push(reading.draft)
    }

    /// Who called what.
    fn name<'b>(&self, answer: Option<Cow<'b, str>>, draft: &mut Draft<'b>)
    where
        'a: 'b,
    {
        let name = |value: Option<Value<'a>>| -> Option<Cow<'b, str>> { value?.name() };
        let (id, trace) = (name(self.id), name(self.trace));
        let own = match answer.as_deref() {
            Some(answer) => Identity::of(Some(answer)),
            None => Identity::of_pair(id.as_deref(), trace.as_deref()),
        };
        draft.identity = own.answered_by(answer.as_deref());
        draft.request_id = answer.or(id);
        draft.model = name(self.model).or_else(|| draft.model.take());
        draft.user = name(self.user).or_else(|| draft.user.take());
        // A trace is one turn: where no session is named it is what belongs together.
        draft.conversation = name(self.session).or_else(|| draft.conversation.take()).or(trace);
    }

    /// For what it was called, and how it ended.
    fn describe<'b>(&self, tags: Option<Json<'b>>, draft: &mut Draft<'b>) -> Result<(), Fault>
    where
        'a: 'b,
    {
        let name = |value: Option<Value<'a>>| -> Option<Cow<'b, str>> { value?.name() };
        if let Some(tags) = tags {
            labels::tag_list(draft, tags)?;
        }
        draft.feature = draft
            .feature
            .take()
            .or_else(|| name(self.prompt_name))
            .or_else(|| name(self.trace_name));
        let environment = name(self.environment).filter(|environment| environment != "default");
        for (key, value) in [
            ("observation", name(self.name)),
            ("prompt", name(self.prompt_name)),
            ("prompt_version", name(self.prompt_version)),
            ("trace", name(self.trace_name)),
            ("environment", environment),
            ("release", name(self.release)),
        ] {
            let value = value.filter(|value| value.len() <= labels::LONGEST_LABEL);
            draft.tags.extend(value.map(|value| (Cow::Borrowed(key), value)));
        }
        let failed = name(self.level).is_some_and(|level| level.eq_ignore_ascii_case("error"));
        draft.status = if failed { Status::Error } else { Status::Success };
        Ok(())
    }

    fn time(&self, draft: &mut Draft<'_>, batch: &mut Batch) -> Result<(), Fault> {
        let time =
            |value: Option<Value<'_>>, field| value.map_or(Ok(None), |value| value.time(field));
        let start: Option<Timestamp> = time(self.start, "startTime")?;
        let end = time(self.end, "endTime")?;
        let first = time(self.first_token, "completionStartTime")?;
        if self.start.is_some_and(Value::is_zoneless) {
            batch.note("ZONELESS_TIMES", "times name no zone and are taken for UTC");
        }
        let seconds =
            |value: Option<Value<'_>>| value.and_then(Value::number).map(|seconds| seconds * 1e3);
        draft.time = start.or(end).map(Moment::dated);
        draft.latency_milliseconds = lasted(start, end).or_else(|| seconds(self.latency));
        draft.first_token_milliseconds =
            lasted(start, first).or_else(|| seconds(self.first_token_seconds));
        Ok(())
    }

    /// The counts of the first source that has any: Langfuse's own, the older
    /// object, columns, and last what the program sent.
    fn details(&self, [own, legacy, provided]: [Option<Json<'_>>; 3]) -> Result<Details, Fault> {
        let mut details = Details::default();
        if let Some(own) = own {
            details.read(own)?;
        }
        let is_tokens = |usage: &Json<'_>| {
            let unit = usage.get("unit").and_then(Json::text);
            unit.is_none_or(|unit| unit.eq_ignore_ascii_case("tokens"))
        };
        if let Some(legacy) = legacy.filter(|usage| !details.is_reported() && is_tokens(usage)) {
            details.read(legacy)?;
        }
        if !details.is_reported() {
            for (key, value) in ["input", "output", "total"].into_iter().zip(self.columns) {
                value.map_or(Ok(()), |value| details.take(key, value))?;
            }
        }
        if let Some(provided) = provided.filter(|_| !details.is_reported()) {
            details.read(provided)?;
        }
        Ok(details)
    }

    /// What Langfuse says it cost. Zero without any detail is a model that it
    /// has no price for.
    fn cost(&self, details: Option<Json<'_>>) -> Result<Option<Usd>, Fault> {
        let total = self.total_cost.map_or(Ok(None), |cost| cost.money("totalCost"))?;
        let detailed = details.and_then(|details| details.get("total"));
        let detailed = detailed.map_or(Ok(None), |cost| cost.money("costDetails"))?;
        let mut is_priced = false;
        if let Some(details) = details {
            details.each_entry(|_, cost| {
                is_priced |= cost.number().is_some();
                Ok::<(), Fault>(())
            })?;
        }
        Ok(total.or(detailed).filter(|cost| is_priced || cost.femto() != 0))
    }
}

/// Enters the counts where they say anything.
fn count(details: Details, reading: &mut Reading<'_>) {
    // Zeros of a failed call count nothing.
    let failed = reading.draft.status == Status::Error;
    if !details.is_reported() || (failed && !details.is_positive()) {
        return;
    }
    reading.draft.usage = details.usage(reading);
    let usage = &mut reading.draft.usage;
    if reading.draft.operation == Operation::Embeddings && usage.input.is_some() {
        // Nothing is generated: no count means none.
        usage.output = usage.output.or(Some(Tokens::ZERO));
    }
}

/// A text that holds JSON.
fn json(text: Option<&str>) -> Option<Json<'_>> {
    text.map(Json::of_text)
}

/// Whose bill it is on: what the tracer wrote down, else the model's maker.
fn name_provider<'b>(
    metadata: Option<Json<'b>>,
    attributes: Option<Json<'b>>,
    draft: &mut Draft<'b>,
) {
    const NAMES: [&str; 4] =
        ["llm.provider", "gen_ai.provider.name", "gen_ai.system", "llm.system"];
    let word = |map: Option<Json<'b>>, key: &str| map?.get(key)?.text();
    let mut named =
        NAMES.iter().map(|key| word(attributes, key)).chain([word(metadata, "ls_provider")]);
    let named = named.find_map(|name| Some(span::provider_of(&name?)?.into_owned()));
    draft.provider = named.map(Cow::Owned).or_else(|| {
        let inferred = provider::of_model(draft.model.as_deref()?)?;
        draft.flags.inferred_provider = true;
        Some(Cow::Borrowed(inferred))
    });
}

/// The provider's id of the answer, where the attributes or the answer have it.
fn answer_id<'b>(attributes: Option<Json<'b>>, output: Option<Json<'b>>) -> Option<Cow<'b, str>> {
    let named = attributes.and_then(|attributes| attributes.get("gen_ai.response.id")?.text());
    named.or_else(|| {
        let id = output?.get("id")?.text()?;
        chat_texts::is_answer_id(&id).then_some(id)
    })
}
