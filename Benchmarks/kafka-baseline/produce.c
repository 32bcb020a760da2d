// The yardstick for the forwarder: a C program over the same librdkafka that sends the same documents.
//
//   cc -O2 -std=gnu11 produce.c -o produce -lrdkafka -lpthread
//   ./produce --bootstrap-servers HOST:PORT --file DOCS.jsonl [--count N] [--topic NAME] [--headers] [--rate N]
//             [--full] [--set NAME=VALUE]...
//
// Idempotent, linger 5 ms, as many messages in the queue as librdkafka takes; a refused message is tried again after a millisecond.
// --headers adds the key and the five headers that the forwarder adds to a record, so that both send the same bytes.
// --rate paces the messages (0, the default: as fast as they go). --full measures refused calls instead: a queue of 10,000 without
// a broker. Prints one line of name=value pairs; ends with 1 unless every message was acknowledged.
#include <getopt.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct documents {
    char **text;
    size_t *size;
    long count;
};

struct options {
    const char *servers, *topic, *file;
    long count, rate;
    bool headers, full;
    // --set, applied last.
    char *settings[32];
    int setting_count;
};

// A flush serves reports as well as the poller does.
static _Atomic long acknowledged, failed;
static volatile bool polling = true;

static void die(const char *what, const char *why) {
    fprintf(stderr, "produce: %s: %s\n", what, why);
    exit(1);
}

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double cpu_microseconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static struct documents read_documents(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) die("cannot open", path);
    struct documents documents = {NULL, NULL, 0};
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t size; (size = getline(&line, &capacity, file)) > 0;) {
        if (line[size - 1] == '\n') size--;
        documents.text = realloc(documents.text, sizeof *documents.text * (size_t)(documents.count + 1));
        documents.size = realloc(documents.size, sizeof *documents.size * (size_t)(documents.count + 1));
        documents.text[documents.count] = memcpy(malloc((size_t)size + 1), line, (size_t)size);
        documents.size[documents.count++] = (size_t)size;
    }
    free(line);
    fclose(file);
    if (documents.count == 0) die("no documents in", path);
    return documents;
}

static void report(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
    (void)client;
    (void)opaque;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) failed++;
    else acknowledged++;
}

static void *poll_reports(void *client) {
    while (polling) rd_kafka_poll(client, 100);
    return NULL;
}

// The forwarder's key and headers. Like it, this makes the sequence's text for each record; the rest stays the same.
static rd_kafka_resp_err_t send_message(rd_kafka_t *client, const struct options *options, struct documents *documents, long index) {
    static const char key[] = "d6aafbe6-17b1-4b78-91bd-fb7d1ffe5b0d", run[] = "335eb9ad-e86a-43fe-8cef-dec949061d8d";
    long document = index % documents->count;
    void *value = documents->text[document];
    size_t size = documents->size[document];
    if (!options->headers)
        return rd_kafka_producev(
            client, RD_KAFKA_V_TOPIC(options->topic), RD_KAFKA_V_VALUE(value, size),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    char sequence[24];
    int digits = snprintf(sequence, sizeof sequence, "%ld", index);
    return rd_kafka_producev(
        client, RD_KAFKA_V_TOPIC(options->topic), RD_KAFKA_V_VALUE(value, size),
        RD_KAFKA_V_KEY(key, sizeof key - 1), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_HEADER("event", "progress", 8), RD_KAFKA_V_HEADER("schema-version", "1", 1),
        RD_KAFKA_V_HEADER("run-id", run, (ssize_t)sizeof run - 1), RD_KAFKA_V_HEADER("sequence", sequence, digits),
        RD_KAFKA_V_HEADER("query-name", "activity_query", 14), RD_KAFKA_V_END);
}

static int compare(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static void print_calls(uint32_t *calls, long count) {
    qsort(calls, (size_t)count, sizeof *calls, compare);
    printf("call_p50_ns=%u call_p99_ns=%u call_max_us=%u", calls[count / 2], calls[count * 99 / 100],
           calls[count - 1] / 1000);
}

static int measure_refused(rd_kafka_t *client, const struct options *options, struct documents *documents) {
    long queued = 0, count = 100000;
    while (send_message(client, options, documents, queued) == RD_KAFKA_RESP_ERR_NO_ERROR) queued++;
    uint32_t *calls = calloc((size_t)count, sizeof *calls);
    for (long index = 0; index < count; index++) {
        uint64_t begin = nanoseconds();
        rd_kafka_resp_err_t error = send_message(client, options, documents, index);
        calls[index] = (uint32_t)(nanoseconds() - begin);
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) die("a full queue answered", rd_kafka_err2str(error));
    }
    printf("mode=full queued=%ld refused=%ld ", queued, count);
    print_calls(calls, count);
    printf("\n");
    fflush(stdout);
    // Nobody would take what is queued.
    _exit(0);
}

static void pace(const struct options *options, uint64_t begin, long index) {
    if (options->rate == 0) return;
    uint64_t due = begin + (uint64_t)((double)index * 1e9 / (double)options->rate);
    for (uint64_t now; (now = nanoseconds()) < due;)
        if (due - now > 100000) usleep((useconds_t)((due - now) / 1000 - 50));
}

static void set(rd_kafka_conf_t *configuration, char *setting) {
    char error[512], *value = strchr(setting, '=');
    if (value == NULL) die("--set needs NAME=VALUE, not", setting);
    *value++ = 0;
    if (rd_kafka_conf_set(configuration, setting, value, error, sizeof error) != RD_KAFKA_CONF_OK) die("--set", error);
}

static rd_kafka_t *make_client(const struct options *options) {
    char error[512];
    rd_kafka_conf_t *configuration = rd_kafka_conf_new();
    const char *fixed[][2] = {
        {"bootstrap.servers", options->servers}, {"enable.idempotence", "true"}, {"linger.ms", "5"}, {"log_level", "0"},
        {options->full ? "queue.buffering.max.messages" : "log_level", options->full ? "10000" : "0"}};
    for (size_t index = 0; index < sizeof fixed / sizeof *fixed; index++)
        if (rd_kafka_conf_set(configuration, fixed[index][0], fixed[index][1], error, sizeof error) != RD_KAFKA_CONF_OK)
            die("cannot configure", error);
    for (int index = 0; index < options->setting_count; index++) set(configuration, options->settings[index]);
    rd_kafka_conf_set_dr_msg_cb(configuration, report);
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, error, sizeof error);
    if (client == NULL) die("cannot make a client", error);
    return client;
}

