// Reads records from simdjson's structural index.
//
// simdjson's first stage lists where every brace, bracket, colon, comma and value of a chunk begins, and checks quotes,
// control characters and UTF-8 on the way. simdjson's own readers then either build a tree of everything or skip what
// is not asked for unchecked; here every record is walked in full, so that a syntax error anywhere makes the record
// malformed, but only wanted values are converted.
//
// Lines nearly always have the same keys in the same order: the keys of the last line that differed are expected again,
// and an expected key costs a comparison of its bytes.
#pragma once

#include <simdjson.h>

#include <memory>
#include <vector>

#include "Columns.hpp"
#include "Numbers.hpp"

namespace sg {

class RecordReader {
 public:
  RecordReader(const sg_json_field *fields, size_t count, bool hasFixedZone, int32_t zoneOffset);

  void begin(const uint8_t *bytes, size_t length);
  sg_json_status next(size_t &start, size_t &end);

  /// Keeps records with values of wrong types; see sg_json_keep_wrong_types.
  void keepWrongTypes(int32_t corruptColumn) {
    keepsWrongTypes_ = true;
    corruptColumn_ = corruptColumn;
  }
  size_t corruptCount() const { return corruptCount_; }

  Columns rows;

 private:
  /// Lines begin ..< end of the chunk.
  struct Part {
    size_t begin, end;
  };
  /// A key as it is expected in the text, quotes and colon included.
  struct ExpectedKey {
    size_t text, length;
    int32_t column;
  };
  /// One value: its first byte and the one after its last.
  struct Extent {
    const uint8_t *start, *end;
  };

  bool indexPart();
  bool readRecord();
  bool readField(size_t &position);
  bool readKey(size_t &position, int32_t &column);
  void learnKeys();
  int32_t columnNamed(const uint8_t *name, size_t length);
  bool readValue(int32_t column);
  bool convert(Column &column, Extent value);
  bool wrongType(Column &column);
  void markCorrupt(Extent line);
  bool note(Column &column, Extent value);
  bool convertNumber(Column &column, Extent value);
  bool convertText(Column &column, Extent value);
  bool convertTime(Column &column, const uint8_t *text, size_t length);
  bool skipValue(Extent &value, int depth);
  bool skipContainer(Extent &value, int depth);
  bool skipString(Extent &value);
  bool unescape(Extent quoted, const uint8_t *&text, size_t &length);
  Extent scalar() const;

  const uint8_t *lineStart(const uint8_t *p) const {
    while (p > base_ && p[-1] != '\n') p--;
    return p;
  }
  const uint8_t *token() const { return base_ + *next_; }

  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
  std::vector<uint8_t> scratch_;
  std::vector<Part> parts_;
  std::vector<ExpectedKey> expected_;
  std::vector<uint8_t> expectedText_;
  std::vector<Extent> seenKeys_;
  std::vector<int32_t> seenColumns_;
  bool surprised_ = false;
  bool keepsWrongTypes_ = false;
  bool isCorrupt_ = false;
  int32_t corruptColumn_ = -1;
  size_t corruptCount_ = 0;
  int32_t zoneOffset_;
  bool hasFixedZone_;

  const uint8_t *bytes_ = nullptr;
  bool hasEscapes_ = false;
  /// The part being read: its bytes, its structural index from the next token on.
  const uint8_t *base_ = nullptr;
  size_t partLength_ = 0;
  const uint32_t *next_ = nullptr;
  const uint32_t *last_ = nullptr;
};

}  // namespace sg
