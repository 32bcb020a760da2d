#include "checksum.h"

#include <string.h>

// The reflected polynomial 0x1EDC6F41, four bits at a time: small enough to be made by hand and checked by eye.
static const uint32_t nibbles[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t sg_crc32c_portable(uint32_t before, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint32_t crc = ~before;
    while (count-- > 0) {
        crc ^= *next++;
        crc = (crc >> 4) ^ nibbles[crc & 15];
        crc = (crc >> 4) ^ nibbles[crc & 15];
    }
    return ~crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t with_instruction(uint32_t before, const uint8_t *next, size_t count) {
    uint64_t crc = ~before;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        crc = _mm_crc32_u64(crc, word);
    }
    uint32_t rest = (uint32_t)crc;
    while (count-- > 0) rest = _mm_crc32_u8(rest, *next++);
    return ~rest;
}

uint32_t sg_crc32c(uint32_t before, const void *bytes, size_t count) {
    if (__builtin_cpu_supports("sse4.2")) return with_instruction(before, bytes, count);
    return sg_crc32c_portable(before, bytes, count);
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

uint32_t sg_crc32c(uint32_t before, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint32_t crc = ~before;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        crc = __crc32cd(crc, word);
    }
    while (count-- > 0) crc = __crc32cb(crc, *next++);
    return ~crc;
}
#else
uint32_t sg_crc32c(uint32_t before, const void *bytes, size_t count) {
    return sg_crc32c_portable(before, bytes, count);
}
#endif
