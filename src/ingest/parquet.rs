//! Reads the rows of a Parquet file as the rows of a CSV file, so that every
//! reader of CSV columns reads Parquet columns too.
//!
//! Row groups are decoded a few rows at a time. Nested columns become JSON
//! texts, instants RFC 3339. Whatever the library says of a broken file is not
//! repeated: it could quote what stands there.

use std::io;

#[cfg(feature = "parquet")]
mod fields;

/// The first bytes of a Parquet file.
pub(super) const MAGIC: [u8; 4] = *b"PAR1";

/// The rows of a file as CSV text, a header first.
///
/// # Errors
/// When the file is no whole Parquet file or has columns that cannot be read.
#[cfg(feature = "parquet")]
pub(super) fn open(file: std::fs::File) -> io::Result<Box<dyn io::Read + Send>> {
    Ok(Box::new(rows::Rows::open(file)?))
}

/// Says what is missing.
#[cfg(not(feature = "parquet"))]
pub(super) fn open(_: std::fs::File) -> io::Result<Box<dyn io::Read + Send>> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "it is Parquet, and this tokopt was built without the cargo feature `parquet`",
    ))
}

#[cfg(feature = "parquet")]
mod rows {
    use std::fs::File;
    use std::io::{self, Read};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use parquet::errors::ParquetError;
    use parquet::file::reader::FileReader;
    use parquet::file::serialized_reader::SerializedFileReader;
    use parquet::record::reader::RowIter;

    use super::fields::{self, Form};

    /// Bytes of CSV text that are made at a time.
    const BATCH_BYTES: usize = 1 << 16;

    /// The rows of a file, as far as they are decoded.
    pub(super) struct Rows {
        decoded: RowIter<'static>,
        forms: Vec<Form>,
        text: Vec<u8>,
        taken: usize,
        ended: bool,
    }

    impl Rows {
        pub(super) fn open(file: File) -> io::Result<Self> {
            let opened = guarded(|| {
                let reader = SerializedFileReader::new(file)?;
                let forms = fields::forms(reader.metadata().file_metadata().schema_descr());
                let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
                let names: Vec<String> =
                    schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
                Ok((forms, names, RowIter::from_file_into(Box::new(reader))))
            });
            let Some((forms, names, rows)) = opened else {
                return Err(broken("it is no whole Parquet file: its index cannot be read"));
            };
            let forms = forms.map_err(broken)?;
            let mut text = Vec::new();
            fields::push_row(&mut text, names.iter().map(String::as_str));
            Ok(Self { decoded: rows, forms, text, taken: 0, ended: false })
        }

        fn decode(&mut self) -> io::Result<()> {
            self.text.clear();
            self.taken = 0;
            let Self { decoded, forms, text, .. } = self;
            let ended = guarded(|| {
                while text.len() < BATCH_BYTES {
                    let Some(row) = decoded.next().transpose()? else { return Ok(true) };
                    let columns = row.into_columns();
                    let cells = columns.iter().zip(forms.iter());
                    let cells: Vec<String> =
                        cells.map(|((_, field), form)| fields::text(field, *form)).collect();
                    fields::push_row(text, cells.iter().map(String::as_str));
                }
                Ok(false)
            });
            self.ended = ended.ok_or_else(|| {
                // What was decoded before in this batch goes with it.
                broken("its columns cannot be decoded from here on")
            })?;
            Ok(())
        }
    }

    impl Read for Rows {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            while self.taken == self.text.len() {
                if self.ended {
                    return Ok(0);
                }
                if let Err(error) = self.decode() {
                    self.ended = true;
                    self.text.clear();
                    return Err(error);
                }
            }
            let rest = self.text.get(self.taken..).unwrap_or_default();
            let length = rest.len().min(buffer.len());
            if let (Some(to), Some(from)) = (buffer.get_mut(..length), rest.get(..length)) {
                to.copy_from_slice(from);
            }
            self.taken += length;
            Ok(length)
        }
    }

    /// The library ends in a panic on some broken files: they are errors like
    /// any other.
    fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Option<T> {
        catch_unwind(AssertUnwindSafe(work)).ok().and_then(Result::ok)
    }

    fn broken(message: &'static str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, message)
    }
}
