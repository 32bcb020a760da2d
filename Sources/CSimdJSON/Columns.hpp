// The rows being built, column by column.
#pragma once

#include <string>
#include <vector>

#include "CSimdJSON.h"
#include "StringTable.hpp"

namespace sg {

/// One column's values. A slot of a row that has no value yet is undefined until the row is finished.
struct Column {
  std::string name;
  sg_json_type type;
  sg_json_origin origin;
  /// The row that was given a value last, plus one: tells duplicates and missing values.
  size_t filled = 0;
  size_t validCount = 0;
  /// Of an inferred field: the kinds of the values of all finished rows, and that of this row.
  int seen = 0;
  int seenNow = 0;
  std::vector<uint64_t> validity;
  std::vector<uint8_t> booleans;
  std::vector<int64_t> integers;
  std::vector<double> doubles;
  std::vector<int32_t> codes;
  std::vector<int32_t> offsets;
  std::vector<uint8_t> bytes;
  size_t byteCount = 0;
  StringTable table;
  bool isDictionary = true;
  size_t codedRows = 0;

  bool isText() const { return type == SG_JSON_STRING; }

  void reserve(size_t rows) {
    if (type == SG_JSON_INFERRED) return;
    validity.resize((rows + 63) / 64 + 1);
    if (type == SG_JSON_BOOLEAN) booleans.resize(rows);
    else if (type == SG_JSON_FLOAT || type == SG_JSON_DOUBLE) doubles.resize(rows);
    else if (!isText()) integers.resize(rows);
    else if (isDictionary) codes.resize(rows);
    else offsets.resize(rows + 1);
  }

  void setValid(size_t row) {
    validity[row >> 6] |= uint64_t(1) << (row & 63);
    validCount++;
  }

  /// A null's stored value is 0, false or an empty text.
  void clearSlot(size_t row) {
    if (type == SG_JSON_BOOLEAN) booleans[row] = 0;
    else if (type == SG_JSON_FLOAT || type == SG_JSON_DOUBLE) doubles[row] = 0;
    else if (!isText()) integers[row] = 0;
    else if (isDictionary) codes[row] = 0;
    else offsets[row + 1] = offsets[row];
  }

  void setText(size_t row, const uint8_t *text, size_t n) {
    if (isDictionary) {
      codes[row] = table.code(text, n);
    } else {
      size_t start = size_t(offsets[row]);
      if (bytes.size() < start + n) bytes.resize((start + n) * 2);
      memcpy(bytes.data() + start, text, n);
      offsets[row + 1] = int32_t(start + n);
      byteCount = start + n;
    }
    setValid(row);
  }

  /// Takes back what an unfinished row was given.
  void undo(size_t row) {
    if (type == SG_JSON_INFERRED) return;
    if (validity.size() <= row >> 6 || !(validity[row >> 6] >> (row & 63) & 1)) return;
    validity[row >> 6] &= ~(uint64_t(1) << (row & 63));
    validCount--;
    if (isText() && !isDictionary) byteCount = size_t(offsets[row]);
  }

  /// Forgets the rows. A dictionary that grows large, or hardly saves anything, is given up here, between batches.
  void clear(size_t rows) {
    if (type == SG_JSON_INFERRED) {
      filled = 0;
      return;
    }
    std::fill(validity.begin(), validity.end(), 0);
    if (isText() && isDictionary) {
      codedRows += validCount;
      size_t texts = table.count();
      if (texts > kMostTexts || table.byteCount() > kMostBytes || (codedRows >= kTrialRows && texts > codedRows / 2)) {
        isDictionary = false;
        codes = {};
        table = StringTable();
        offsets.resize(rows + 1);
      }
    }
    filled = validCount = byteCount = 0;
  }

 private:
  static constexpr size_t kMostTexts = 65536;
  static constexpr size_t kMostBytes = 4 << 20;
  static constexpr size_t kTrialRows = 4096;
};

/// The columns and the number of finished rows.
class Columns {
 public:
  std::vector<Column> columns;
  /// Whether columns are added as fields turn up, and hold no values.
  bool isInferring = false;

  size_t rows() const { return rows_; }

  /// Makes room for one more row.
  void beginRow() {
    if (rows_ == capacity_) {
      capacity_ = capacity_ ? capacity_ * 2 : 1024;
      for (Column &c : columns) c.reserve(capacity_);
    }
    filledCount_ = 0;
  }

  /// Marks a column as given a value or null in this row; false when it had been before.
  bool fill(Column &c) {
    if (c.filled == rows_ + 1) return false;
    c.filled = rows_ + 1;
    filledCount_++;
    return true;
  }

  /// Ends the row: columns without a value are null.
  void endRow() {
    if (isInferring) {
      for (Column &c : columns)
        if (c.filled == rows_ + 1) c.seen |= c.seenNow;
      rows_++;
      return;
    }
    if (filledCount_ != columns.size())
      for (Column &c : columns)
        if (c.filled != rows_ + 1) c.clearSlot(rows_);
    rows_++;
  }

  void undoRow() {
    for (Column &c : columns) {
      c.undo(rows_);
      if (c.filled == rows_ + 1) c.filled = 0;
    }
  }

  void clear() {
    for (Column &c : columns) c.clear(capacity_);
    rows_ = 0;
  }

 private:
  size_t rows_ = 0;
  size_t capacity_ = 0;
  size_t filledCount_ = 0;
};

}  // namespace sg
