//! Azure API Management in front of models: its gateway log, which can hold both
//! bodies, and its log of language model calls, which counts tokens.
//!
//! Bodies count as their own family does; `PromptTokens` includes cached tokens.
//! A body longer than what the gateway was told to log is cut.

use std::borrow::Cow;

use crate::units::Tokens;

use super::azure_columns::{Columns, entry, has_columns};
use super::batch::{Batch, Draft, Identity};
use super::exchange::body::{Reading, first_item};
use super::exchange::exchanged::{Exchanged, Logged};
use super::exchange::labels::Times;
use super::exchange::{openai_prompt, provider};
use super::format::{Format, Framing, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::value::Value;

const CONVENTION: &str = "bodies as in exchange; PromptTokens includes cached tokens";

/// Rows as JSON lines, or in pages around `records`.
#[derive(Clone, Copy, Debug)]
pub struct AzureApiGateway;

/// Rows as Log Analytics exports its tables.
#[derive(Clone, Copy, Debug)]
pub struct AzureApiGatewayCsv;

impl Format for AzureApiGateway {
    fn id(&self) -> &'static str {
        "azure-api-gateway"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["CorrelationId", "BackendResponseBody"]]
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

impl Format for AzureApiGatewayCsv {
    fn id(&self) -> &'static str {
        "azure-api-gateway-csv"
    }

    fn convention(&self) -> &'static str {
        CONVENTION
    }

    fn keys(&self) -> &'static [KeySet] {
        &[&["correlationid", "backendresponsebody"]]
    }

    fn framing(&self) -> Framing {
        Framing::Csv
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.header().is_some_and(|header| {
            let has = |names| has_columns(header, names);
            has(&["correlationid", "backendresponsebody"])
                || has(&["correlationid", "prompttokens", "completiontokens"])
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        read_row(record, batch)
    }
}

/// Whether an object is a row of either log, from a storage account or from a
/// table of its own.
fn is_row(object: Json<'_>) -> bool {
    let has = |name| entry(object, name).is_some();
    let kind = entry(object, "category").or_else(|| entry(object, "type")).and_then(Json::text);
    let is_category = matches!(
        kind.as_deref(),
        Some(
            "GatewayLogs"
                | "GatewayLlmLogs"
                | "ApiManagementGatewayLlmLog"
                | "ApiManagementGatewayLogs"
        )
    );
    has("correlationid")
        && (kind.is_none() || is_category)
        && ((is_category && (has("operationname") || has("properties") || has("apiid")))
            || has("backendresponsebody")
            || (has("prompttokens") && has("completiontokens")))
}

fn read_row(record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    let mut columns = Columns::of(record)?;
    let properties = columns.properties();
    if let Some(properties) = properties.as_deref() {
        columns.add_object(Json::of_text(properties))?;
    }
    if columns.get("correlationid").is_none() {
        return Err(Fault::Missing("correlationId"));
    }
    if columns.get("prompttokens").is_some() || columns.get("totaltokens").is_some() {
        return push_counted(&columns, record, batch);
    }
    push_exchange(&columns, record, batch)
}

/// What both kinds of rows say of a call.
fn draft<'a>(columns: &Columns<'a>) -> Draft<'a> {
    let id = columns.name(&["correlationid"]);
    let mut draft = Draft {
        // Both logs have a row of the same call, under one id.
        identity: Identity::of(id.as_deref()),
        request_id: id,
        account: columns.name(&["apimsubscriptionid", "productid"]),
        user: columns.name(&["userid"]),
        region: columns.name(&["location", "region"]),
        ..Draft::default()
    };
    let tags = [("api", "apiid"), ("product", "productid")];
    draft.tags = tags
        .iter()
        .filter_map(|(tag, column)| Some((Cow::Borrowed(*tag), columns.name(&[*column])?)))
        .collect();
    draft
}

/// The seller: Azure, unless the model is one that it does not sell itself.
fn seller<'a>(model: Option<&str>) -> Option<Cow<'a, str>> {
    let maker = provider::of_model(model.unwrap_or_default());
    matches!(maker, None | Some("openai")).then_some(Cow::Borrowed("azure.ai.openai"))
}

/// The deployment that an address names.
fn deployment(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("/deployments/")?;
    rest.split(['/', '?']).next().filter(|name| !name.is_empty())
}

