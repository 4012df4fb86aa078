//! One run of LangSmith and the call it becomes.

use std::borrow::Cow;

use crate::ingest::batch::{Batch, Draft, Identity};
use crate::ingest::chat_texts;
use crate::ingest::exchange::body::{Reading, first_item};
use crate::ingest::exchange::request::read_fact;
use crate::ingest::exchange::{labels, provider};
use crate::ingest::json::{Fault, Json};
use crate::ingest::span::{self, lasted};
use crate::ingest::span_tree::SpanId;
use crate::ingest::value::Value;
use crate::measure::memo::Memo;
use crate::record::call::{Finish, Operation, Status};
use crate::units::{Moment, Tokens, Usd};

use super::counts::Counts;

/// Where a model's message lies in the outputs of a run, after `LangChain`'s
/// lists of lists are opened.
const MESSAGE: [&[&str]; 4] = [&["message", "kwargs"], &["message"], &["kwargs"], &[]];

/// The fields of a run, where they lie in the record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run<'a> {
    id: Option<Value<'a>>,
    trace: Option<Value<'a>>,
    parent: Option<Value<'a>>,
    kind: Option<Value<'a>>,
    name: Option<Value<'a>>,
    start: Option<Value<'a>>,
    end: Option<Value<'a>>,
    first_token: Option<Value<'a>>,
    inputs: Option<Value<'a>>,
    outputs: Option<Value<'a>>,
    extra: Option<Value<'a>>,
    error: Option<Value<'a>>,
    status: Option<Value<'a>>,
    tags: Option<Value<'a>>,
    project: Option<Value<'a>>,
    project_name: Option<Value<'a>>,
    input_tokens: Option<Value<'a>>,
    output_tokens: Option<Value<'a>>,
    input_details: Option<Value<'a>>,
    output_details: Option<Value<'a>>,
    cost: Option<Value<'a>>,
    side_costs: [Option<Value<'a>>; 2],
}

impl<'a> Run<'a> {
    /// Takes in a field by its name.
    pub(super) fn offer(&mut self, name: &str, value: Value<'a>) {
        if value.is_missing() {
            return;
        }
        let slot = match name {
            "id" => &mut self.id,
            "trace_id" => &mut self.trace,
            "parent_run_id" => &mut self.parent,
            "run_type" => &mut self.kind,
            "name" => &mut self.name,
            "start_time" => &mut self.start,
            "end_time" => &mut self.end,
            "first_token_time" => &mut self.first_token,
            "inputs" => &mut self.inputs,
            "outputs" => &mut self.outputs,
            "extra" => &mut self.extra,
            "error" => &mut self.error,
            "status" => &mut self.status,
            "tags" => &mut self.tags,
            "session_id" => &mut self.project,
            "session_name" | "project_name" => &mut self.project_name,
            "prompt_tokens" | "input_tokens" => &mut self.input_tokens,
            "completion_tokens" | "output_tokens" => &mut self.output_tokens,
            "prompt_token_details" | "input_token_details" => &mut self.input_details,
            "completion_token_details" | "output_token_details" => &mut self.output_details,
            "total_cost" => &mut self.cost,
            "prompt_cost" => &mut self.side_costs[0],
            "completion_cost" => &mut self.side_costs[1],
            _ => return,
        };
        *slot = Some(value);
    }

