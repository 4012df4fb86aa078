//! Makes calls, buckets, charges and remarks of rows.

use std::borrow::Cow;

use crate::ingest::batch::{Batch, Draft, Identity, Stated};
use crate::ingest::format::Outcome;
use crate::ingest::json::{Fault, Json};
use crate::record::bucket::Bucket;
use crate::record::call::{Count, Flags, RequestFacts};
use crate::record::charge::Charge;
use crate::record::component::Component;
use crate::record::lane::Tier;
use crate::record::log::HandedOn;
use crate::record::symbol::Symbol;
use crate::record::usage::{CacheWrites, Usage};
use crate::table::calls::{COMPONENTS, Name, source};
use crate::table::words;
use crate::units::{Moment, Tokens, Ttl};

use super::cells::Cells;

/// What a note says about itself fits a line.
const LONGEST_NOTE: usize = 400;
const LONGEST_CODE: usize = 64;

/// A call.
pub(super) fn request(cells: &Cells<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    let (stated, inferred_components) = components(cells)?;
    let request_id = cells.text(Name::ResponseId)?;
    let draft = Draft {
        identity: identity(request_id.as_deref(), cells.count(Name::ResponseCopy)?),
        request_id,
        operation: cells.value(Name::OperationName, words::OPERATIONS)?.unwrap_or_default(),
        time: time(cells)?,
        provider: cells.text(Name::ProviderName)?,
        model: cells.text(Name::ResponseModel)?,
        requested_model: cells.text(Name::RequestModel)?,
        feature: cells.text(Name::Feature)?,
        user: cells.text(Name::UserId)?,
        account: cells.text(Name::SubAccountId)?,
        workspace: cells.text(Name::WorkspaceId)?,
        conversation: cells.text(Name::ConversationId)?,
        region: cells.text(Name::RegionId)?,
        tags: tags(cells)?,
        tier: tier(cells)?.unwrap_or_default(),
        status: cells.value(Name::Status, words::STATUSES)?.unwrap_or_default(),
        finish: cells.value(Name::FinishReason, words::FINISHES)?.unwrap_or_default(),
        request: RequestFacts {
            max_tokens: Count::from_optional(cells.count(Name::RequestMaxTokens)?),
            temperature: cells.number(Name::RequestTemperature)?,
            stream: cells.truth(Name::RequestStream)?,
            has_tools: cells.truth(Name::RequestHasTools)?,
        },
        latency_milliseconds: milliseconds(cells.count(Name::DurationMs)?),
        first_token_milliseconds: milliseconds(cells.count(Name::TimeToFirstChunkMs)?),
        tool_requests: cells.count(Name::ToolRequestCount)?.unwrap_or(0),
        usage: usage(cells)?,
        logged_cost: cells.money(Name::LoggedCost)?,
        flags: Flags { inferred_components, ..flags(cells)? },
        stated,
        place: cells.count(Name::RecordOrder)?,
        ..Draft::default()
    };
    batch.push(draft)?;
    Ok(Outcome::Kept)
}

/// A period's usage.
pub(super) fn bucket(cells: &Cells<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    let bucket = Bucket {
        start: cells.time(Name::ChargePeriodStart)?,
        end: cells.time(Name::ChargePeriodEnd)?,
        calls: cells.count(Name::RequestCount)?,
        provider: symbol(cells, Name::ProviderName, batch)?,
        model: symbol(cells, Name::ResponseModel, batch)?,
        feature: symbol(cells, Name::Feature, batch)?,
        user: symbol(cells, Name::UserId, batch)?,
        account: symbol(cells, Name::SubAccountId, batch)?,
        region: symbol(cells, Name::RegionId, batch)?,
        operation: cells.value(Name::OperationName, words::OPERATIONS)?.unwrap_or_default(),
        tier: tier(cells)?.unwrap_or_default(),
        long_context: cells.truth(Name::LongContext)?,
        usage: usage(cells)?,
        tool_requests: cells.count(Name::ToolRequestCount)?.unwrap_or(0),
        other_modality: cells.tokens(Name::OtherModalityTokens)?.unwrap_or_default(),
        logged_cost: cells.money(Name::LoggedCost)?,
        ..Bucket::default()
    };
    batch.push_bucket(bucket);
    Ok(Outcome::Kept)
}

