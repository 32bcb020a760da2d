// The distinct texts of a column, numbered from 0 in order of first appearance.
#pragma once

#include <vector>

#include "Words.hpp"

namespace sg {

/// Open addressing over the texts' hashes; texts lie one after the other in one array.
class StringTable {
 public:
  StringTable() : slots_(64), offsets_(1, 0), bytes_(kSlack) {}

  size_t count() const { return offsets_.size() - 1; }
  size_t byteCount() const { return size_t(offsets_.back()); }
  const int32_t *offsets() const { return offsets_.data(); }
  const uint8_t *bytes() const { return bytes_.data(); }

  /// The code of a text, which is added when it is not there. Up to 7 bytes past the text are read.
  int32_t code(const uint8_t *text, size_t n) {
    // Values come in runs: the last one is the likeliest.
    if (is(last_, text, n)) return last_;
    uint64_t h = hash(text, n);
    size_t mask = slots_.size() - 1, i = h & mask;
    for (; slots_[i].code >= 0; i = (i + 1) & mask)
      if (slots_[i].tag == uint32_t(h >> 32) && is(slots_[i].code, text, n)) return last_ = slots_[i].code;
    int32_t code = int32_t(count());
    append(text, n);
    slots_[i] = {uint32_t(h >> 32), code};
    if (count() * 2 > slots_.size()) grow();
    return last_ = code;
  }

 private:
  static constexpr size_t kSlack = 8;
  struct Slot {
    uint32_t tag = 0;
    int32_t code = -1;
  };

  bool is(int32_t code, const uint8_t *text, size_t n) const {
    if (code < 0) return false;
    size_t start = size_t(offsets_[size_t(code)]);
    return size_t(offsets_[size_t(code) + 1]) - start == n && same(bytes_.data() + start, text, n);
  }

  void append(const uint8_t *text, size_t n) {
    size_t start = byteCount();
    if (bytes_.size() < start + n + kSlack) bytes_.resize((start + n + kSlack) * 2);
    memcpy(bytes_.data() + start, text, n);
    offsets_.push_back(int32_t(start + n));
  }

  void grow() {
    std::vector<Slot> slots(slots_.size() * 2);
    for (size_t code = 0; code < count(); code++) {
      size_t start = size_t(offsets_[code]);
      uint64_t h = hash(bytes_.data() + start, size_t(offsets_[code + 1]) - start);
      size_t i = h & (slots.size() - 1);
      while (slots[i].code >= 0) i = (i + 1) & (slots.size() - 1);
      slots[i] = {uint32_t(h >> 32), int32_t(code)};
    }
    slots_.swap(slots);
  }

  std::vector<Slot> slots_;
  std::vector<int32_t> offsets_;
  std::vector<uint8_t> bytes_;
  int32_t last_ = -1;
};

}  // namespace sg
