// Numbers as JSON spells them: checked in full, and cut into sign, digits and exponent.
#pragma once

#include <charconv>
#include <cmath>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "Words.hpp"

namespace sg {

struct Number {
  bool negative;
  /// Neither a fraction nor an exponent.
  bool isInteger;
  /// All digits, before and after the point; more than 19 of them do not fit the mantissa.
  size_t digits;
  uint64_t mantissa;
  int64_t exponent;
};

/// Adds a run of digits to the mantissa.
inline const uint8_t *scanDigits(const uint8_t *p, uint64_t &mantissa) {
  for (uint64_t word; eightDigits(word = load64(p)); p += 8) mantissa = mantissa * 100000000 + parseEightDigits(word);
  for (uint8_t d; (d = uint8_t(*p - '0')) <= 9; p++) mantissa = mantissa * 10 + d;
  return p;
}

/// Numbers that may have more digits than Spark takes are left to the caller.
constexpr ptrdiff_t kLongestNumber = 1000;

/// Whether bytes p ..< end are one JSON number. The byte at end must be no digit.
inline bool scanNumber(const uint8_t *p, const uint8_t *end, Number &n) {
  if (end - p > kLongestNumber) return false;
  n.negative = *p == '-';
  p += n.negative;
  n.mantissa = 0;
  n.exponent = 0;
  n.isInteger = true;
  const uint8_t *start = p;
  p = scanDigits(p, n.mantissa);
  n.digits = size_t(p - start);
  if (n.digits == 0 || (*start == '0' && n.digits > 1)) return false;
  if (p == end) return true;
  n.isInteger = false;
  if (*p == '.') {
    const uint8_t *fraction = ++p;
    p = scanDigits(p, n.mantissa);
    if (p == fraction) return false;
    n.digits += size_t(p - fraction);
    n.exponent = -int64_t(p - fraction);
  }
  if (p < end && (*p | 0x20) == 'e') {
    p++;
    bool minus = *p == '-';
    if (*p == '-' || *p == '+') p++;
    const uint8_t *first = p;
    int64_t e = 0;
    for (uint8_t d; (d = uint8_t(*p - '0')) <= 9; p++)
      if (e < 100000) e = e * 10 + d;
    if (p == first) return false;
    n.exponent += minus ? -e : e;
  }
  return p == end;
}

/// Whether bytes p ..< end are an integer or a decimal fraction of up to 16 bytes, in a few steps without a loop. False
/// says nothing.
inline bool isShortNumber(const uint8_t *p, const uint8_t *end) {
#ifdef __SSE2__
  size_t n = size_t(end - p);
  if (n > 16) return false;
  __m128i value = _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p)), _mm_set1_epi8('0'));
  __m128i isDigit = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
  uint32_t others = ~uint32_t(_mm_movemask_epi8(isDigit)) & ((uint32_t(1) << n) - 1);
  uint32_t first = *p == '-';
  others &= ~first;
  // The place of the point, or n without one.
  uint32_t point = uint32_t(__builtin_ctz(others | uint32_t(1) << n));
  bool hasOnePoint = (others & (others - 1)) == 0 && (others == 0 || (p[point] == '.' && point + 1 < n));
  return hasOnePoint && point > first && (p[first] != '0' || point == first + 1);
#else
  (void)p;
  (void)end;
  return false;
#endif
}

/// The value as int64_t, or false when it does not fit.
inline bool toInt64(const Number &n, int64_t &value) {
  if (!n.isInteger || n.digits > 19) return false;
  if (n.mantissa > uint64_t(INT64_MAX) + n.negative) return false;
  value = n.negative ? int64_t(0 - n.mantissa) : int64_t(n.mantissa);
  return true;
}

/// The nearest double, or false when the caller has to see to it.
inline bool toDouble(const Number &n, const uint8_t *start, const uint8_t *end, double &value) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (n.digits <= 19 && n.mantissa <= (uint64_t(1) << 53) && n.exponent >= -22 && n.exponent <= 22) {
    double m = double(n.mantissa);
    m = n.exponent < 0 ? m / powers[-n.exponent] : m * powers[n.exponent];
    // An integer literal has no negative zero: it is read as an integer first.
    value = n.negative && !(n.isInteger && n.mantissa == 0) ? -m : m;
    return true;
  }
  auto result = std::from_chars(reinterpret_cast<const char *>(start), reinterpret_cast<const char *>(end), value);
  return result.ec == std::errc() && result.ptr == reinterpret_cast<const char *>(end);
}

/// The nearest float, or false when the caller has to see to it.
inline bool toFloat(const Number &n, const uint8_t *start, const uint8_t *end, double &value) {
  float single = 0;
  auto result = std::from_chars(reinterpret_cast<const char *>(start), reinterpret_cast<const char *>(end), single);
  if (result.ec != std::errc() || result.ptr != reinterpret_cast<const char *>(end)) return false;
  value = n.isInteger && n.mantissa == 0 ? 0 : double(single);
  return true;
}

}  // namespace sg
