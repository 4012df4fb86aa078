//! Tells where one stream of server-sent events ends and the next begins.

use std::borrow::Cow;

use super::json::Json;

/// The payload of an event line: what follows `data:`, or the line itself where
/// the events were logged bare. `None` for names, comments and blank lines.
#[must_use]
pub fn payload(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.trim();
    let payload = match line.strip_prefix("data:") {
        Some(data) => data.trim(),
        None if line.starts_with('{') || line == "[DONE]" => line,
        None => return None,
    };
    (!payload.is_empty()).then_some(payload)
}

/// Whether an event is the last of its stream.
#[must_use]
pub fn is_last(payload: &str) -> bool {
    const LAST: [&str; 4] =
        ["message_stop", "response.completed", "response.incomplete", "response.failed"];
    if payload == "[DONE]" || is_last_of_converse(payload) || is_last_of_unnamed(payload) {
        return true;
    }
    LAST.iter().any(|last| payload.contains(last))
        && Json::of_text(payload)
            .get("type")
            .and_then(Json::text)
            .is_some_and(|kind| LAST.contains(&kind.as_ref()))
}

/// Whether what follows a last event belongs to the stream before it.
fn is_trailer(payload: &str) -> bool {
    payload == "[DONE]"
        || (payload.contains("\"messageStop\"")
            && Json::of_text(payload).get("messageStop").is_some_and(Json::is_object))
}

/// Whether an event holds the counts that end a stream of Bedrock's Converse.
fn is_last_of_converse(payload: &str) -> bool {
    payload.contains("\"metadata\"")
        && payload.contains("\"usage\"")
        && is_converse_metadata(Json::of_text(payload))
}

fn is_converse_metadata(object: Json<'_>) -> bool {
    object.at(&["metadata", "usage", "inputTokens"]).is_some()
        && ["id", "type", "object"].iter().all(|key| object.get(key).is_none())
}

/// Whether a chunk of Gemini's that bears no id is the last of its stream.
fn is_last_of_unnamed(payload: &str) -> bool {
    payload.contains("\"finishReason\"") && !payload.contains("\"responseId\"") && {
        let chunk = Json::of_text(payload);
        is_chunk(chunk) && ends(chunk)
    }
}

/// Whether an object is a chunk of Gemini's, or a whole answer: their shape is
/// one.
fn is_chunk(object: Json<'_>) -> bool {
    let has = |key| object.get(key).is_some();
    object.get("candidates").is_some_and(Json::is_array)
        || (has("usageMetadata") && !has("embedding") && !has("embeddings"))
}

/// Whether a chunk of Gemini's says why the answer ended.
fn ends(chunk: Json<'_>) -> bool {
    let candidates = chunk.get("candidates").map(Json::items).unwrap_or_default();
    candidates.iter().any(|candidate| candidate.get("finishReason").is_some())
}

