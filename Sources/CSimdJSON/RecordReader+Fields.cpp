#include "RecordReader.hpp"

namespace sg {

namespace {
constexpr int kDeepest = 256;
constexpr uint32_t kTrue = 0x65757274, kNull = 0x6C6C756E, kAlse = 0x65736C61;

inline bool isSpace(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
}  // namespace

/// The token's bytes up to the next token, without white space at the end.
inline RecordReader::Extent RecordReader::scalar() const {
  const uint8_t *start = token(), *end = base_ + next_[1];
  while (isSpace(end[-1])) end--;
  return {start, end};
}

/// A value that its column's type never takes; false when such records are the caller's.
bool RecordReader::wrongType(Column &column) {
  if (!keepsWrongTypes_) return false;
  column.clearSlot(rows.rows());
  return isCorrupt_ = true;
}

inline bool RecordReader::convertNumber(Column &column, Extent value) {
  size_t row = rows.rows();
  Number number;
  if (!scanNumber(value.start, value.end, number)) return false;
  if (column.type == SG_JSON_DOUBLE || column.type == SG_JSON_FLOAT) {
    bool isRead = column.type == SG_JSON_DOUBLE ? toDouble(number, value.start, value.end, column.doubles[row])
                                                : toFloat(number, value.start, value.end, column.doubles[row]);
    if (!isRead) return false;
  } else {
    int64_t integer;
    // A byte may be up to 255, which is the caller's to wrap.
    if (!toInt64(number, integer)) return column.type != SG_JSON_BYTE && wrongType(column);
    int64_t most = column.type == SG_JSON_BYTE      ? INT8_MAX
                   : column.type == SG_JSON_SHORT   ? INT16_MAX
                   : column.type == SG_JSON_INTEGER ? INT32_MAX
                                                    : INT64_MAX;
    if (integer > most || integer < -most - 1) return column.type != SG_JSON_BYTE && wrongType(column);
    column.integers[row] = integer;
  }
  column.setValid(row);
  return true;
}

/// Reads the value of a column, or checks that of a field nobody wants.
inline bool RecordReader::readValue(int32_t column) {
  const uint8_t *p = token();
  Extent value;
  bool isNumber = *p == '-' || uint8_t(*p - '0') <= 9;
  if (column < 0) {
    if (isNumber) {
      value = scalar();
      if (isShortNumber(p, value.end)) {
        next_++;
        return true;
      }
    } else if (*p == '"' && !hasEscapes_) {
      value = scalar();
      next_++;
      return value.end - p > 1 && value.end[-1] == '"';
    }
    return skipValue(value, 0);
  }
  Column &c = rows.columns[size_t(column)];
  if (isNumber && c.type <= SG_JSON_DOUBLE && c.type != SG_JSON_BOOLEAN) {
    value = scalar();
    next_++;
    return rows.fill(c) && convertNumber(c, value);
  }
  if (*p == '"' && !hasEscapes_ && c.type == SG_JSON_STRING) {
    value = scalar();
    next_++;
    if (value.end - p < 2 || value.end[-1] != '"' || !rows.fill(c)) return false;
    c.setText(rows.rows(), p + 1, size_t(value.end - p) - 2);
    return true;
  }
  if (!skipValue(value, 0)) return false;
  // The last of two values of one name counts, but the first one's errors count too: the caller sees to it.
  return rows.fill(c) && convert(c, value);
}

inline bool RecordReader::readField(size_t &position) {
  int32_t column;
  if (!surprised_ && position < expected_.size()) {
    const ExpectedKey &key = expected_[position];
    if (same(token(), expectedText_.data() + key.text, key.length)) {
      position++;
      next_ += 2;
      return readValue(key.column);
    }
  }
  return readKey(position, column) && readValue(column);
}

bool RecordReader::readRecord() {
  surprised_ = isCorrupt_ = false;
  if (*token() != '{') return false;
  next_++;
  if (*token() == '}') {
    next_++;
    return true;
  }
  size_t position = 0;
  while (true) {
    if (!readField(position)) return false;
    uint8_t c = *token();
    next_++;
    if (c == '}') return true;
    if (c != ',') return false;
  }
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

}  // namespace sg
