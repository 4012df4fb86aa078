//! Answers that were logged as the text that came over the wire.

use crate::ingest::event_lines;
use crate::ingest::json::{Fault, Json};

use super::body::{Answer, Shape};

/// Reads a logged answer: an object, or a list of a stream's chunks.
///
/// `None` for a text, which must be unescaped first, and for what is no answer.
#[must_use]
pub fn of_json(answer: Json<'_>) -> Option<Answer<'_>> {
    if answer.is_object() {
        Some(Answer::Whole(answer))
    } else if answer.is_array() {
        let events: Vec<_> = answer.items().into_iter().filter(|item| item.is_object()).collect();
        (!events.is_empty()).then_some(Answer::Events(events))
    } else {
        None
    }
}

/// Reads an answer given as text: JSON, or the raw lines of an event stream.
#[must_use]
pub fn of_text(text: &str) -> Option<Answer<'_>> {
    let json = Json::of_text(text);
    let opens_json = json.is_object() || json.is_array();
    // Events logged bare, one a line, open like one object and go on after it.
    if opens_json && (memchr::memchr(b'\n', text.trim().as_bytes()).is_none() || is_one(json)) {
        return of_json(json);
    }
    let events = events(text);
    (!events.is_empty()).then_some(Answer::Events(events))
}

fn is_one(json: Json<'_>) -> bool {
    let nothing = |()| Ok::<(), Fault>(());
    if json.is_array() {
        json.each_item(|_| nothing(())).is_ok()
    } else {
        json.each_entry(|_, _| nothing(())).is_ok()
    }
}

/// The payloads of the events in a stream's text.
fn events(text: &str) -> Vec<Json<'_>> {
    text.as_bytes()
        .split(|byte| *byte == b'\n')
        .filter_map(event_lines::payload)
        .map(Json::of_text)
        .filter(|payload| payload.is_object())
        .collect()
}

/// The shape of each readable event up to the first for which `test` holds.
pub fn any_event(answer: &Answer<'_>, test: impl Fn(&Shape<'_>) -> bool) -> bool {
    match answer {
        Answer::Whole(body) => Shape::of(*body).is_ok_and(|shape| test(&shape)),
        Answer::Events(events) => {
            events.iter().filter_map(|event| Shape::of(*event).ok()).any(|shape| test(&shape))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, of_text};

    fn events(text: &str) -> usize {
        match of_text(text) {
            Some(Answer::Events(events)) => events.len(),
            _ => 0,
        }
    }

    #[test]
    fn streams_are_read_whatever_was_logged_of_them() {
        assert_eq!(
            events(
                ": waiting\r\n\r\nevent: a\r\ndata: {\"a\":1}\r\n\r\ndata:{\"b\":2}\n\ndata: [DONE]\n"
            ),
            2
        );
        assert_eq!(events("{\"a\":1}\n{\"b\":2}\n"), 2);
        assert_eq!(events("[{\"a\":1},{\"b\":2}]"), 2);
        assert!(matches!(of_text("{\n \"a\": 1\n}"), Some(Answer::Whole(_))));
        assert!(of_text("upstream timed out").is_none());
        assert!(of_text("").is_none());
    }
}
