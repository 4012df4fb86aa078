//! Diagnostic logs of Azure OpenAI: who asked which deployment, when, how long.
//!
//! `RequestResponse` counts bytes and no tokens, and holds no text: its rows are
//! calls of unknown usage, for bytes say nothing of tokens (they count JSON,
//! pictures and whole event streams).

use std::borrow::Cow;

use crate::record::call::{Finish, Operation, Status};
use crate::units::{Moment, Tokens};

use super::azure_columns::{Columns, entry, has_columns};
use super::batch::{Batch, Draft, Identity};
use super::exchange::body::first_item;
use super::exchange::exchanged::UNCOUNTED;
use super::format::{Format, Framing, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};

const CONVENTION: &str = "RequestResponse counts no tokens; where AzureOpenAIRequestUsage does, \
     cached tokens are inside the prompt";
/// Categories of nobody else.
const OWN: [&str; 2] = ["RequestResponse", "AzureOpenAIRequestUsage"];

/// Rows as JSON lines, or in pages around `records`.
#[derive(Clone, Copy, Debug)]
pub struct AzureDiagnostics;

/// Rows as Log Analytics exports its table.
#[derive(Clone, Copy, Debug)]
pub struct AzureDiagnosticsCsv;

impl Format for AzureDiagnostics {
    fn id(&self) -> &'static str {
        "azure-diagnostics"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["category", "operationName", "resultSignature", "properties"]]
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("records")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            is_row(object) || object.get("records").and_then(first_item).is_some_and(is_row)
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        read_row(record, batch)
    }
}

impl Format for AzureDiagnosticsCsv {
    fn id(&self) -> &'static str {
        "azure-diagnostics-csv"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["category", "operationname", "resultsignature", "properties"]]
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        let columns = ["category", "operationname", "resultsignature", "properties"];
        // The table of all resources has the columns of gateways too; where it
        // was exported with them, its rows are theirs.
        sample.header().is_some_and(|header| {
            has_columns(header, &columns) && !has_columns(header, &["backendresponsebody"])
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        read_row(record, batch)
    }
}

/// Whether an object is a row of a Cognitive Services account.
fn is_row(object: Json<'_>) -> bool {
    let text = |name| entry(object, name).and_then(Json::text);
    let Some(category) = text("category") else { return false };
    let of_openai = || {
        let resource = text("resourceid").unwrap_or_default().to_ascii_lowercase();
        resource.contains("microsoft.cognitiveservices")
    };
    text("operationname").is_some()
        && (OWN.contains(&category.as_ref())
            || (matches!(category.as_ref(), "Audit" | "Trace") && of_openai()))
}

fn read_row(record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    let mut columns = Columns::of(record)?;
    let properties = columns.properties();
    if let Some(properties) = properties.as_deref() {
        columns.add_object(Json::of_text(properties))?;
    }
    match columns.name(&["category"]).ok_or(Fault::Missing("category"))?.as_ref() {
        "RequestResponse" => push_request(&columns, batch),
        "AzureOpenAIRequestUsage" => push_usage(&columns, batch),
        _ => Ok(Outcome::Ignored("row that is no model request")),
    }
}

/// What both kinds of rows say of a call.
fn draft<'a>(columns: &Columns<'a>) -> Result<Draft<'a>, Fault> {
    let time = columns.time()?;
    let id = columns.name(&["correlationid"]);
    let deployment = columns.name(&["modeldeploymentname", "deploymentname"]);
    let account = columns.name(&["resourceid", "_resourceid"]);
    let account = account.and_then(|resource| Some(resource.rsplit_once('/')?.1.to_owned()));
    Ok(Draft {
        time: time.map(Moment::dated),
        request_id: id,
        provider: Some(Cow::Borrowed("azure.ai.openai")),
        model: model(columns),
        requested_model: deployment,
        account: account.map(Cow::Owned),
        user: columns.name(&["objectid"]),
        region: columns.name(&["location", "tenant"]),
        ..Draft::default()
    })
}

/// The model with its version, where that is the date of a snapshot.
fn model<'a>(columns: &Columns<'a>) -> Option<Cow<'a, str>> {
    let name = columns.name(&["modelname"])?;
    let version = columns.name(&["modelversion"]);
    let is_date = |version: &str| version.len() == 10 && version.starts_with("20");
    match version.filter(|version| is_date(version)) {
        Some(date) if !name.ends_with(date.as_ref()) => Some(Cow::Owned(format!("{name}-{date}"))),
        _ => Some(name),
    }
}

fn push_request(columns: &Columns<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    let operation = columns.name(&["operationname"]).ok_or(Fault::Missing("operationName"))?;
    let lower = operation.to_ascii_lowercase();
    let mut draft = draft(columns)?;
    let runs = ["completion", "embedding", "responses_create", "generation", "transcription"];
    if draft.requested_model.is_none()
        && draft.model.is_none()
        && !runs.iter().any(|word| lower.contains(word))
    {
        return Ok(Outcome::Ignored("request that runs no model"));
    }
    draft.operation = match lower.as_str() {
        _ if lower.contains("embedding") => Operation::Embeddings,
        _ if lower.contains("completion") || lower.contains("responses") => Operation::Chat,
        _ => Operation::Other,
    };
    draft.latency_milliseconds = columns.milliseconds(&["durationms"], batch);
    let status = columns.count(&["resultsignature"], "resultSignature").ok().flatten();
    if status.is_some_and(|status| status >= 400) {
        draft.status = Status::Error;
        draft.finish = Finish::Error;
    } else {
        batch.note(UNCOUNTED.0, UNCOUNTED.1);
    }
    draft.request.stream =
        columns.name(&["streamtype"]).and_then(|kind| match kind.to_ascii_lowercase().as_str() {
            "streaming" => Some(true),
            "non-streaming" => Some(false),
            _ => None,
        });
    // Seen in the wild: one correlation id on requests to two deployments.
    let id = columns.name(&["correlationid"]);
    let time = draft.time.map(|moment| moment.micros).unwrap_or_default();
    let second = format!("{time} {}", draft.requested_model.as_deref().unwrap_or_default());
    draft.identity = Identity::of_pair(id.as_deref(), Some(&second));
    batch.push(draft)?;
    Ok(Outcome::Kept)
}

/// Names under which queries of this table, and other tables of Azure's, have
/// the prompt's count.
const INPUT: [&str; 4] = ["prompttokens", "prompt_tokens", "inputtokens", "processedprompttokens"];
/// The same of what was generated.
const OUTPUT: [&str; 4] =
    ["completiontokens", "completion_tokens", "generatedtokens", "outputtokens"];

/// Reads a row of usage. Microsoft documents its fields nowhere: the names above
/// are tried, and a row without any is no call.
fn push_usage(columns: &Columns<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    let count = |names: &[&str], field| columns.count(names, field);
    let input = count(&INPUT, "promptTokens")?;
    let output = count(&OUTPUT, "completionTokens")?;
    if input.is_none() && output.is_none() {
        return Ok(Outcome::Ignored("usage row without token counts"));
    }
    let mut draft = draft(columns)?;
    draft.usage.input = input.map(Tokens::new);
    draft.usage.output = output.map(Tokens::new);
    draft.usage.cache_read =
        count(&["cachedtokens", "cachedprompttokens", "promptcachetokens"], "cachedTokens")?
            .map(Tokens::new);
    // The same request has a row of its own under RequestResponse.
    draft.identity = Identity::of(columns.name(&["correlationid"]).as_deref());
    batch.push(draft)?;
    Ok(Outcome::Kept)
}