/// Reads a row of the gateway log with the bodies it holds.
fn push_exchange(
    columns: &Columns<'_>,
    record: &Record<'_>,
    batch: &mut Batch,
) -> Result<Outcome, Fault> {
    let body = |names: [&str; 2]| names.iter().find_map(|name| columns.get(name)).map(text_of);
    let request = body(["backendrequestbody", "requestbody"]);
    let response = body(["backendresponsebody", "responsebody"]);
    let url = columns.name(&["backendurl", "url"]).unwrap_or_default();
    let status = ["backendresponsecode", "responsecode"];
    let status = columns.count(&status, "responseCode").ok().flatten();
    let answer = response.as_deref().map(Json::of_text);
    let mut exchange = Exchanged {
        request: request.as_deref().map(Json::of_text).filter(|request| is_whole(*request)),
        answer: Logged::of(answer, response.as_deref()),
        http_status: status.filter(|status| *status > 0),
        times: Times::at(columns.time()?),
        ..Exchanged::default()
    };
    if !exchange.is_answered() && !asks_a_model(exchange.request, &url, columns) {
        return Ok(Outcome::Ignored("gateway request that is no model call"));
    }
    let was_cut = !exchange.is_answered() && response.is_some();
    let mut draft = draft(columns);
    draft.latency_milliseconds =
        columns.milliseconds(&["backendtime", "durationms", "totaltime"], batch);
    let cache = columns.name(&["cache"]);
    draft.flags.gateway_cache_hit = cache.is_some_and(|cache| cache.eq_ignore_ascii_case("hit"));
    let mut reading = Reading::new(draft, record.memo);
    exchange.read_logged(&mut reading)?;
    if was_cut && status.is_none_or(|status| status < 400) {
        reading.notes.push((
            "BODY_CUT",
            "bodies were cut by the gateway or are in no known shape; their counts are unknown",
        ));
    }
    let draft = &mut reading.draft;
    let deployed = deployment(&url).map(|name| Cow::Owned(name.to_owned()));
    draft.requested_model = draft.requested_model.take().or(deployed);
    exchange.provider = seller(draft.model.as_deref());
    exchange.url = Some(Cow::Owned(url.into_owned()));
    exchange.push(reading, batch)
}

/// A body's text: the gateway logs it as one, exports may have parsed it.
fn text_of(value: Value<'_>) -> Cow<'_, str> {
    match value {
        Value::Json(json) => json.any_text().unwrap_or(Cow::Borrowed(json.raw())),
        Value::Cell(cell) => Cow::Borrowed(cell),
    }
}

/// Whether a request was logged to its end.
fn is_whole(request: Json<'_>) -> bool {
    request.is_object() && request.each_entry(|_, _| Ok::<(), Fault>(())).is_ok()
}

/// Whether a request without a readable answer went to a model.
fn asks_a_model(request: Option<Json<'_>>, url: &str, columns: &Columns<'_>) -> bool {
    const PATHS: [&str; 5] =
        ["/deployments/", "/completions", "/responses", "/embeddings", "/messages"];
    let operation = columns.name(&["operationid"]).unwrap_or_default().to_ascii_lowercase();
    request.is_some_and(|request| {
        request.get("messages").is_some()
            || (request.get("model").is_some() && request.get("input").is_some())
    }) || PATHS.iter().any(|path| url.contains(path))
        || operation.contains("completions_create")
        || operation.contains("embeddings_create")
}

/// Reads a row of the log of language model calls.
fn push_counted(
    columns: &Columns<'_>,
    record: &Record<'_>,
    batch: &mut Batch,
) -> Result<Outcome, Fault> {
    let count = |name: &str, field| columns.count(&[name], field);
    let input = count("prompttokens", "PromptTokens")?;
    let output = count("completiontokens", "CompletionTokens")?;
    let total = count("totaltokens", "TotalTokens")?;
    let request = messages(columns, "requestmessages");
    let response = messages(columns, "responsemessages");
    let mut reading = Reading::new(draft(columns), record.memo);
    if let Some(request) = request.as_deref() {
        openai_prompt::read_request(Json::of_text(request), &mut reading)?;
    }
    if let Some(response) = response.as_deref() {
        Json::of_text(response).get("messages").map_or(Ok(()), |messages| {
            messages.each_item(|message| {
                if let Some(content) = message.get("content") {
                    reading.add_answer(content);
                }
                Ok::<(), Fault>(())
            })
        })?;
    }
    let sum = input.zip(output).map(|(input, output)| input.saturating_add(output));
    if sum.zip(total).is_some_and(|(sum, total)| sum != total) {
        reading.inconsistent(
            "TOTAL_MISMATCH",
            "total tokens are not the sum of prompt and completion; the parts are used",
        );
    }
    let draft = &mut reading.draft;
    draft.usage.input = input.map(Tokens::new);
    draft.usage.output = output.map(Tokens::new);
    draft.model = columns.name(&["modelname"]);
    draft.requested_model = columns.name(&["deploymentname"]);
    let streamed = columns.get("isstreamcompletion").and_then(Value::truth);
    draft.request.stream = streamed.or(draft.request.stream);
    reading.response_id = columns.name(&["responseid"]);
    let exchange = Exchanged {
        provider: seller(reading.draft.model.as_deref()),
        times: Times::at(columns.time()?),
        ..Exchanged::default()
    };
    exchange.push(reading, batch)
}

/// Logged messages as the request they were. Long ones are spread over several
/// rows with a number; a piece of them is no prompt.
fn messages(columns: &Columns<'_>, name: &str) -> Option<String> {
    let is_piece = columns.get("sequencenumber").and_then(Value::number).is_some_and(|at| at > 0.0);
    let list = columns.get(name)?.structure().filter(|_| !is_piece)?;
    let list = Json::of_text(&list);
    let is_list = list.is_array() && list.each_item(|_| Ok::<(), Fault>(())).is_ok();
    is_list.then(|| format!("{{\"messages\":{}}}", list.raw()))
}