/// An amount of a bill.
pub(super) fn charge(cells: &Cells<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    let billed = cells.money(Name::BilledCost)?;
    let charge = Charge {
        start: cells.time(Name::ChargePeriodStart)?,
        end: cells.time(Name::ChargePeriodEnd)?,
        provider: symbol(cells, Name::ProviderName, batch)?,
        model: symbol(cells, Name::ResponseModel, batch)?,
        item: symbol(cells, Name::ChargeItem, batch)?,
        account: symbol(cells, Name::SubAccountId, batch)?,
        region: symbol(cells, Name::RegionId, batch)?,
        meter: cells.value(Name::ChargeMeter, words::METERS)?.unwrap_or_default(),
        tier: tier(cells)?,
        long_context: cells.truth(Name::LongContext)?,
        billed: billed.ok_or(Fault::Missing(Name::BilledCost.text()))?,
        list: cells.money(Name::ListCost)?,
        ..Charge::default()
    };
    batch.push_charge(charge);
    Ok(Outcome::Kept)
}

/// A remark about the log that the table was made from.
pub(super) fn note(cells: &Cells<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
    let code = cells.text(Name::NoteCode)?.ok_or(Fault::Missing(Name::NoteCode.text()))?;
    let message = cells.text(Name::NoteMessage)?.unwrap_or_default();
    let is_code = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if code.len() > LONGEST_CODE || !code.bytes().all(is_code) {
        return Err(cells.fault(Name::NoteCode, "a code"));
    }
    if message.len() > LONGEST_NOTE || message.contains(char::is_control) {
        return Err(cells.fault(Name::NoteMessage, "a line"));
    }
    batch.hand_on(HandedOn {
        code: code.into_owned(),
        message: message.into_owned(),
        records: cells.count(Name::NoteRecords)?.unwrap_or(0),
    });
    Ok(Outcome::Ignored("a remark about the log that the table was made from"))
}

/// A call is known by the id it had in the log; a second call of the same id,
/// which the log told apart by something else, stays a call of its own.
fn identity(id: Option<&str>, copy: Option<u64>) -> Identity {
    match (id, copy) {
        (Some(id), Some(copy)) => Identity::of(Some(&format!("{id}\0{copy}"))),
        (id, _) => Identity::of(id),
    }
}

fn symbol(cells: &Cells<'_>, name: Name, batch: &mut Batch) -> Result<Option<Symbol>, Fault> {
    Ok(batch.symbol(cells.text(name)?.as_deref()))
}

fn time(cells: &Cells<'_>) -> Result<Option<Moment>, Fault> {
    let dated = cells.time(Name::ChargePeriodStart)?.map(Moment::dated);
    let elapsed = cells.integer(Name::ElapsedMicroseconds)?.map(Moment::relative);
    Ok(dated.or(elapsed))
}

fn tier(cells: &Cells<'_>) -> Result<Option<Tier>, Fault> {
    let Some(word) = cells.text(Name::ServiceTier)? else { return Ok(None) };
    let tier = Tier::ALL.into_iter().find(|tier| tier.name() == word);
    tier.map(Some).ok_or_else(|| cells.fault(Name::ServiceTier, "a service tier"))
}

#[expect(clippy::cast_precision_loss, reason = "a latency has at most 32 bits")]
fn milliseconds(count: Option<u64>) -> Option<f64> {
    count.map(|count| count as f64)
}

fn flags(cells: &Cells<'_>) -> Result<Flags, Fault> {
    let mut flags = Flags::default();
    let Some(text) = cells.text(Name::Flags)? else { return Ok(flags) };
    for word in text.split(',') {
        let flag = words::FLAGS.iter().find(|(known, _)| *known == word);
        let (_, flag) = flag.ok_or_else(|| cells.fault(Name::Flags, "a list of known flags"))?;
        *flag(&mut flags) = true;
    }
    Ok(flags)
}

/// Keys and values of tags.
type Tags<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