    /// Pushes the call, or says why the run is none.
    ///
    /// # Errors
    /// When a field holds what it cannot, or the run has no id or type.
    pub(super) fn read(
        &self,
        memo: &Memo,
        batch: &mut Batch,
    ) -> Result<Option<&'static str>, Fault> {
        let name = |value: Option<Value<'a>>| value.and_then(Value::name);
        let (id, trace, parent) = (name(self.id), name(self.trace), name(self.parent));
        if id.is_none() {
            return Err(Fault::Missing("id"));
        }
        let kind = name(self.kind).ok_or(Fault::Missing("run_type"))?.to_ascii_lowercase();
        let place = SpanId::new(trace.as_deref(), id.as_deref());
        let around = SpanId::new(trace.as_deref(), parent.as_deref());
        let operation = match kind.as_str() {
            "llm" => Operation::Chat,
            "embedding" => Operation::Embeddings,
            _ => {
                batch.push_span(place, around, None);
                return Ok(Some("run that is no call of a model"));
            }
        };
        let call = self.push(operation, memo, batch)?;
        batch.push_span(place, around, Some(call));
        Ok(None)
    }

    fn push(&self, operation: Operation, memo: &Memo, batch: &mut Batch) -> Result<usize, Fault> {
        // Bulk exports write objects as text: unescaped here, they outlive what
        // borrows from them.
        let text = |value: Option<Value<'a>>| value.and_then(chat_texts::structure);
        let (extra, tags) = (text(self.extra), text(self.tags));
        let (inputs, outputs) = (text(self.inputs), text(self.outputs));
        let details = [text(self.input_details), text(self.output_details)];
        let extra = extra.as_deref().map(Json::of_text);
        let outputs = outputs.as_deref().map(Json::of_text);
        let inputs = inputs.as_deref().map(Json::of_text);
        let parameters = extra.and_then(|extra| extra.get("invocation_params"));
        let metadata = extra.and_then(|extra| extra.get("metadata"));
        let mut reading = Reading::new(Draft::default(), memo);
        // Parameters stand among whatever else the framework passed on.
        reading.flat = true;
        reading.draft.operation = operation;
        if let Some(parameters) = parameters {
            parameters.each_entry(|key, value| {
                let key = if key == "model_name" { "model" } else { key };
                // No parameter spoils a call.
                let _ = read_fact(key, value, &mut reading);
                if matches!(key, "tools" | "functions") {
                    reading.draft.request.has_tools = Some(first_item(value).is_some());
                }
                Ok::<(), Fault>(())
            })?;
        }
        let answer = Answer::of(outputs)?;
        if let Some(metadata) = metadata {
            chat_texts::label(metadata, &mut reading.draft)?;
        }
        self.describe(tags.as_deref().map(Json::of_text), &answer, &mut reading.draft)?;
        self.name(&answer, metadata, &mut reading.draft);
        self.time(&mut reading.draft, batch)?;
        let sides = [details[0].as_deref(), details[1].as_deref()];
        self.count(&answer, sides, &mut reading)?;
        reading.draft.logged_cost = self.cost()?;
        reading.draft.prompt = chat_texts::prompt(inputs, outputs, parameters, &reading)?;
        for (code, message) in &reading.notes {
            batch.note(code, message);
        }
        batch.push(reading.draft)
    }

    /// Who called what.
    fn name<'b>(&self, answer: &Answer<'b>, metadata: Option<Json<'b>>, draft: &mut Draft<'b>)
    where
        'a: 'b,
    {
        let name = |value: Option<Value<'a>>| -> Option<Cow<'b, str>> { value?.name() };
        let word = |key: &str| metadata?.get(key)?.text();
        let (id, trace) = (name(self.id), name(self.trace));
        let own = match answer.id.as_deref() {
            Some(answer) => Identity::of(Some(answer)),
            None => Identity::of(id.as_deref()),
        };
        draft.identity = own.answered_by(answer.id.as_deref());
        draft.request_id = answer.id.clone().or(id);
        let asked = draft.model.take();
        draft.model = answer.model.clone().or_else(|| word("ls_model_name")).or(asked);
        draft.requested_model = draft.requested_model.take().or_else(|| word("ls_model_name"));
        // A trace is one turn: where no session is named it is what belongs together.
        draft.conversation = draft.conversation.take().or(trace);
        // The session of a run is its project.
        draft.account =
            name(self.project_name).or_else(|| draft.account.take()).or_else(|| name(self.project));
        let named = word("ls_provider");
        let named = named.and_then(|name| Some(span::provider_of(&name)?.into_owned()));
        draft.provider = named.map(Cow::Owned).or_else(|| {
            let inferred = provider::of_model(draft.model.as_deref()?)?;
            draft.flags.inferred_provider = true;
            Some(Cow::Borrowed(inferred))
        });
        if draft.feature.is_none() {
            // The prompt of LangSmith's hub that it was made from.
            draft.feature = word("lc_hub_repo");
        }
    }

    /// For what it was called, and how it ended.
    fn describe<'b>(
        &self,
        tags: Option<Json<'b>>,
        answer: &Answer<'b>,
        draft: &mut Draft<'b>,
    ) -> Result<(), Fault>
    where
        'a: 'b,
    {
        let name = |value: Option<Value<'a>>| -> Option<Cow<'b, str>> { value?.name() };
        if let Some(tags) = tags {
            labels::tag_list(draft, tags)?;
        }
        let run = name(self.name).filter(|name| name.len() <= labels::LONGEST_LABEL);
        draft.tags.extend(run.map(|name| (Cow::Borrowed("run"), name)));
        let failed = self.error.is_some()
            || name(self.status).is_some_and(|status| status.eq_ignore_ascii_case("error"));
        draft.status = if failed { Status::Error } else { Status::Success };
        draft.finish = answer.finish.as_deref().map_or(Finish::Unknown, Finish::parse);
        Ok(())
    }

    fn time(&self, draft: &mut Draft<'_>, batch: &mut Batch) -> Result<(), Fault> {
        let time =
            |value: Option<Value<'_>>, field| value.map_or(Ok(None), |value| value.time(field));
        let start = time(self.start, "start_time")?;
        let end = time(self.end, "end_time")?;
        let first = time(self.first_token, "first_token_time")?;
        if self.start.is_some_and(Value::is_zoneless) {
            batch.note("ZONELESS_TIMES", "times name no zone and are taken for UTC");
        }
        draft.time = start.or(end).map(Moment::dated);
        draft.latency_milliseconds = lasted(start, end);
        draft.first_token_milliseconds = lasted(start, first);
        Ok(())
    }

    fn count(
        &self,
        answer: &Answer<'_>,
        sides: [Option<&str>; 2],
        reading: &mut Reading<'_>,
    ) -> Result<(), Fault> {
        let mut counts = Counts::default();
        if let Some(usage) = answer.usage {
            counts.read(usage)?;
        }
        for (key, value) in
            [("input_tokens", self.input_tokens), ("output_tokens", self.output_tokens)]
        {
            value.map_or(Ok(()), |value| counts.take(key, value))?;
        }
        for (side, details) in ["input", "output"].into_iter().zip(sides) {
            details.map_or(Ok(()), |text| counts.details(side, Json::of_text(text)))?;
        }
        if let Some(usage) = answer.provider_usage.filter(|_| !counts.is_positive()) {
            counts = Counts::default();
            counts.read(usage)?;
        }
        // Runs that failed, or whose model told nothing, have zeros.
        let has_failed = reading.draft.status == Status::Error;
        if !counts.is_reported() || (has_failed && !counts.is_positive()) {
            return Ok(());
        }
        reading.draft.usage = counts.usage(reading);
        let usage = &mut reading.draft.usage;
        if reading.draft.operation == Operation::Embeddings && usage.input.is_some() {
            // Nothing is generated: no count means none.
            usage.output = usage.output.or(Some(Tokens::ZERO));
        }
        Ok(())
    }

    /// What LangSmith says it cost: the total, else the sum of both sides.
    fn cost(&self) -> Result<Option<Usd>, Fault> {
        let money =
            |value: Option<Value<'_>>, field| value.map_or(Ok(None), |value| value.money(field));
        let total = money(self.cost, "total_cost")?;
        let [prompt, completion] = self.side_costs;
        let sides = (money(prompt, "prompt_cost")?, money(completion, "completion_cost")?);
        Ok(total.or(match sides {
            (Some(prompt), Some(completion)) => Some(prompt + completion),
            (one, other) => one.or(other),
        }))
    }
}

