#ifndef SG_CHECKSUM_H
#define SG_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, RFC 3720) of some bytes, going on from the checksum of what stood before them; 0 at the beginning.
/// Uses the processor's instruction where there is one, and a table elsewhere; both give the same.
uint32_t sg_crc32c(uint32_t before, const void *bytes, size_t count);

/// The same without the processor's instruction: the yardstick of the tests.
uint32_t sg_crc32c_portable(uint32_t before, const void *bytes, size_t count);

#endif