int main(int argc, char **argv) {
    struct options options = {"127.0.0.1:9092", "streaming-metrics", NULL, 100000, 0, false, false, {NULL}, 0};
    static const struct option names[] = {
        {"bootstrap-servers", 1, 0, 'b'}, {"file", 1, 0, 'f'}, {"count", 1, 0, 'n'}, {"topic", 1, 0, 't'},
        {"headers", 0, 0, 'H'}, {"rate", 1, 0, 'r'}, {"full", 0, 0, 'F'}, {"set", 1, 0, 's'}, {0, 0, 0, 0}};
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) switch (option) {
        case 'b': options.servers = optarg; break;
        case 'f': options.file = optarg; break;
        case 'n': options.count = atol(optarg); break;
        case 't': options.topic = optarg; break;
        case 'H': options.headers = true; break;
        case 'r': options.rate = atol(optarg); break;
        case 'F': options.full = true; break;
        case 's':
            if (options.setting_count == 32) die("too many", "--set");
            options.settings[options.setting_count++] = optarg;
            break;
        default: return 2;
        }
    if (options.file == NULL || options.count < 1) {
        fprintf(stderr, "produce: --file is missing, or --count is below 1\n");
        return 2;
    }
    struct documents documents = read_documents(options.file);
    rd_kafka_t *client = make_client(&options);
    if (options.full) return measure_refused(client, &options, &documents);

    pthread_t poller;
    pthread_create(&poller, NULL, poll_reports, client);
    // Connection, metadata and producer id come before the measurement.
    if (send_message(client, &options, &documents, 0) != 0 || rd_kafka_flush(client, 30000) != 0 || failed > 0)
        die("no broker acknowledges at", options.servers);
    acknowledged = 0;
    uint32_t *calls = calloc((size_t)options.count, sizeof *calls);
    long full = 0;
    double bytes = 0, cpu = cpu_microseconds();
    uint64_t begin = nanoseconds();
    for (long index = 0; index < options.count; index++) {
        pace(&options, begin, index);
        for (;;) {
            uint64_t before = nanoseconds();
            rd_kafka_resp_err_t error = send_message(client, &options, &documents, index);
            uint64_t spent = nanoseconds() - before;
            calls[index] = spent > UINT32_MAX ? UINT32_MAX : (uint32_t)spent;
            if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
            if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) die("cannot produce", rd_kafka_err2str(error));
            full++;
            usleep(1000);
        }
        bytes += (double)documents.size[index % documents.count];
    }
    rd_kafka_flush(client, 120000);
    double seconds = (double)(nanoseconds() - begin) / 1e9;
    cpu = cpu_microseconds() - cpu;
    polling = false;
    pthread_join(poller, NULL);
    printf("mode=%s messages=%ld bytes=%.0f seconds=%.3f msg_s=%.0f cpu_us=%.3f acknowledged=%ld failed=%ld full=%ld ",
           options.rate > 0 ? "paced" : "max", options.count, bytes / (double)options.count, seconds,
           (double)options.count / seconds, cpu / (double)options.count, acknowledged, failed, full);
    print_calls(calls, options.count);
    printf("\n");
    rd_kafka_destroy(client);
    return acknowledged == options.count ? 0 : 1;
}
