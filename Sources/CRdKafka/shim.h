// librdkafka's C API and its mock cluster. The mock header refuses to be included first.
#ifndef STREAMGAUGE_CRDKAFKA_SHIM_H
#define STREAMGAUGE_CRDKAFKA_SHIM_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#endif
