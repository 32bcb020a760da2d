// Dates and times in their usual spelling; every other spelling is left to the caller.
#pragma once

#include "Words.hpp"

namespace sg {

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
inline int64_t daysFromCivil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t yearOfEra = year - era * 400;
  int64_t dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468;
}

/// Two digits, or 99 or more for anything else.
inline unsigned twoDigits(const uint8_t *p) {
  unsigned a = unsigned(p[0]) - '0', b = unsigned(p[1]) - '0';
  return a <= 9 && b <= 9 ? a * 10 + b : 100;
}

/// yyyy-MM-dd at the start of the text.
inline bool parseDate(const uint8_t *p, size_t n, int64_t &days) {
  if (n < 10 || p[4] != '-' || p[7] != '-') return false;
  unsigned century = twoDigits(p), rest = twoDigits(p + 2), month = twoDigits(p + 5), day = twoDigits(p + 8);
  if (century > 99 || rest > 99 || month < 1 || month > 12 || day < 1) return false;
  unsigned year = century * 100 + rest;
  static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (day > lengths[month - 1] + unsigned(leap && month == 2)) return false;
  days = daysFromCivil(year, month, day);
  return true;
}

/// yyyy-MM-dd[T ]HH:mm:ss, a fraction of 1 to 6 digits or none, Z or nothing: microseconds since 1970.
inline bool parseTimestamp(const uint8_t *p, size_t n, int64_t &micros, bool &hasZone) {
  int64_t days;
  if (n < 19 || (p[10] != 'T' && p[10] != ' ') || p[13] != ':' || p[16] != ':' || !parseDate(p, n, days)) return false;
  unsigned hour = twoDigits(p + 11), minute = twoDigits(p + 14), second = twoDigits(p + 17);
  if (hour > 23 || minute > 59 || second > 59) return false;
  int64_t fraction = 0;
  size_t i = 19;
  if (i < n && p[i] == '.') {
    size_t first = ++i;
    for (; i < n && i - first < 6 && uint8_t(p[i] - '0') <= 9; i++) fraction = fraction * 10 + (p[i] - '0');
    if (i == first) return false;
    for (size_t k = i - first; k < 6; k++) fraction *= 10;
  }
  hasZone = i < n && p[i] == 'Z';
  if (i + hasZone != n) return false;
  micros = (days * 86400 + hour * 3600 + minute * 60 + second) * 1000000 + fraction;
  return true;
}

}  // namespace sg
