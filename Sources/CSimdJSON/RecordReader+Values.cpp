#include "RecordReader.hpp"
#include "Times.hpp"

namespace sg {

namespace {
constexpr int kDeepest = 256;
constexpr size_t kSlack = simdjson::SIMDJSON_PADDING;
constexpr uint32_t kTrue = 0x65757274, kNull = 0x6C6C756E, kAlse = 0x65736C61;

inline bool isSpace(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
}  // namespace

/// The token's bytes up to the next token, without white space at the end.
inline RecordReader::Extent RecordReader::scalar() const {
  const uint8_t *start = token(), *end = base_ + next_[1];
  while (isSpace(end[-1])) end--;
  return {start, end};
}

/// Checks a value in full and goes past it.
bool RecordReader::skipValue(Extent &value, int depth) {
  const uint8_t *p = token();
  switch (*p) {
    case '"': return skipString(value);
    case '{':
    case '[': return skipContainer(value, depth + 1);
    case 't':
    case 'n':
      value = scalar();
      next_++;
      return value.end - p == 4 && load32(p) == (*p == 't' ? kTrue : kNull);
    case 'f':
      value = scalar();
      next_++;
      return value.end - p == 5 && load32(p + 1) == kAlse;
    default: {
      Number number;
      value = scalar();
      next_++;
      return scanNumber(p, value.end, number);
    }
  }
}

/// Checks a string; what lies between its closing quote and the next token can only be white space.
bool RecordReader::skipString(Extent &value) {
  value = scalar();
  next_++;
  if (value.end - value.start < 2 || value.end[-1] != '"') return false;
  if (!hasEscapes_ || !memchr(value.start, '\\', size_t(value.end - value.start))) return true;
  const uint8_t *text;
  size_t length;
  return unescape(value, text, length);
}

bool RecordReader::skipContainer(Extent &value, int depth) {
  if (depth > kDeepest) return false;
  value.start = token();
  bool isObject = *value.start == '{';
  uint8_t close = isObject ? '}' : ']';
  next_++;
  Extent inner;
  if (*token() != close) {
    while (true) {
      if (isObject) {
        if (*token() != '"' || !skipString(inner) || *token() != ':') return false;
        next_++;
      }
      if (!skipValue(inner, depth)) return false;
      if (*token() == close) break;
      if (*token() != ',') return false;
      next_++;
    }
  }
  value.end = token() + 1;
  next_++;
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
      if (c != 't' && c != 'f') return false;
      column.booleans[row] = c == 't';
      column.setValid(row);
      return true;
    case SG_JSON_DATE:
    case SG_JSON_TIMESTAMP:
    case SG_JSON_TIMESTAMP_NTZ:
      // No time that is read here has an escape in it.
      return c == '"' && convertTime(column, value.start + 1, size_t(value.end - value.start) - 2);
    default: return (c == '-' || uint8_t(c - '0') <= 9) && convertNumber(column, value);
  }
}

bool RecordReader::convertNumber(Column &column, Extent value) {
  size_t row = rows.rows();
  Number number;
  if (!scanNumber(value.start, value.end, number)) return false;
  if (column.type == SG_JSON_DOUBLE || column.type == SG_JSON_FLOAT) {
    bool isRead = column.type == SG_JSON_DOUBLE ? toDouble(number, value.start, value.end, column.doubles[row])
                                                : toFloat(number, value.start, value.end, column.doubles[row]);
    if (!isRead) return false;
  } else {
    int64_t integer;
    if (!toInt64(number, integer)) return false;
    int64_t most = column.type == SG_JSON_BYTE      ? INT8_MAX
                   : column.type == SG_JSON_SHORT   ? INT16_MAX
                   : column.type == SG_JSON_INTEGER ? INT32_MAX
                                                    : INT64_MAX;
    if (integer > most || integer < -most - 1) return false;
    column.integers[row] = integer;
  }
  column.setValid(row);
  return true;
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

}  // namespace sg
