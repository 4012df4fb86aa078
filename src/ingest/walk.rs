//! Walks an object or an array in one pass, without allocation or recursion.
//!
//! A general JSON iterator spends most of a 330-byte line on being general
//! (measured: 4.4 of 8.4 cpu seconds per GB) and overflows the stack on deeply
//! nested input. The inside of a nested value is only matched for its brackets
//! here; it is checked when it is walked in its turn.

use super::json::{Fault, Json};

/// Visits every entry of an object, in order.
///
/// # Errors
/// When the object is not valid JSON, or something follows it.
pub(super) fn each_entry<'a, E: From<Fault>>(
    object: &'a str,
    mut visit: impl FnMut(&str, Json<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let mut cursor = Cursor { text: object, at: 0 };
    cursor.expect(b'{')?;
    if cursor.accept(b'}') {
        return Ok(cursor.end()?);
    }
    loop {
        cursor.skip_space();
        let key = cursor.string()?;
        cursor.expect(b':')?;
        let value = Json::of_text(cursor.value()?);
        let bare = key.get(1..key.len() - 1).unwrap_or_default();
        if memchr::memchr(b'\\', bare.as_bytes()).is_none() {
            visit(bare, value)?;
        } else {
            visit(&Json::of_text(key).any_text().ok_or(Fault::NotJson)?, value)?;
        }
        if cursor.accept(b'}') {
            return Ok(cursor.end()?);
        }
        cursor.expect(b',')?;
    }
}

/// Visits every element of an array, in order.
///
/// # Errors
/// When the array is not valid JSON, or something follows it.
pub(super) fn each_item<'a, E: From<Fault>>(
    array: &'a str,
    mut visit: impl FnMut(Json<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let mut cursor = Cursor { text: array, at: 0 };
    cursor.expect(b'[')?;
    if cursor.accept(b']') {
        return Ok(cursor.end()?);
    }
    loop {
        let value = Json::of_text(cursor.value()?);
        visit(value)?;
        if cursor.accept(b']') {
            return Ok(cursor.end()?);
        }
        cursor.expect(b',')?;
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    #[inline]
    fn accept(&mut self, byte: u8) -> bool {
        if self.peek() != Some(byte) {
            self.skip_space();
        }
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.accept(byte) { Ok(()) } else { Err(Fault::NotJson) }
    }

    fn end(mut self) -> Result<(), Fault> {
        self.skip_space();
        if self.peek().is_none() { Ok(()) } else { Err(Fault::NotJson) }
    }

    fn since(&self, start: usize) -> Result<&'a str, Fault> {
        self.text.get(start..self.at).ok_or(Fault::NotJson)
    }

    /// A string with its quotes.
    fn string(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(Fault::NotJson);
        }
        self.at += 1;
        loop {
            self.at += next_quote(self.rest()).ok_or(Fault::NotJson)? + 1;
            let quoted = self.since(start)?;
            if ends_string(quoted.as_bytes()) {
                return Ok(quoted);
            }
        }
    }

    fn value(&mut self) -> Result<&'a str, Fault> {
        self.skip_space();
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{' | b'[') => self.nested(),
            _ => self.scalar(),
        }
    }

    /// A number, a truth value or null.
    fn scalar(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.rest().iter().position(ends).ok_or(Fault::NotJson)?;
        let text = self.since(start)?;
        let is_number =
            text.as_bytes().first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-')
                && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        if is_number || matches!(text, "null" | "true" | "false") {
            Ok(text)
        } else {
            Err(Fault::NotJson)
        }
    }

    /// An object or array up to its own closing bracket.
    fn nested(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek().ok_or(Fault::NotJson)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                let value = self.since(start)?;
                let pair = (value.as_bytes().first(), value.as_bytes().last());
                let paired = matches!(pair, (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')));
                return if paired { Ok(value) } else { Err(Fault::NotJson) };
            }
        }
    }
}

/// Where the next quote is. Most strings of a log of counts are shorter than it
/// takes a wide search to start.
#[inline]
fn next_quote(text: &[u8]) -> Option<usize> {
    const NEAR: usize = 16;
    let near = text.get(..NEAR).unwrap_or(text);
    near.iter()
        .position(|byte| *byte == b'"')
        .or_else(|| memchr::memchr(b'"', text.get(NEAR..)?).map(|found| found + NEAR))
}

/// Whether the quote at the end of a string closes it: an even number of
/// backslashes stands before it. Looking back from quotes is cheaper than
/// stopping at every escape, of which texts with line ends are full.
#[inline]
fn ends_string(quoted: &[u8]) -> bool {
    let inside = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    let backslashes = inside.iter().rev().take_while(|byte| **byte == b'\\').count();
    backslashes.is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::each_entry;
    use crate::ingest::json::{Fault, Json};

    fn entries(text: &str) -> Result<Vec<String>, Fault> {
        let mut found = Vec::new();
        each_entry(text, |key, value| {
            found.push(format!("{key}={}", value.raw()));
            Ok::<(), Fault>(())
        })?;
        Ok(found)
    }

    #[test]
    fn spacing_escapes_and_nesting_are_read() {
        let text = "\t{ \"a\\u0062\" : \"x\\\"}\\\\\" ,\"n\":-1.5e3,\"o\":{\"k\":[\"]}\",{}]} , \"z\":null}\r\n";
        let expected = ["ab=\"x\\\"}\\\\\"", "n=-1.5e3", "o={\"k\":[\"]}\",{}]}", "z=null"];
        assert_eq!(entries(text), Ok(expected.map(str::to_owned).to_vec()));
        assert_eq!(entries("{ }"), Ok(vec![]));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            "{}}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1 \"b\":2}",
            "{,}",
            "{\"a\":1}{\"b\":2}",
            "{\"a\":tru}",
            "{\"a\":[}",
            "{\"a\":\"x}",
            "{\"a\":\"x\\",
            "{\"a\":1e}x",
            "{a:1}",
            "{\"a\":1",
            "[1]",
        ] {
            assert_eq!(entries(text), Err(Fault::NotJson), "{text}");
        }
    }

    #[test]
    fn it_agrees_with_the_general_iterator() {
        let text = r#"{"s":"é\n","e":"","n":0,"f":1.25,"t":true,"l":[1,[2,"a]"]],"o":{"p":{}}}"#;
        let mut general = Vec::new();
        let walked = Json::of_text(text).each_entry(|key, value| {
            general.push(format!("{key}={}", value.raw()));
            Ok::<(), Fault>(())
        });
        assert_eq!(walked, Ok(()));
        assert_eq!(entries(text), Ok(general));
    }

    #[test]
    fn deep_nesting_and_cut_off_text_are_never_fatal() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(entries(&deep).is_ok());
        let line = r#"{"a":"é\"","b":[{"c":"\\"}],"d":-1}"#;
        for end in (0..line.len()).filter(|end| line.is_char_boundary(*end)) {
            assert!(entries(&line[..end]).is_err(), "{end}");
        }
    }
}
