#include "RecordReader.hpp"

namespace sg {

using simdjson::stage1_mode;

namespace {
constexpr size_t kMostExpectedKeys = 1024;
constexpr size_t kSlack = 8;
}  // namespace

RecordReader::RecordReader(const sg_json_field *fields, size_t count, bool hasFixedZone, int32_t zoneOffset)
    : zoneOffset_(zoneOffset), hasFixedZone_(hasFixedZone) {
  rows.columns.resize(count);
  for (size_t i = 0; i < count; i++) {
    rows.columns[i].name.assign(fields[i].name, fields[i].name_length);
    rows.columns[i].type = fields[i].type;
    rows.columns[i].origin = fields[i].origin;
  }
}

void RecordReader::begin(const uint8_t *bytes, size_t length) {
  bytes_ = bytes;
  hasEscapes_ = memchr(bytes, '\\', length) != nullptr;
  next_ = last_ = nullptr;
  parts_.assign(length ? 1 : 0, Part{0, length});
}

/// Builds the structural index of the next part. A part that has none (a quote left open, a control character in a
/// text, bytes that are no UTF-8) is cut in two between lines, until such a line is alone: then this is false.
bool RecordReader::indexPart() {
  while (true) {
    Part part = parts_.back();
    base_ = bytes_ + part.begin;
    partLength_ = part.end - part.begin;
    auto allocate = [&](size_t capacity) {
      auto error = parser_ ? parser_->allocate(capacity, 1)
                           : simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, parser_);
      if (error) throw std::bad_alloc();
    };
    if (!parser_ || parser_->capacity() < partLength_) allocate(partLength_);
    auto error = parser_->stage1(base_, partLength_, stage1_mode::regular);
    if (!error || error == simdjson::EMPTY) {
      uint32_t count = error ? 0 : parser_->n_structural_indexes;
      uint32_t *index = parser_->structural_indexes.get();
      // Reading past the last token meets the last line's end, which no rule takes for a token.
      index[count] = index[count + 1] = uint32_t(partLength_ - 1);
      next_ = index;
      last_ = index + count;
      return true;
    }
    const void *cut = memchr(base_ + partLength_ / 2, '\n', partLength_ - partLength_ / 2);
    size_t middle = size_t(static_cast<const uint8_t *>(cut) - base_) + 1;
    if (middle == partLength_) {
      // No line ends in the second half but the last: look for the last one that ends in the first half.
      while (middle > 0 && (middle == partLength_ || base_[middle - 1] != '\n')) middle--;
      if (middle == 0) return false;
    }
    parts_.back().begin = part.begin + middle;
    parts_.push_back({part.begin, part.begin + middle});
  }
}

sg_json_status RecordReader::next(size_t &start, size_t &end) {
  while (true) {
    if (next_ == last_) {
      if (next_) parts_.pop_back();
      next_ = last_ = nullptr;
      if (parts_.empty()) return SG_JSON_DONE;
      if (!indexPart()) {
        start = parts_.back().begin;
        end = parts_.back().end - 1;
        parts_.pop_back();
        return SG_JSON_LINE;
      }
      if (next_ == last_) continue;
    }
    const uint32_t *first = next_;
    const uint8_t *line = token();
    const uint8_t *lineEnd = static_cast<const uint8_t *>(memchr(line, '\n', size_t(base_ + partLength_ - line)));
    uint32_t limit = uint32_t(lineEnd - base_);
    rows.beginRow();
    // The record must end on its line, and nothing may follow it there.
    if (readRecord() && next_[-1] < limit && (next_ == last_ || *next_ > limit)) {
      if (surprised_) learnKeys();
      if (isCorrupt_) markCorrupt({lineStart(line), lineEnd});
      rows.endRow();
      continue;
    }
    rows.undoRow();
    for (next_ = first; next_ < last_ && *next_ < limit;) next_++;
    start = size_t(lineStart(line) - bytes_);
    end = size_t(lineEnd - bytes_);
    return SG_JSON_LINE;
  }
}

/// Reads a key that was not expected here, and from then on notes the line's keys.
bool RecordReader::readKey(size_t &position, int32_t &column) {
  if (!surprised_) {
    // Keys that are left out are no reason to expect others.
    for (size_t i = position; i < expected_.size() && i < position + 8; i++)
      if (same(token(), expectedText_.data() + expected_[i].text, expected_[i].length)) {
        position = i + 1;
        column = expected_[i].column;
        next_ += 2;
        return true;
      }
    surprised_ = true;
    seenKeys_.clear();
    seenColumns_.clear();
    for (size_t i = 0; i < position; i++) {
      const uint8_t *text = expectedText_.data() + expected_[i].text;
      seenKeys_.push_back({text + 1, text + expected_[i].length - 2});
      seenColumns_.push_back(expected_[i].column);
    }
  }
  Extent key;
  if (*token() != '"' || !skipString(key)) return false;
  if (*token() != ':') return false;
  next_++;
  const uint8_t *name = key.start + 1;
  size_t length = size_t(key.end - name) - 1;
  // Keys with escapes are rare enough to be somebody else's work.
  if (hasEscapes_ && memchr(name, '\\', length)) return false;
  column = columnNamed(name, length);
  if (seenKeys_.size() < kMostExpectedKeys) {
    seenKeys_.push_back({name, name + length});
    seenColumns_.push_back(column);
  }
  return true;
}

void RecordReader::learnKeys() {
  std::vector<uint8_t> text;
  expected_.clear();
  for (size_t i = 0; i < seenKeys_.size(); i++) {
    const Extent &key = seenKeys_[i];
    expected_.push_back({text.size(), size_t(key.end - key.start) + 3, seenColumns_[i]});
    text.push_back('"');
    text.insert(text.end(), key.start, key.end);
    text.push_back('"');
    text.push_back(':');
  }
  text.resize(text.size() + kSlack);
  expectedText_.swap(text);
}

int32_t RecordReader::columnNamed(const uint8_t *name, size_t length) {
  for (size_t i = 0; i < rows.columns.size(); i++) {
    const std::string &other = rows.columns[i].name;
    if (rows.columns[i].origin != SG_JSON_CALLER && other.size() == length && memcmp(other.data(), name, length) == 0) return int32_t(i);
  }
  if (!rows.isInferring) return -1;
  Column field;
  field.name.assign(reinterpret_cast<const char *>(name), length);
  field.type = SG_JSON_INFERRED;
  field.origin = SG_JSON_FIELD;
  rows.columns.push_back(std::move(field));
  return int32_t(rows.columns.size() - 1);
}

}  // namespace sg