fn tags<'a>(cells: &Cells<'a>) -> Result<Tags<'a>, Fault> {
    let mut tags = Vec::new();
    cells.each_entry(Name::Tags, |key, value: Json<'a>| {
        let values = if value.is_array() { value.items() } else { vec![value] };
        let texts = values.into_iter().filter_map(Json::any_text);
        tags.extend(texts.map(|text| (Cow::Owned(key.to_owned()), text)));
        Ok(())
    })?;
    Ok(tags)
}

fn usage(cells: &Cells<'_>) -> Result<Usage, Fault> {
    Ok(Usage {
        input: cells.tokens(Name::InputTokens)?,
        cache_read: cells.tokens(Name::CacheReadTokens)?,
        cache_write: cache_writes(cells)?,
        output: cells.tokens(Name::OutputTokens)?,
        reasoning: cells.tokens(Name::ReasoningTokens)?,
        audio_input: cells.tokens(Name::AudioInputTokens)?,
        audio_output: cells.tokens(Name::AudioOutputTokens)?,
    })
}

/// The shorter lifetime comes first; one of 0 seconds stands for none.
fn cache_writes(cells: &Cells<'_>) -> Result<Option<CacheWrites>, Fault> {
    let fault = || cells.fault(Name::CacheWriteByTtl, "tokens by seconds");
    let Some(all) = cells.tokens(Name::CacheWriteTokens)? else { return Ok(None) };
    let mut stated: Vec<(u32, u64)> = Vec::new();
    cells.each_entry(Name::CacheWriteByTtl, |seconds, tokens| {
        // A key that is no lifetime was added by someone else.
        if let Ok(seconds) = seconds.parse() {
            stated.push((seconds, tokens.raw().parse().map_err(|_| fault())?));
        }
        Ok(())
    })?;
    if stated.len() > 2 {
        return Err(fault());
    }
    stated.sort_unstable();
    let lifetime = |(seconds, tokens): (u32, u64)| {
        (seconds > 0).then_some((Ttl::from_seconds(seconds), Tokens::new(tokens)))
    };
    let named: Vec<Option<(Ttl, Tokens)>> = stated.into_iter().map(lifetime).collect();
    let sum: Tokens = named.iter().flatten().map(|(_, tokens)| *tokens).sum();
    if sum > all {
        return Err(Fault::Contradiction("cache writes by lifetime exceed their total"));
    }
    let mut named = named.into_iter();
    Ok(Some(CacheWrites {
        unstated: all.saturating_sub(sum),
        short: named.next().flatten(),
        long: named.next().flatten(),
    }))
}

/// The components as the row states them, and whether they were measured in
/// texts. What was deduced from counts is deduced again.
fn components(cells: &Cells<'_>) -> Result<(Stated, bool), Fault> {
    let from = cells.text(Name::ComponentSource)?;
    let inferred = match from.as_deref() {
        Some(source::STATED) => false,
        Some(source::TEXTS) => true,
        Some(source::COUNTS) | None => return Ok((Stated::new(), false)),
        Some(_) => return Err(cells.fault(Name::ComponentSource, "a source of components")),
    };
    let mut stated = Stated::new();
    for (component, name) in Component::ALL.into_iter().zip(COMPONENTS) {
        stated.extend(cells.tokens(name)?.map(|tokens| (component, tokens)));
    }
    if !inferred {
        return Ok((stated, false));
    }
    // Laid out as a cache sees a prompt: what was read in front, then what was
    // written, then the rest.
    let mut laid = Stated::new();
    for name in [Name::ComponentCacheRead, Name::ComponentCacheWrite] {
        let fault = || cells.fault(name, "tokens by component");
        cells.each_entry(name, |key, tokens| {
            let component = Component::ALL.into_iter().find(|component| component.key() == key);
            let Some(component) = component else { return Ok(()) };
            let tokens = Tokens::new(tokens.raw().parse().map_err(|_| fault())?);
            let rest = stated.iter_mut().find(|(known, _)| *known == component);
            let (_, rest) = rest.filter(|(_, rest)| *rest >= tokens).ok_or_else(fault)?;
            *rest = rest.saturating_sub(tokens);
            laid.push((component, tokens));
            Ok(())
        })?;
    }
    laid.extend(stated);
    Ok((laid, true))
}