/// What the outputs of a run say of the answer.
#[derive(Debug, Default)]
struct Answer<'b> {
    id: Option<Cow<'b, str>>,
    model: Option<Cow<'b, str>>,
    finish: Option<Cow<'b, str>>,
    /// Inclusive counts, as `LangChain` and LangSmith's wrappers write them.
    usage: Option<Json<'b>>,
    /// The provider's own object.
    provider_usage: Option<Json<'b>>,
}

impl<'b> Answer<'b> {
    fn of(outputs: Option<Json<'b>>) -> Result<Self, Fault> {
        let mut answer = Self::default();
        let Some(outputs) = outputs else { return Ok(answer) };
        let generation = outputs.get("generations").and_then(innermost);
        let choice = outputs.get("choices").and_then(innermost);
        for holder in [generation, outputs.get("output"), Some(outputs)].into_iter().flatten() {
            for path in MESSAGE {
                if let Some(message) = holder.at(path) {
                    answer.take(message)?;
                }
            }
            if let Some(info) = holder.get("generation_info") {
                answer.take(info)?;
            }
        }
        if let Some(choice) = choice {
            answer.take(choice)?;
        }
        if let Some(output) = outputs.get("llm_output") {
            answer.take(output)?;
        }
        Ok(answer)
    }

    /// Takes in what one object says; the first word counts.
    fn take(&mut self, object: Json<'b>) -> Result<(), Fault> {
        let first = |place: &mut Option<Cow<'b, str>>, value: Json<'b>| {
            if place.is_none() {
                *place = value.text();
            }
        };
        object.each_entry(|key, value| {
            match key {
                "usage_metadata" if value.is_object() => {
                    self.usage = self.usage.or(Some(value));
                }
                "usage" | "token_usage" | "tokenUsage" if value.is_object() => {
                    self.provider_usage = self.provider_usage.or(Some(value));
                }
                "response_metadata" if value.is_object() => self.take(value)?,
                "id" => {
                    let id = value.text().filter(|id| chat_texts::is_answer_id(id));
                    self.id = self.id.take().or(id);
                }
                "model" | "model_name" => first(&mut self.model, value),
                "finish_reason" | "stop_reason" => first(&mut self.finish, value),
                _ => {}
            }
            Ok(())
        })
    }
}

/// The first element of a list, of a list in it, and so on.
fn innermost(list: Json<'_>) -> Option<Json<'_>> {
    let mut at = list;
    for _ in 0..4 {
        if !at.is_array() {
            return Some(at);
        }
        at = first_item(at)?;
    }
    None
}
