//! Amazon Bedrock's model invocation log, as it lies in S3 and as `CloudWatch`
//! Logs hands it out.
//!
//! `inputTokenCount` leaves out what was read from or written to the cache; the
//! prompt is the sum of the three. The bodies are those of the API that was
//! called. Lacking where text delivery is off: everything but counts and names.

use std::borrow::Cow;

use crate::units::Timestamp;

use super::batch::{Batch, Draft, Identity};
use super::exchange::bedrock_counts::BedrockCounts;
use super::exchange::body::{Reading, first_item};
use super::exchange::exchanged::{self, Exchanged, Logged};
use super::exchange::labels::{self, Times};
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};

const SCHEMA: &str = "ModelInvocationLog";
/// Under what `CloudWatch` keeps a record: queries and plain exports.
const MESSAGES: [&str; 2] = ["@message", "message"];

/// A record per invocation.
#[derive(Clone, Copy, Debug)]
pub struct BedrockInvocationLog;

impl Format for BedrockInvocationLog {
    fn id(&self) -> &'static str {
        "bedrock-invocation-log"
    }

    fn convention(&self) -> &'static str {
        "inputTokenCount excludes cache reads and writes, which are added; outputTokenCount \
         includes reasoning"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["schemaType", "modelId"]]
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("events")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            let listed = ["events", "logEvents"].iter().find_map(|list| object.get(list));
            holds_record(object) || listed.and_then(first_item).is_some_and(holds_record)
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        let Some(events) = json.get("logEvents").filter(|events| events.is_array()) else {
            return read_event(json, record, batch);
        };
        // What a subscription delivers: several events a line.
        let mut items = Vec::new();
        events.each_item(|event| {
            items.push(event);
            Ok::<(), Fault>(())
        })?;
        if items.is_empty() {
            return Ok(Outcome::Ignored("log events without a model invocation"));
        }
        for (event, line) in record.lines_of(items) {
            let part = Record { bytes: event.raw().as_bytes(), line, ..*record };
            batch.start_part(line, part.bytes);
            batch.account_for(line, |batch| read_event(event, &part, batch));
        }
        Ok(Outcome::AccountedFor)
    }
}

/// Whether an object is a record of this log, or an event around one.
fn holds_record(object: Json<'_>) -> bool {
    let message = || MESSAGES.iter().find_map(|key| object.get(key));
    is_record(object)
        || message().is_some_and(|message| match message.any_text() {
            Some(text) => is_record(Json::of_text(&text)),
            None => is_record(message),
        })
}

fn is_record(object: Json<'_>) -> bool {
    object.get("schemaType").and_then(Json::text).as_deref() == Some(SCHEMA)
}

/// Reads a record, or the event of `CloudWatch` around one.
fn read_event(event: Json<'_>, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    if is_record(event) {
        return Invocation::of(event)?.push(None, record, batch);
    }
    let Some(message) = MESSAGES.iter().find_map(|key| event.get(key)) else {
        return Err(Fault::Missing("schemaType"));
    };
    let logged = ["@timestamp", "timestamp"].iter().find_map(|key| event.get(key));
    let logged = logged.and_then(|time| time.time("timestamp").ok().flatten());
    let text = message.any_text();
    let invocation = text.as_deref().map_or(message, Json::of_text);
    if !is_record(invocation) {
        return Ok(Outcome::Ignored("log event that is no model invocation"));
    }
    Invocation::of(invocation)?.push(logged, record, batch)
}

/// Whether a body can be read. Some pipelines keep bodies as texts and cut them:
/// the counts beside them hold all the same.
fn is_whole(body: Json<'_>) -> bool {
    if !body.is_text() {
        return true;
    }
    let text = body.text().unwrap_or_default();
    !text.trim_start().starts_with(['{', '['])
        || Json::of_record(text.as_bytes()).is_ok_and(|body| {
            body.each_entry(|_, _| Ok::<(), Fault>(())).is_ok()
                && body.each_item(|_| Ok::<(), Fault>(())).is_ok()
        })
}

/// What stands in a record, where it lies.
#[derive(Default)]
struct Invocation<'a> {
    time: Option<Timestamp>,
    account: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    served_in: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    operation: Option<Cow<'a, str>>,
    model: Option<Cow<'a, str>>,
    caller: Option<Cow<'a, str>>,
    metadata: Option<Json<'a>>,
    input: Option<Json<'a>>,
    output: Option<Json<'a>>,
    failed: bool,
    in_s3: bool,
    counts: BedrockCounts,
}

