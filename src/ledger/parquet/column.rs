//! Columns of a Parquet file: which types are accepted, and their values.

use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescriptor;

use crate::ledger::LedgerErrorKind;

/// Digits behind the point that an amount may be stored with: more than any asset has, and few enough to be written.
const SCALE_MAX: u32 = 255;

/// How a column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Counts of 10^-scale; `unsigned` when the sign bit of the stored integer is none.
    Number {
        scale: u32,
        unsigned: bool,
    },
}

/// Says how a column is read; `leaf` is `None` for a nested one.
///
/// # Errors
/// [`LedgerErrorKind::AmountType`] and [`LedgerErrorKind::ColumnType`].
pub(super) fn kind_of(name: &str, leaf: Option<&ColumnDescriptor>, amount: bool) -> Result<Kind, LedgerErrorKind> {
    let refuse = |got: String| {
        let column = name.to_owned();
        if amount { LedgerErrorKind::AmountType { column, got } } else { LedgerErrorKind::ColumnType { column, got } }
    };
    let Some(leaf) = leaf.filter(|leaf| leaf.max_rep_level() == 0) else {
        return Err(refuse("list or group".to_owned()));
    };
    let (physical, converted) = (leaf.physical_type(), leaf.converted_type());
    let logical = leaf.logical_type_ref();
    let text = physical == PhysicalType::BYTE_ARRAY
        && match logical {
            Some(logical) => matches!(logical, LogicalType::String),
            None => converted == ConvertedType::UTF8,
        };
    if text {
        return Ok(Kind::Text);
    }
    let integer = matches!(physical, PhysicalType::INT32 | PhysicalType::INT64);
    let bytes = matches!(physical, PhysicalType::BYTE_ARRAY | PhysicalType::FIXED_LEN_BYTE_ARRAY);
    let (scale, unsigned) = match logical {
        Some(LogicalType::Decimal(decimal)) if integer || bytes => (decimal.scale, false),
        Some(LogicalType::Integer(kind)) if integer => (0, !kind.is_signed),
        Some(_) => return Err(refuse(type_text(leaf))),
        None => match converted {
            ConvertedType::DECIMAL if integer || bytes => (leaf.type_scale(), false),
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
                (0, true)
            }
            ConvertedType::NONE
            | ConvertedType::INT_8
            | ConvertedType::INT_16
            | ConvertedType::INT_32
            | ConvertedType::INT_64
                if integer =>
            {
                (0, false)
            }
            _ => return Err(refuse(type_text(leaf))),
        },
    };
    match u32::try_from(scale) {
        Ok(scale) if amount && scale <= SCALE_MAX => Ok(Kind::Number { scale, unsigned }),
        _ => Err(refuse(type_text(leaf))),
    }
}

/// The type as it is stored, with what it stands for.
fn type_text(leaf: &ColumnDescriptor) -> String {
    match (leaf.logical_type_ref(), leaf.converted_type()) {
        (Some(LogicalType::Decimal(_)), _) | (None, ConvertedType::DECIMAL) => {
            format!("{} (DECIMAL)", leaf.physical_type())
        }
        (Some(logical), _) => format!("{} ({logical:?})", leaf.physical_type()),
        (None, ConvertedType::NONE) => leaf.physical_type().to_string(),
        (None, converted) => format!("{} ({converted})", leaf.physical_type()),
    }
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'b> {
    Null,
    Text(&'b [u8]),
    /// A count of 10^-scale.
    Number(i128, u32),
}

/// Unpacked values of one column.
pub(super) enum Column {
    Text(Vec<Option<ByteArray>>),
    Number(Vec<Option<i128>>, u32),
}

impl Column {
    pub(super) fn value(&self, index: usize) -> Option<Value<'_>> {
        Some(match self {
            Self::Text(texts) => texts.get(index)?.as_ref().map_or(Value::Null, |text| Value::Text(text.data())),
            Self::Number(numbers, scale) => {
                numbers.get(index)?.map_or(Value::Null, |number| Value::Number(number, *scale))
            }
        })
    }
}

/// Unpacks one column of one row group.
pub(super) struct Reader {
    reader: ColumnReader,
    kind: Kind,
}

impl Reader {
    pub(super) fn new(reader: ColumnReader, kind: Kind) -> Self {
        Self { reader, kind }
    }

