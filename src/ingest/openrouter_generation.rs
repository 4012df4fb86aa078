//! OpenRouter's records of single generations, as `/api/v1/generation` returns
//! them: bare or under `data`, a line each or in an array.
//!
//! `native_tokens_*` are the counts that were billed; `tokens_*` are counted
//! with another tokenizer and not read. Times are in milliseconds. No texts.

use std::borrow::Cow;

use crate::record::call::{Finish, Operation, Status};
use crate::record::lane::Tier;
use crate::units::Moment;

use super::batch::{Batch, Draft, Identity};
use super::exchange::body::first_item;
use super::exchange::provider::tier_of_response_id;
use super::format::{Format, KeySet, Outcome, Record, Sample};
use super::json::{Fault, Json};
use super::openrouter::{self, Counts};
use super::value::Value;

/// Records of generations.
#[derive(Clone, Copy, Debug)]
pub struct OpenrouterGeneration;

impl Format for OpenrouterGeneration {
    fn id(&self) -> &'static str {
        "openrouter-generation"
    }

    fn convention(&self) -> &'static str {
        "native_tokens_prompt includes native_tokens_cached, native_tokens_completion includes \
         native_tokens_reasoning"
    }

    fn keys(&self) -> &'static [KeySet] {
        &[
            &["native_tokens_prompt", "native_tokens_completion"],
            &["data.native_tokens_prompt", "data.native_tokens_completion"],
        ]
    }

    fn list_key(&self) -> Option<&'static str> {
        Some("data")
    }

    fn detect(&self, sample: &Sample<'_>) -> bool {
        sample.any_object(|object| {
            let data = object.get("data");
            let first =
                data.and_then(|data| if data.is_array() { first_item(data) } else { Some(data) });
            is_generation(first.unwrap_or(object))
        })
    }

    fn read(&self, record: &Record<'_>, batch: &mut Batch) -> Result<Outcome, Fault> {
        let json = record.json()?;
        if !json.is_object() {
            return Err(Fault::Other("not a JSON object"));
        }
        // What follows a broken entry is found out here, once.
        json.each_entry(|_, _| Ok::<(), Fault>(()))?;
        let generation = json.get("data").filter(|data| data.is_object()).unwrap_or(json);
        if !is_generation(generation) {
            if json.has_key("error") {
                return Ok(Outcome::Ignored("look-up that found no generation"));
            }
            return Err(Fault::Missing("native_tokens_prompt"));
        }
        let mut draft = draft(generation, batch)?;
        settle_cost(generation, &mut draft, batch)?;
        batch.push(draft)?;
        Ok(Outcome::Kept)
    }
}

fn is_generation(object: Json<'_>) -> bool {
    object.has_key("native_tokens_prompt")
        && (object.has_key("total_cost") || object.has_key("provider_name"))
}

fn draft<'a>(generation: Json<'a>, batch: &mut Batch) -> Result<Draft<'a>, Fault> {
    let field = |key: &str| generation.get(key);
    let name = |key: &str| field(key).and_then(Json::name);
    let number = |key: &str| field(key).and_then(Json::number);
    let count = |key: &'static str| field(key).map_or(Ok(None), |value| value.count(key));
    let is_some = |key: &str| number(key).is_some_and(|number| number > 0.0);
    let created = field("created_at");
    if created.is_some_and(|created| Value::Json(created).is_zoneless()) {
        batch.note("ZONELESS_TIMES", "times name no zone and are taken for UTC");
    }
    let time = created.map_or(Ok(None), |value| value.time("created_at"))?;
    let finish = ["finish_reason", "native_finish_reason"].into_iter().find_map(name);
    let id = name("id");
    let batched = id.as_deref().and_then(tier_of_response_id);
    let mut draft = Draft {
        identity: Identity::of(id.as_deref()).answered_by(id.as_deref()),
        request_id: id,
        operation: operation(name("api_type").as_deref()),
        time: time.map(Moment::dated),
        provider: Some(Cow::Borrowed(openrouter::PROVIDER)),
        model: name("model"),
        user: name("external_user"),
        conversation: name("session_id"),
        tier: batched.unwrap_or_else(|| tier(name("service_tier").as_deref(), batch)),
        finish: finish.map_or(Finish::Unknown, |reason| Finish::parse(&reason)),
        // The whole of it is the longer one: `latency` was also seen to end at
        // the first token.
        latency_milliseconds: [number("latency"), number("generation_time")]
            .into_iter()
            .flatten()
            .reduce(f64::max),
        ..Draft::default()
    };
    draft.request.stream = field("streamed").and_then(Json::truth);
    draft.flags.other_modality = is_some("num_media_prompt")
        || is_some("num_input_audio_prompt")
        || is_some("native_tokens_completion_images");
    if draft.finish == Finish::Error {
        draft.status = Status::Error;
    }
    if field("cancelled").and_then(Json::truth) == Some(true) {
        draft.status = Status::Aborted;
    }
    for key in ["provider_name", "app_id", "router"] {
        openrouter::tag(&mut draft, key, field(key).map(Value::Json));
    }
    let counts = Counts {
        prompt: count("native_tokens_prompt")?,
        completion: count("native_tokens_completion")?,
        cached: count("native_tokens_cached")?,
        reasoning: count("native_tokens_reasoning")?,
    };
    counts.settle(&mut draft, batch);
    Ok(draft)
}

fn settle_cost(
    generation: Json<'_>,
    draft: &mut Draft<'_>,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let money = |key: &'static str| generation.get(key).map_or(Ok(None), |cost| cost.money(key));
    let fee = money("total_cost")?.map_or_else(|| money("usage"), |cost| Ok(Some(cost)))?;
    let own_key = generation.get("is_byok").and_then(Json::truth) == Some(true);
    draft.logged_cost = openrouter::cost(fee, own_key, money("upstream_inference_cost")?, batch);
    Ok(())
}

fn operation(api_type: Option<&str>) -> Operation {
    match api_type {
        None | Some("completions" | "chat" | "responses" | "messages") => Operation::Chat,
        Some("embeddings") => Operation::Embeddings,
        Some(_) => Operation::Other,
    }
}

fn tier(word: Option<&str>, batch: &mut Batch) -> Tier {
    let Some(word) = word else { return Tier::Standard };
    Tier::parse(word).unwrap_or_else(|| {
        batch.note(
            "UNKNOWN_TIER",
            "a service tier that tokopt does not know is taken for the standard one",
        );
        Tier::Standard
    })
}
