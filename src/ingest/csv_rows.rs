//! Splits CSV rows into cells.

use csv_core::{ReadRecordResult, ReaderBuilder};

use super::format::Header;
use super::json::Fault;

/// Reads a header row: trimmed names in lower case, and the delimiter, which is
/// whichever of `,` `;` tab `|` occurs most.
#[must_use]
pub fn header(row: &[u8]) -> Header {
    let delimiter = [b',', b';', b'\t', b'|']
        .into_iter()
        .rev()
        .max_by_key(|delimiter| memchr::memchr_iter(*delimiter, row).count())
        .unwrap_or(b',');
    let mut splitter = Splitter::new(delimiter);
    let columns = match splitter.split(row) {
        Ok((text, ends)) => {
            let mut start = 0;
            ends.iter()
                .map(|end| {
                    let name = text.get(start..*end).unwrap_or_default();
                    start = *end;
                    name.trim().to_ascii_lowercase()
                })
                .collect()
        }
        Err(_) => Vec::new(),
    };
    Header { columns, delimiter, is_typed: false }
}

/// Splits rows, keeping its buffers between them.
#[derive(Debug)]
pub struct Splitter {
    reader: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Splitter {
    /// A splitter for rows with this delimiter.
    #[must_use]
    pub fn new(delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Self { reader, text: vec![0; 1 << 12], ends: vec![0; 64] }
    }

    /// The unquoted cells of a row, one after the other, and where each ends.
    ///
    /// # Errors
    /// When the row is not UTF-8.
    pub fn split(&mut self, row: &[u8]) -> Result<(&str, &[usize]), Fault> {
        self.reader.reset();
        let (mut input, mut written, mut cells) = (row, 0, 0);
        loop {
            let (result, read, wrote, ended) =
                self.reader.read_record(input, &mut self.text[written..], &mut self.ends[cells..]);
            input = &input[read..];
            written += wrote;
            cells += ended;
            match result {
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                // No input left: the next, empty read says that the row ends.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        let text = std::str::from_utf8(&self.text[..written]).map_err(|_| Fault::NotUtf8)?;
        Ok((text, &self.ends[..cells]))
    }
}

#[cfg(test)]
mod tests {
    use super::{Splitter, header};

    #[test]
    fn headers_say_their_delimiter() {
        let read = header(b"Time;Model ;\"Input;Tokens\"\r\n");
        assert_eq!(read.columns, ["time", "model", "input;tokens"]);
        assert_eq!(read.delimiter, b';');
    }

    #[test]
    fn cells_are_unquoted() -> Result<(), super::Fault> {
        let mut splitter = Splitter::new(b',');
        for _ in 0..2 {
            let (text, ends) = splitter.split(b"a,\"b \"\"c\"\"\",,d\n")?;
            assert_eq!((text, ends), ("ab \"c\"d", [1, 6, 6, 7].as_slice()));
        }
        Ok(())
    }
}