    /// Exactly `rows` values.
    pub(super) fn read(&mut self, rows: usize) -> Result<Column, ParquetError> {
        let whole = |bytes: &[u8]| {
            number(bytes).ok_or_else(|| ParquetError::General("a decimal has more than 38 digits".to_owned()))
        };
        match (self.kind, &mut self.reader) {
            (Kind::Text, ColumnReader::ByteArrayColumnReader(reader)) => Ok(Column::Text(read(reader, rows, Ok)?)),
            (Kind::Number { scale, unsigned }, reader) => {
                let numbers = match reader {
                    ColumnReader::Int32ColumnReader(reader) => read(reader, rows, |value| {
                        Ok(if unsigned { i128::from(value.cast_unsigned()) } else { i128::from(value) })
                    }),
                    ColumnReader::Int64ColumnReader(reader) => read(reader, rows, |value| {
                        Ok(if unsigned { i128::from(value.cast_unsigned()) } else { i128::from(value) })
                    }),
                    ColumnReader::ByteArrayColumnReader(reader) => {
                        read(reader, rows, |value: ByteArray| whole(value.data()))
                    }
                    ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                        read(reader, rows, |value: FixedLenByteArray| whole(value.data()))
                    }
                    _ => Err(ParquetError::General("a column changes its type".to_owned())),
                };
                Ok(Column::Number(numbers?, scale))
            }
            _ => Err(ParquetError::General("a column changes its type".to_owned())),
        }
    }
}

fn read<T: DataType, V>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    convert: impl Fn(T::T) -> Result<V, ParquetError>,
) -> Result<Vec<Option<V>>, ParquetError> {
    let (mut levels, mut values) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let (records, _, _) = reader.read_records(rows, Some(&mut levels), None, &mut values)?;
    if records != rows {
        return Err(ParquetError::General(format!("a column ends after {records} of {rows} rows")));
    }
    let mut values = values.into_iter();
    let mut next = || values.next().map(&convert).transpose();
    if levels.is_empty() {
        // a column that has no nulls has no levels
        return (0..rows).map(|_| next()).collect();
    }
    let deepest = levels.iter().copied().max().unwrap_or_default().max(1);
    levels.into_iter().map(|level| if level == deepest { next() } else { Ok(None) }).collect()
}

/// Two's complement, the first byte first.
fn number(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let fill = if negative { 0xff } else { 0 };
    let surplus = bytes.len().saturating_sub(16);
    let (above, kept) = bytes.split_at_checked(surplus)?;
    let mut all = [fill; 16];
    all.get_mut(16 - kept.len()..)?.copy_from_slice(kept);
    let value = i128::from_be_bytes(all);
    // bytes that do not fit may only repeat the sign
    (above.iter().all(|byte| *byte == fill) && (value < 0) == negative).then_some(value)
}

/// A count of 10^-scale as a plain decimal.
pub(super) fn decimal_text(number: i128, scale: u32) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let scale = usize::try_from(scale).unwrap_or_default();
    let digits = format!("{:0width$}", number.unsigned_abs(), width = scale + 1);
    match digits.split_at_checked(digits.len() - scale) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_of_any_width_are_read() {
        assert_eq!(number(&[]), Some(0));
        assert_eq!(number(&[0xff]), Some(-1));
        assert_eq!(number(&[0x01, 0x00]), Some(256));
        assert_eq!(number(&i128::MIN.to_be_bytes()), Some(i128::MIN));
        assert_eq!(number(&[[0xff; 4].as_slice(), &i128::MIN.to_be_bytes()].concat()), Some(i128::MIN));
        assert_eq!(number(&[[0; 4].as_slice(), &i128::MIN.to_be_bytes()].concat()), None);
        assert_eq!(number(&[[1; 1].as_slice(), &[0; 16]].concat()), None);
    }

    #[test]
    fn decimals_have_one_text() {
        let texts = [(0, 0), (5, 0), (-5, 2), (12345, 3), (0, 2), (1, 18)].map(|(n, scale)| decimal_text(n, scale));
        assert_eq!(texts, ["0", "5", "-0.05", "12.345", "0.00", "0.000000000000000001"]);
        assert_eq!(decimal_text(i128::MIN, 38), "-1.70141183460469231731687303715884105728");
    }
}
