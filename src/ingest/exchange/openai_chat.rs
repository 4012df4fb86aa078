//! Chat Completions, as OpenAI defined them and most others serve them.

use crate::ingest::json::{Fault, Json};
use crate::record::call::Finish;
use crate::units::Moment;

use super::body::{Answer, Body, Reading, Shape};
use super::request::read_tier;
use super::{labels, openai_prompt, openai_usage};

/// `chat.completion`, its chunks, and the older `text_completion`.
#[derive(Debug)]
pub struct OpenAiChat;

impl Body for OpenAiChat {
    fn id(&self) -> &'static str {
        "openai-chat"
    }

    fn recognises(&self, shape: &Shape<'_>) -> bool {
        match shape.object.as_deref() {
            Some(object) => {
                matches!(object, "chat.completion" | "chat.completion.chunk" | "text_completion")
            }
            // Some compatible servers leave `object` out.
            None => shape.choices.is_some_and(Json::is_array) && shape.kind.is_none(),
        }
    }

    fn was_asked(&self, url: &str, request: Json<'_>) -> bool {
        url.contains("/completions") || request.get("messages").is_some()
    }

    fn read_request<'a>(&self, request: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        openai_prompt::read_request(request, reading)
    }

    fn read_answer<'a>(&self, answer: &Answer<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
        let mut usage = None;
        match answer {
            Answer::Whole(body) => read_body(*body, reading, &mut usage)?,
            Answer::Events(chunks) => {
                reading.draft.request.stream = Some(true);
                let mut is_damaged = false;
                for chunk in chunks {
                    match read_body(*chunk, reading, &mut usage) {
                        Err(Fault::NotJson) => is_damaged = true,
                        read => read?,
                    }
                }
                if is_damaged && usage.is_none() {
                    reading.cut_stream();
                }
            }
        }
        usage.map_or(Ok(()), |usage| openai_usage::read(usage, reading))
    }
}

/// Reads a completion, or one chunk of it; the last usage seen is the one that
/// counts.
fn read_body<'a>(
    body: Json<'a>,
    reading: &mut Reading<'a>,
    usage: &mut Option<Json<'a>>,
) -> Result<(), Fault> {
    body.each_entry(|key, value| {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "id" => reading.response_id = value.text().or(reading.response_id.take()),
            "model" => reading.draft.model = value.text().or(reading.draft.model.take()),
            "created" => {
                let time = value.time("created").ok().flatten();
                reading.created = time.map(Moment::dated).or(reading.created);
            }
            "choices" => value.each_item(|choice| read_choice(choice, reading))?,
            "usage" if value.is_object() => *usage = Some(value),
            "service_tier" => read_tier(value, reading),
            "x_groq" => {
                reading.provider_hint = Some("groq");
                *usage = value.get("usage").or(*usage);
            }
            "prompt_filter_results" => reading.provider_hint = Some("azure.ai.openai"),
            "metadata" => labels::map(&mut reading.draft, value)?,
            "error" => reading.failed(),
            _ => {}
        }
        Ok(())
    })
}

fn read_choice<'a>(choice: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    choice.each_entry(|key, value| {
        match key {
            "finish_reason" => {
                let finish = value.text().map_or(Finish::Unknown, |word| Finish::parse(&word));
                if reading.draft.finish == Finish::Unknown {
                    reading.draft.finish = finish;
                }
                if finish == Finish::Error {
                    reading.failed();
                }
            }
            "message" | "delta" if reading.recorder.is_some() => read_message(value, reading)?,
            "text" => reading.add_answer(value),
            "content_filter_results" if reading.provider_hint.is_none() => {
                reading.provider_hint = Some("azure.ai.openai");
            }
            _ => {}
        }
        Ok(())
    })
}

fn read_message<'a>(message: Json<'a>, reading: &mut Reading<'a>) -> Result<(), Fault> {
    message.each_entry(|key, value| {
        match key {
            "content" if value.is_array() => value.each_item(|part| {
                if let Some(text) = part.get("text") {
                    reading.add_answer(text);
                }
                Ok::<(), Fault>(())
            })?,
            "content" | "refusal" => reading.add_answer(value),
            "tool_calls" => value.each_item(|call| {
                if let Some(arguments) = call.at(&["function", "arguments"]) {
                    reading.add_answer_arguments(arguments);
                }
                Ok::<(), Fault>(())
            })?,
            "function_call" => {
                if let Some(arguments) = value.get("arguments") {
                    reading.add_answer_arguments(arguments);
                }
            }
            _ => {}
        }
        Ok(())
    })
}
