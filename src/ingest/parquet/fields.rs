//! One value of a Parquet column as the text of a CSV cell.

use jiff::civil::Date;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::record::Field;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use serde_json::Value;

use crate::units::Timestamp;

/// What has to be known of a column besides its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// Its instants are a clock on the wall that names no zone.
    is_zoneless: bool,
    /// Its numbers are nanoseconds from 1970.
    is_nanoseconds: bool,
}

/// The forms of the top-level columns.
///
/// # Errors
/// When a column is of a kind that cannot be read.
pub(super) fn forms(schema: &SchemaDescriptor) -> Result<Vec<Form>, &'static str> {
    let mut forms = vec![Form::default(); schema.root_schema().get_fields().len()];
    for leaf in 0..schema.num_columns() {
        let column = schema.column(leaf);
        if !is_readable(&column) {
            return Err("it has a column of a kind that cannot be read");
        }
        let root = schema.get_column_root_idx(leaf);
        if let Some(form) = forms.get_mut(root)
            && schema.get_column_root(leaf).is_primitive()
        {
            *form = form_of(&column);
        }
    }
    Ok(forms)
}

fn form_of(column: &ColumnDescriptor) -> Form {
    match column.logical_type_ref() {
        Some(LogicalType::Timestamp(stamp)) => Form {
            is_zoneless: !stamp.is_adjusted_to_u_t_c,
            is_nanoseconds: stamp.unit == TimeUnit::NANOS,
        },
        _ => Form::default(),
    }
}

/// The pairs of types that the library turns into a value; it stops the
/// program on others.
fn is_readable(column: &ColumnDescriptor) -> bool {
    use ConvertedType as Converted;
    match column.physical_type() {
        Physical::INT32 => matches!(
            column.converted_type(),
            Converted::NONE
                | Converted::INT_8
                | Converted::INT_16
                | Converted::INT_32
                | Converted::UINT_8
                | Converted::UINT_16
                | Converted::UINT_32
                | Converted::DATE
                | Converted::TIME_MILLIS
                | Converted::DECIMAL
        ),
        Physical::INT64 => matches!(
            column.converted_type(),
            Converted::NONE
                | Converted::INT_64
                | Converted::UINT_64
                | Converted::TIME_MICROS
                | Converted::TIMESTAMP_MILLIS
                | Converted::TIMESTAMP_MICROS
                | Converted::DECIMAL
        ),
        Physical::BYTE_ARRAY => matches!(
            column.converted_type(),
            Converted::NONE
                | Converted::UTF8
                | Converted::ENUM
                | Converted::JSON
                | Converted::BSON
                | Converted::DECIMAL
        ),
        Physical::FIXED_LEN_BYTE_ARRAY => {
            matches!(column.converted_type(), Converted::NONE | Converted::DECIMAL)
        }
        Physical::BOOLEAN | Physical::INT96 | Physical::FLOAT | Physical::DOUBLE => true,
    }
}

/// The text of a value; empty where there is none.
pub(super) fn text(field: &Field, form: Form) -> String {
    match field {
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => {
            std::str::from_utf8(bytes.data()).map(str::to_owned).unwrap_or_default()
        }
        Field::Float16(number) => finite(f64::from(number.to_f32())),
        Field::Float(number) if number.is_finite() => number.to_string(),
        Field::Null | Field::Float(_) => String::new(),
        Field::Double(number) => finite(*number),
        Field::Date(days) => day(*days),
        Field::Long(nanoseconds) if form.is_nanoseconds => {
            instant(nanoseconds.div_euclid(1_000), form)
        }
        Field::TimestampMillis(milliseconds) => instant(milliseconds.saturating_mul(1_000), form),
        Field::TimestampMicros(micros) => instant(*micros, form),
        Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => json(field).to_string(),
        // Whole numbers, truth values, decimals and times of day.
        other => other.to_string(),
    }
}

fn finite(number: f64) -> String {
    if number.is_finite() { number.to_string() } else { String::new() }
}

fn instant(micros: i64, form: Form) -> String {
    let text = Timestamp::from_micros(micros).to_string();
    match text.strip_suffix('Z') {
        Some(clock) if form.is_zoneless => clock.to_owned(),
        _ => text,
    }
}

fn day(days: i32) -> String {
    let date = jiff::Span::new().try_days(days).ok();
    let date = date.and_then(|days| Date::constant(1970, 1, 1).checked_add(days).ok());
    date.map_or_else(String::new, |date| date.to_string())
}

/// A nested value as JSON.
fn json(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(truth) => Value::from(*truth),
        Field::Byte(number) => Value::from(*number),
        Field::Short(number) => Value::from(*number),
        Field::Int(number) => Value::from(*number),
        Field::Long(number) => Value::from(*number),
        Field::UByte(number) => Value::from(*number),
        Field::UShort(number) => Value::from(*number),
        Field::UInt(number) => Value::from(*number),
        Field::ULong(number) => Value::from(*number),
        Field::Float(number) => number.to_string().parse::<f64>().map_or(Value::Null, Value::from),
        Field::Double(number) => Value::from(*number),
        Field::Group(row) => {
            let entries = row.get_column_iter();
            Value::Object(entries.map(|(name, field)| (name.clone(), json(field))).collect())
        }
        Field::ListInternal(list) => list.elements().iter().map(json).collect(),
        Field::MapInternal(map) => {
            let entries = map.entries().iter();
            let entry = |(key, value): &(Field, Field)| (text(key, Form::default()), json(value));
            Value::Object(entries.map(entry).collect())
        }
        other => Value::from(text(other, Form::default())),
    }
}

/// Appends a row of CSV.
pub(super) fn push_row<'t>(out: &mut Vec<u8>, cells: impl Iterator<Item = &'t str>) {
    for (position, cell) in cells.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        if cell.contains([',', '"', '\n', '\r', ';', '\t', '|']) {
            out.push(b'"');
            out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(cell.as_bytes());
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use parquet::record::{Field, Row};

    use super::{Form, text};

    #[test]
    fn values_are_written_as_readers_of_csv_take_them() {
        let plain = Form::default();
        // 2026-03-04T05:06:07Z is 1,772,600,767 s after the epoch (GNU date).
        let at = 1_772_600_767_250_000_i64;
        let zoneless = Form { is_zoneless: true, ..plain };
        let nanoseconds = Form { is_nanoseconds: true, ..plain };
        for (field, form, expected) in [
            (Field::Null, plain, ""),
            (Field::Bool(true), plain, "true"),
            (Field::Long(7), plain, "7"),
            (Field::Double(0.2), plain, "0.2"),
            (Field::Double(f64::NAN), plain, ""),
            (Field::Date(20_516), plain, "2026-03-04"),
            (Field::TimestampMicros(at), plain, "2026-03-04T05:06:07.25Z"),
            (Field::TimestampMillis(at / 1_000), zoneless, "2026-03-04T05:06:07.25"),
            (Field::Long(at * 1_000), nanoseconds, "2026-03-04T05:06:07.25Z"),
            (Field::Bytes(vec![0xff].into()), plain, ""),
        ] {
            assert_eq!(text(&field, form), expected, "{field:?}");
        }
        let nested = Row::new(vec![("cached".to_owned(), Field::Int(3))]);
        assert_eq!(text(&Field::Group(nested), plain), "{\"cached\":3}");
    }
}
