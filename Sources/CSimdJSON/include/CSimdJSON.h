// JSON lines into columns: a C interface over simdjson's on-demand reader.
#ifndef STREAMGAUGE_CSIMDJSON_H
#define STREAMGAUGE_CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Readable bytes that must follow every input buffer.
size_t sg_json_padding(void);

#ifdef __cplusplus
}
#endif

#endif
