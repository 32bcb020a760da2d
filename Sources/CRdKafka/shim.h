// librdkafka's C API and its mock cluster. The mock header refuses to be included first.
#ifndef STREAMGAUGE_CRDKAFKA_SHIM_H
#define STREAMGAUGE_CRDKAFKA_SHIM_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stddef.h>
#include <stdint.h>

// Has the processor fetch `count` bytes that are read soon; they may lie beyond what may be read, for a hint faults nowhere.
static inline void streamgauge_prefetch(const void *start, size_t count) {
    if (!start) return;
    uintptr_t place = (uintptr_t)start, end = place + count;
    for (; place < end; place += 64) __builtin_prefetch((const void *)place);
}

#endif