impl<'a> Invocation<'a> {
    fn of(json: Json<'a>) -> Result<Self, Fault> {
        let mut found = Self::default();
        json.each_entry(|key, value| {
            if value.is_null() {
                return Ok(());
            }
            match key {
                "timestamp" => found.time = value.time("timestamp")?,
                "accountId" => found.account = value.name(),
                "region" => found.region = value.text(),
                "inferenceRegion" => found.served_in = value.text(),
                "requestId" => found.id = value.text(),
                "operation" => found.operation = value.text(),
                "modelId" => found.model = value.text(),
                "identity" => found.caller = value.get("arn").and_then(Json::text),
                "requestMetadata" => found.metadata = Some(value),
                "errorCode" => found.failed = value.text().is_some(),
                "input" | "output" => value.each_entry(|key, value| found.half(key, value))?,
                _ => {}
            }
            Ok::<(), Fault>(())
        })?;
        Ok(found)
    }

    fn half(&mut self, key: &str, value: Json<'a>) -> Result<(), Fault> {
        match key {
            "inputBodyJson" => self.input = is_whole(value).then_some(value),
            "outputBodyJson" => self.output = is_whole(value).then_some(value),
            "inputBodyS3Path" | "outputBodyS3Path" => self.in_s3 |= value.text().is_some(),
            _ => self.counts.take(key, value)?,
        }
        Ok(())
    }

    /// The address that the operation is called at.
    fn address(&self) -> Option<String> {
        let call = match self.operation.as_deref() {
            Some("Converse") => "converse",
            Some("ConverseStream") => "converse-stream",
            Some("InvokeModelWithResponseStream") => "invoke-with-response-stream",
            _ => "invoke",
        };
        self.model.as_deref().map(|model| format!("/model/{model}/{call}"))
    }

    fn push(
        self,
        logged: Option<Timestamp>,
        record: &Record<'_>,
        batch: &mut Batch,
    ) -> Result<Outcome, Fault> {
        if self.model.is_none() && self.id.is_none() {
            return Err(Fault::Missing("modelId"));
        }
        let (input, output) =
            (self.input.and_then(Json::any_text), self.output.and_then(Json::any_text));
        let mut exchange = Exchanged {
            request: exchanged::request_body(self.input, input.as_deref()),
            answer: Logged::of(self.output, output.as_deref()),
            url: self.address().map(Cow::Owned),
            provider: Some(Cow::Borrowed("aws.bedrock")),
            times: Times::at(self.time.or(logged)),
            failed: self.failed,
            ..Exchanged::default()
        };
        let mut reading = Reading::new(self.draft(), record.memo);
        if let Some(metadata) = self.metadata {
            labels::map(&mut reading.draft, metadata)?;
        }
        let caller = self.caller.as_deref().map(principal);
        reading.draft.user =
            reading.draft.user.take().or(caller.map(|who| Cow::Owned(who.to_owned())));
        exchange.read_logged(&mut reading)?;
        if self.operation.as_deref().is_some_and(|operation| operation.contains("Stream")) {
            reading.draft.request.stream = Some(true);
        }
        if !self.failed {
            reading.stated_counts = self.counts;
            self.compare(&mut reading);
        }
        if self.in_s3 {
            reading.notes.push((
                "BODIES_IN_S3",
                "bodies too large for the log lie in S3 objects beside it; their texts are not read",
            ));
        }
        exchange.push(reading, batch)
    }

    fn draft<'b>(&self) -> Draft<'b>
    where
        'a: 'b,
    {
        let served_in = self.served_in.clone().or_else(|| self.region.clone());
        Draft {
            identity: Identity::of(self.id.as_deref()),
            request_id: self.id.clone(),
            account: self.account.clone(),
            region: served_in,
            ..Draft::default()
        }
    }

    /// Checks the body's counts against the log's, which are of the same call.
    fn compare(&self, reading: &mut Reading<'_>) {
        let usage = &reading.draft.usage;
        let differs = |body: Option<u64>, log: Option<u64>| {
            body.zip(log).is_some_and(|(body, log)| body != log)
        };
        let uncached = usage.uncached_input().map(crate::units::Tokens::get);
        let output = usage.output.map(crate::units::Tokens::get);
        if differs(uncached, self.counts.input) || differs(output, self.counts.output) {
            reading.inconsistent(
                "COUNTS_DIFFER",
                "the log's token counts are not those of the logged answer; the answer's are used",
            );
        }
    }
}

/// Who called, of an ARN: a user's name, a role's without its session.
fn principal(arn: &str) -> &str {
    let Some((kind, name)) = arn.split_once('/') else { return arn };
    match name.split_once('/') {
        Some((role, _)) if kind.ends_with(":assumed-role") => role,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::principal;

    #[test]
    fn a_role_is_the_same_in_every_session() {
        assert_eq!(principal("arn:aws:iam::1:user/ann"), "ann");
        assert_eq!(principal("arn:aws:sts::1:assumed-role/planner/i-0a"), "planner");
        assert_eq!(principal("arn:aws:iam::1:root"), "arn:aws:iam::1:root");
    }
}
