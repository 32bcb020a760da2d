// librdkafka's C API and its mock cluster. The mock header refuses to be included first.
#ifndef STREAMGAUGE_CRDKAFKA_SHIM_H
#define STREAMGAUGE_CRDKAFKA_SHIM_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stddef.h>

// Has the processor fetch memory that is read soon: `count` bytes from `start`, which may be none.
static inline void streamgauge_prefetch(const void *start, size_t count) {
    const char *bytes = (const char *)start;
    for (size_t place = 0; place < count; place += 64) __builtin_prefetch(bytes + place);
}

#endif
