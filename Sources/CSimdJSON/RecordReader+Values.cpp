#include "RecordReader.hpp"
#include "Times.hpp"

namespace sg {

namespace {
constexpr size_t kSlack = simdjson::SIMDJSON_PADDING;
}  // namespace

/// Notes the kind of an inferred field's value; false for kinds that are the caller's to judge.
bool RecordReader::note(Column &column, Extent value) {
  switch (*value.start) {
    case 'n': column.seenNow = SG_JSON_SEEN_NULL; return true;
    case '"':
      column.seenNow = value.end - value.start == 2 ? SG_JSON_SEEN_EMPTY_TEXT : SG_JSON_SEEN_TEXT;
      return true;
    case 't':
    case 'f': column.seenNow = SG_JSON_SEEN_BOOLEAN; return true;
    case '{':
    case '[': return false;
    default: {
      Number number;
      int64_t integer;
      if (!scanNumber(value.start, value.end, number)) return false;
      column.seenNow = number.isInteger ? SG_JSON_SEEN_LONG : SG_JSON_SEEN_DOUBLE;
      return !number.isInteger || toInt64(number, integer);
    }
  }
}

bool RecordReader::convert(Column &column, Extent value) {
  if (column.type == SG_JSON_INFERRED) return note(column, value);
  size_t row = rows.rows();
  uint8_t c = *value.start;
  if (c == 'n') {
    column.clearSlot(row);
    return true;
  }
  if (column.origin == SG_JSON_FIELD_HANDED_BACK && c == '"') return false;
  switch (column.type) {
    case SG_JSON_STRING:
      if (c == '"') return convertText(column, value);
      // Any other value is taken as it is written.
      column.setText(row, value.start, size_t(value.end - value.start));
      return true;
    case SG_JSON_BOOLEAN:
      if (c != 't' && c != 'f') return wrongType(column);
      column.booleans[row] = c == 't';
      column.setValid(row);
      return true;
    case SG_JSON_DATE:
    case SG_JSON_TIMESTAMP:
    case SG_JSON_TIMESTAMP_NTZ:
      if (c != '"') {
        // A number may be a timestamp in seconds.
        bool isNumber = c == '-' || uint8_t(c - '0') <= 9;
        return !(isNumber && column.type == SG_JSON_TIMESTAMP) && wrongType(column);
      }
      // No time that is read here has an escape in it.
      return convertTime(column, value.start + 1, size_t(value.end - value.start) - 2);
    case SG_JSON_FLOAT:
    case SG_JSON_DOUBLE:
      // A string may be NaN or an infinity.
      return c != '"' && wrongType(column);
    default: return wrongType(column);
  }
}

bool RecordReader::convertText(Column &column, Extent value) {
  const uint8_t *text = value.start + 1;
  size_t length = size_t(value.end - text) - 1;
  if (hasEscapes_ && memchr(text, '\\', length) && !unescape(value, text, length)) return false;
  column.setText(rows.rows(), text, length);
  return true;
}

bool RecordReader::convertTime(Column &column, const uint8_t *text, size_t length) {
  size_t row = rows.rows();
  int64_t value;
  if (column.type == SG_JSON_DATE) {
    if (length != 10 || !parseDate(text, length, value)) return false;
  } else {
    bool hasZone;
    if (!parseTimestamp(text, length, value, hasZone)) return false;
    if (column.type == SG_JSON_TIMESTAMP_NTZ) {
      if (hasZone) return false;
    } else if (!hasZone) {
      if (!hasFixedZone_) return false;
      value -= int64_t(zoneOffset_) * 1000000;
    }
  }
  column.integers[row] = value;
  column.setValid(row);
  return true;
}

/// The text of a string that has escapes; false for wrong ones and for halves of surrogate pairs.
bool RecordReader::unescape(Extent quoted, const uint8_t *&text, size_t &length) {
  size_t needed = size_t(quoted.end - quoted.start) + kSlack;
  if (scratch_.size() < needed) scratch_.resize(needed * 2);
  const uint8_t *end = parser_->parse_string(quoted.start + 1, scratch_.data());
  if (!end) return false;
  text = scratch_.data();
  length = size_t(end - text);
  return true;
}

/// Counts the row being built as corrupt and gives it its line's text.
void RecordReader::markCorrupt(Extent line) {
  corruptCount_++;
  if (corruptColumn_ < 0) return;
  Column &column = rows.columns[size_t(corruptColumn_)];
  rows.fill(column);
  column.setText(rows.rows(), line.start, size_t(line.end - line.start));
}

}  // namespace sg
