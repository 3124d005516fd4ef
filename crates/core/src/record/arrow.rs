//! Columns of rows as Arrow arrays.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_schema::{DataType, Field, TimeUnit};

use super::row::{Kind, Value};

/// A column that is being filled.
pub struct Column(Builder);

enum Builder {
    Text(StringBuilder),
    Number(Float64Builder),
    Whole(Int64Builder),
    Flag(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
}

/// Returns the field of a column. Every column may have nulls.
pub fn field(name: &str, kind: Kind) -> Field {
    let data_type = match kind {
        Kind::Text => DataType::Utf8,
        Kind::Number => DataType::Float64,
        Kind::Whole => DataType::Int64,
        Kind::Flag => DataType::Boolean,
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    };
    Field::new(name, data_type, true)
}

impl Column {
    /// Creates an empty column.
    pub fn new(kind: Kind) -> Self {
        Self(match kind {
            Kind::Text => Builder::Text(StringBuilder::new()),
            Kind::Number => Builder::Number(Float64Builder::new()),
            Kind::Whole => Builder::Whole(Int64Builder::new()),
            Kind::Flag => Builder::Flag(BooleanBuilder::new()),
            Kind::Time => Builder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        })
    }

    /// Adds the value of the next row. A value of another kind is null.
    pub fn push(&mut self, value: Option<Value<'_>>) {
        match &mut self.0 {
            Builder::Text(column) => column.append_option(value.as_ref().and_then(Value::as_text)),
            Builder::Number(column) => column.append_option(value.and_then(|value| value.as_number())),
            Builder::Whole(column) => column.append_option(value.and_then(|value| value.as_whole())),
            Builder::Flag(column) => column.append_option(value.and_then(|value| value.as_flag())),
            Builder::Time(column) => column.append_option(value.and_then(|value| value.as_whole())),
        }
    }

    /// Returns the column as an array.
    pub fn finish(self) -> ArrayRef {
        match self.0 {
            Builder::Text(mut column) => Arc::new(column.finish()),
            Builder::Number(mut column) => Arc::new(column.finish()),
            Builder::Whole(mut column) => Arc::new(column.finish()),
            Builder::Flag(mut column) => Arc::new(column.finish()),
            Builder::Time(mut column) => Arc::new(column.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, TimestampMicrosecondType};
    use arrow_array::{Array, RecordBatch};
    use arrow_schema::Schema;

    use super::*;
    use crate::comment::{Comment, Origin};
    use crate::label::Label;
    use crate::record::row::COLUMNS;
    use crate::record::{Outcome, Scored, Scores, Unscored};

    #[test]
    fn every_column_of_a_row_has_its_type() {
        let origin = Origin { file: "x".into(), record: 1, line: 2 };
        let mut comment = Comment::new("7", "t", "Hi", origin);
        comment.created_at = Some("1970-01-01T00:00:02Z".parse().unwrap());
        let outcome = Outcome::Scored(Scores::new([0.25; Label::COUNT]));
        let scored = Scored { comment, language: Some("en".to_owned()), evasion: true, outcome };
        let unscored = Scored { outcome: Outcome::Unscored(Unscored::Language), ..scored.clone() };

        let columns = COLUMNS.map(|column| {
            let mut array = Column::new(column.kind);
            [&scored, &unscored].into_iter().for_each(|row| array.push(column.value(row)));
            array.finish()
        });
        let fields = Vec::from(COLUMNS.map(|column| field(column.name, column.kind)));
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), Vec::from(columns)).unwrap();

        let column = |name| batch.column_by_name(name).unwrap();
        assert_eq!(
            column("toxicity").as_primitive::<Float64Type>().iter().collect::<Vec<_>>(),
            [Some(0.25), None]
        );
        assert_eq!(
            column("unscored").as_string::<i32>().iter().collect::<Vec<_>>(),
            [None, Some("language")]
        );
        assert_eq!(column("evasion").as_boolean().iter().collect::<Vec<_>>(), [Some(true), None]);
        assert_eq!(column("created_at").as_primitive::<TimestampMicrosecondType>().value(1), 2_000_000);
        assert_eq!(column("quotes").null_count(), 2);
    }
}