fn id_of(chunk: Json<'_>) -> Option<Cow<'_, str>> {
    chunk.get("responseId").and_then(Json::text)
}

/// Whether objects are the events of a stream, logged bare.
///
/// A chunk of Gemini's looks like a whole answer; two in a row that bear one id,
/// or none and no end, are chunks.
#[must_use]
pub fn are_events(objects: &[Json<'_>]) -> bool {
    let continues = |first: Json<'_>, second: Json<'_>| match (id_of(first), id_of(second)) {
        (Some(first), Some(second)) => first == second,
        (None, None) => !ends(first),
        _ => false,
    };
    let are_chunks = |pair: &[Json<'_>]| match *pair {
        [first, second] => is_chunk(first) && is_chunk(second) && continues(first, second),
        _ => false,
    };
    objects.iter().any(|object| is_event(*object)) || objects.windows(2).any(are_chunks)
}

/// Whether an object is an event of a model's stream.
fn is_event(object: Json<'_>) -> bool {
    const CONVERSE: [&str; 5] = [
        "messageStart",
        "contentBlockStart",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
    ];
    let of_converse = |key: &&str| object.get(key).is_some_and(Json::is_object);
    if CONVERSE.iter().any(|key| of_converse(&key)) || is_converse_metadata(object) {
        return true;
    }
    let text = |key| object.get(key).and_then(Json::text);
    text("object").as_deref() == Some("chat.completion.chunk")
        || text("type").is_some_and(|kind| {
            kind.starts_with("response.")
                || matches!(kind.as_ref(), "message_start" | "message_delta")
        })
}

/// Whole streams in `bytes`: where they can be cut and their spans.
///
/// A `[DONE]` that follows a last event belongs to the stream before it, as does
/// a stop of Converse's that was written behind its counts.
#[must_use]
pub fn streams(bytes: &[u8], ended: bool) -> (usize, Vec<(usize, usize)>) {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    // Where the open stream's first line that is not blank starts, and whether
    // it has had an event yet.
    let mut open: Option<usize> = None;
    let mut has_events = false;
    let mut id: Option<Cow<'_, str>> = None;
    let mut at = 0;
    while let Some(end) = line_end(bytes, at, ended) {
        let line = &bytes[at..end];
        let start = at;
        if open.is_none() && !line.trim_ascii().is_empty() {
            open = Some(at);
        }
        at = end;
        let Some(payload) = payload(line) else { continue };
        let opens = opens_another(payload, &mut id);
        if opens && has_events {
            spans.extend(open.replace(start).map(|open| (open, start)));
            has_events = false;
        }
        if is_trailer(payload) && !has_events {
            if let Some(last) = spans.last_mut() {
                last.1 = end;
            }
            open = None;
            continue;
        }
        has_events = true;
        if is_last(payload) {
            spans.extend(open.take().map(|start| (start, end)));
            has_events = false;
        }
    }
    let cut = if ended { bytes.len() } else { open.unwrap_or(at) };
    if ended && has_events {
        spans.extend(open.map(|start| (start, bytes.len())));
    }
    (cut, spans)
}

/// Whether an event begins a stream by itself: it bears another id than the
/// chunk before, or it is the first of Converse's.
fn opens_another<'a>(payload: &'a str, id: &mut Option<Cow<'a, str>>) -> bool {
    if payload.contains("\"messageStart\"") {
        return Json::of_text(payload).get("messageStart").is_some_and(Json::is_object);
    }
    if !payload.contains("\"responseId\"") {
        return false;
    }
    let found = id_of(Json::of_text(payload));
    let is_other = id.is_some() && found.is_some() && *id != found;
    *id = found.or(id.take());
    is_other
}

/// Where the line that starts at `at` ends, its line end included; `None` where
/// it is not all there.
fn line_end(bytes: &[u8], at: usize, ended: bool) -> Option<usize> {
    let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
    match memchr::memchr(b'\n', rest) {
        Some(end) => Some(at + end + 1),
        None => ended.then_some(bytes.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, are_events, streams};

    #[test]
    fn a_stream_ends_with_its_last_event() {
        let text = b"data: {\"type\":\"message_start\"}\n\ndata: {\"type\":\"message_stop\"}\n\ndata: {\"a\":1}\ndata: [DONE]\n";
        let (cut, spans) = streams(text, true);
        assert_eq!(cut, text.len());
        assert_eq!(spans.len(), 2);
        let chat =
            b"data: {\"choices\":[]}\n\ndata: {\"type\":\"response.completed\"}\ndata: [DONE]\n\n";
        assert_eq!(streams(chat, true).1.len(), 1);
    }

    #[test]
    fn streams_without_a_last_event_end_where_the_next_begins() {
        let gemini = "{\"candidates\":[],\"responseId\":\"a\"}\n{\"candidates\":[],\"responseId\":\"a\"}\n{\"candidates\":[],\"responseId\":\"b\"}\n";
        assert_eq!(streams(gemini.as_bytes(), true).1.len(), 2);
        let nameless = "{\"candidates\":[{}]}\n{\"candidates\":[{\"finishReason\":\"STOP\"}]}\n";
        assert_eq!(streams(nameless.repeat(3).as_bytes(), true).1.len(), 3);
        let converse = "{\"messageStart\":{}}\n{\"messageStop\":{}}\n{\"metadata\":{\"usage\":{\"inputTokens\":1}}}\n";
        assert_eq!(streams(converse.repeat(2).as_bytes(), true).1.len(), 2);
        let uncounted = "{\"messageStart\":{}}\n{\"messageStop\":{}}\n";
        assert_eq!(streams(uncounted.repeat(2).as_bytes(), true).1.len(), 2);
    }

    #[test]
    fn chunks_are_told_from_whole_answers() {
        fn of(lines: &[&str]) -> bool {
            let objects: Vec<_> = lines.iter().map(|line| Json::of_text(line)).collect();
            are_events(&objects)
        }
        let (one, other) = (
            "{\"usageMetadata\":{},\"responseId\":\"a\"}",
            "{\"usageMetadata\":{},\"responseId\":\"b\"}",
        );
        assert!(of(&[one, one]) && !of(&[one, other]) && !of(&[one]));
        assert!(of(&["{\"candidates\":[{}]}", "{\"candidates\":[{\"finishReason\":\"STOP\"}]}"]));
        let whole = "{\"candidates\":[{\"finishReason\":\"STOP\"}]}";
        assert!(!of(&[whole, whole]));
        let embedding = "{\"embedding\":{},\"usageMetadata\":{}}";
        assert!(!of(&[embedding, embedding]));
    }
}
