//! Writes a table as Parquet, compressed with zstd.
//!
//! One flat, optional column for each column of the table: texts as UTF-8,
//! counts as 64-bit integers, instants as UTC microseconds, dollars as decimals
//! of 38 digits, 15 of them after the point.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use rayon::prelude::*;

use super::column::{Cell, Column, Kind, Table};

/// Rows of a group: what is laid out in memory at a time.
const GROUP: usize = 1 << 15;
const PRECISION: i32 = 38;
const SCALE: i32 = 15;
const DECIMAL_BYTES: i32 = 16;

/// Writes a table.
///
/// # Errors
/// When it cannot be written.
pub fn write(table: &dyn Table, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let written = catch_unwind(AssertUnwindSafe(|| write_all(table, out)));
    match written {
        Ok(Ok(())) => Ok(()),
        // What the library says of a value could quote it.
        Ok(Err(ParquetError::External(error))) => match error.downcast::<io::Error>() {
            Ok(error) => Err(*error),
            Err(_) => Err(io::Error::other("the table could not be made into Parquet")),
        },
        Ok(Err(_)) | Err(_) => Err(io::Error::other("the table could not be made into Parquet")),
    }
}

fn write_all(table: &dyn Table, out: &mut (dyn Write + Send)) -> Result<(), ParquetError> {
    let columns = table.columns();
    let fields = columns.iter().map(|column| Ok(Arc::new(field(column)?)));
    let fields = fields.collect::<Result<Vec<_>, ParquetError>>()?;
    let schema = Type::group_type_builder("table").with_fields(fields).build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("tokopt ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
    for start in (0..table.rows()).step_by(GROUP) {
        let end = table.rows().min(start + GROUP);
        let rows: Vec<Vec<Cell<'_>>> =
            (start..end).into_par_iter().map(|row| table.row(row)).collect();
        let mut group = writer.next_row_group()?;
        for (position, column) in columns.iter().enumerate() {
            let Some(mut writer) = group.next_column()? else { break };
            let cells = rows.iter().map(|row| row.get(position).unwrap_or(&Cell::Missing));
            write_column(column.kind, cells, &mut writer)?;
            writer.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(())
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind {
        Kind::Text | Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Count | Kind::Integer => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Truth => (Physical::BOOLEAN, None),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Kind::Money => {
            (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::decimal(SCALE, PRECISION)))
        }
    };
    let mut builder = Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    if column.kind == Kind::Money {
        builder = builder.with_length(DECIMAL_BYTES).with_precision(PRECISION).with_scale(SCALE);
    }
    builder.build()
}

fn write_column<'c>(
    kind: Kind,
    cells: impl Iterator<Item = &'c Cell<'c>>,
    writer: &mut SerializedColumnWriter<'_>,
) -> Result<(), ParquetError> {
    let mut levels: Vec<i16> = Vec::new();
    let known = cells.filter(|cell| {
        let is_known = **cell != Cell::Missing;
        levels.push(i16::from(is_known));
        is_known
    });
    match kind {
        Kind::Text | Kind::Json => {
            let values: Vec<ByteArray> = known.filter_map(text).collect();
            writer.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
        }
        Kind::Count | Kind::Integer | Kind::Time => {
            let values: Vec<i64> = known.filter_map(integer).collect();
            writer.typed::<Int64Type>().write_batch(&values, Some(&levels), None)?;
        }
        Kind::Number => {
            let values: Vec<f64> = known.filter_map(number).collect();
            writer.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
        }
        Kind::Truth => {
            let values: Vec<bool> = known.filter_map(truth).collect();
            writer.typed::<BoolType>().write_batch(&values, Some(&levels), None)?;
        }
        Kind::Money => {
            let values: Vec<FixedLenByteArray> = known.filter_map(money).collect();
            writer.typed::<FixedLenByteArrayType>().write_batch(&values, Some(&levels), None)?;
        }
    }
    Ok(())
}

fn text(cell: &Cell<'_>) -> Option<ByteArray> {
    if let Cell::Text(text) = cell { Some(ByteArray::from(text.as_ref())) } else { None }
}

fn integer(cell: &Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Count(count) => Some(i64::try_from(*count).unwrap_or(i64::MAX)),
        Cell::Integer(number) => Some(*number),
        Cell::Time(time) => Some(time.micros()),
        _ => None,
    }
}

/// By its decimal digits: 0.2 as the nearest double, not as the nearest single
/// widened.
fn number(cell: &Cell<'_>) -> Option<f64> {
    if let Cell::Number(number) = cell { number.to_string().parse().ok() } else { None }
}

fn truth(cell: &Cell<'_>) -> Option<bool> {
    if let Cell::Truth(truth) = cell { Some(*truth) } else { None }
}

fn money(cell: &Cell<'_>) -> Option<FixedLenByteArray> {
    let Cell::Money(amount) = cell else { return None };
    Some(FixedLenByteArray::from(amount.femto().to_be_bytes().to_vec()))
}
