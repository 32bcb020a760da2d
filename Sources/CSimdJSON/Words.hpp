// Eight bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Eight bytes are read as one little-endian word here."
#endif

namespace sg {

inline uint64_t load64(const void *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

inline uint32_t load32(const void *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

/// Whether n bytes are equal; reads up to 7 bytes past either end.
inline bool same(const uint8_t *a, const uint8_t *b, size_t n) {
  for (; n >= 8; a += 8, b += 8, n -= 8)
    if (load64(a) != load64(b)) return false;
  return n == 0 || ((load64(a) ^ load64(b)) << (64 - 8 * n)) == 0;
}

/// A hash of n bytes; reads up to 7 bytes past the end.
inline uint64_t hash(const uint8_t *p, size_t n) {
  uint64_t h = n * 0x9E3779B97F4A7C15ull;
  auto add = [&h](uint64_t v) {
    h = (h ^ v) * 0xD6E8FEB86659FD93ull;
    h ^= h >> 32;
  };
  for (; n >= 8; p += 8, n -= 8) add(load64(p));
  if (n) add(load64(p) << (64 - 8 * n));
  return h ^ (h >> 29);
}

/// Whether the eight bytes are all digits.
inline bool eightDigits(uint64_t v) {
  return (((v & 0xF0F0F0F0F0F0F0F0ull) | (((v + 0x0606060606060606ull) & 0xF0F0F0F0F0F0F0F0ull) >> 4)) ==
          0x3333333333333333ull);
}

/// The number that eight digits spell.
inline uint32_t parseEightDigits(uint64_t v) {
  v -= 0x3030303030303030ull;
  v = (v * 10) + (v >> 8);
  return uint32_t((((v & 0x000000FF000000FFull) * 0x000F424000000064ull) +
                   (((v >> 16) & 0x000000FF000000FFull) * 0x0000271000000001ull)) >> 32);
}

}  // namespace sg
