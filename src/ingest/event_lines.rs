//! Tells where one stream of server-sent events ends and the next begins.

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
    if payload == "[DONE]" {
        return true;
    }
    LAST.iter().any(|last| payload.contains(last))
        && Json::of_text(payload)
            .get("type")
            .and_then(Json::text)
            .is_some_and(|kind| LAST.contains(&kind.as_ref()))
}

/// Whether an object is an event of a model's stream.
#[must_use]
pub fn is_event(object: Json<'_>) -> bool {
    let text = |key| object.get(key).and_then(Json::text);
    text("object").as_deref() == Some("chat.completion.chunk")
        || text("type").is_some_and(|kind| {
            kind.starts_with("response.")
                || matches!(kind.as_ref(), "message_start" | "message_delta")
        })
}

/// Whole streams in `bytes`: where they can be cut and their spans.
///
/// A `[DONE]` that follows a last event belongs to the stream before it.
#[must_use]
pub fn streams(bytes: &[u8], ended: bool) -> (usize, Vec<(usize, usize)>) {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    // Where the open stream's first line that is not blank starts, and whether
    // it has had an event yet.
    let mut open: Option<usize> = None;
    let mut has_events = false;
    let mut at = 0;
    while let Some(end) = line_end(bytes, at, ended) {
        let line = &bytes[at..end];
        if open.is_none() && !line.trim_ascii().is_empty() {
            open = Some(at);
        }
        at = end;
        let Some(payload) = payload(line) else { continue };
        if payload == "[DONE]" && !has_events {
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
    use super::streams;

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
}
