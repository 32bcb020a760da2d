// The yardstick for the consumer with typed values as one program: librdkafka hands over the records, simdjson puts every field
// of each into structs, as `../simdjson-baseline/decode.cpp` does.
//
//   g++ -O3 -march=native -std=c++17 consume_typed.cpp -o consume_typed -lsimdjson -lrdkafka
//   ./consume_typed HOST:PORT COUNT [--headers]
//
// simdjson reads some bytes beyond a document's end, so each value is first copied to where there are some. Prints the line that
// consume.c prints.
#define main decode_main
#include "../simdjson-baseline/decode.cpp"
#undef main

#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include <cstdlib>
#include <cstring>

[[noreturn]] static void die(const char *what, const char *why) {
    std::fprintf(stderr, "consume_typed: %s: %s\n", what, why);
    std::exit(1);
}

static double cpuMicroseconds() {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static rd_kafka_t *reader(const char *servers, const char *topic) {
    const char *settings[][2] = {{"bootstrap.servers", servers}, {"log_level", "0"}, {"group.id", "consume-typed"},
                                 {"enable.auto.commit", "false"}, {"receive.message.max.bytes", "1000000000"},
                                 {"queued.min.messages", "1"}};
    char error[512];
    rd_kafka_conf_t *configuration = rd_kafka_conf_new();
    for (auto &setting : settings)
        if (rd_kafka_conf_set(configuration, setting[0], setting[1], error, sizeof error)) die(setting[0], error);
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, configuration, error, sizeof error);
    if (!client) die("cannot make a client", error);
    rd_kafka_poll_set_consumer(client);
    const rd_kafka_metadata_t *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, nullptr);
    if (auto code = rd_kafka_metadata(client, 0, handle, &metadata, 30000)) die("cannot ask for the topic", rd_kafka_err2str(code));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    for (int index = 0; index < metadata->topics[0].partition_cnt; index++)
        rd_kafka_topic_partition_list_add(list, topic, metadata->topics[0].partitions[index].id)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_metadata_destroy(metadata);
    if (auto code = rd_kafka_assign(client, list)) die("cannot assign", rd_kafka_err2str(code));
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_destroy(handle);
    return client;
}

// What the sequence and the name of a record's query are read for.
static long lookAtHeaders(const rd_kafka_message_t *message) {
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
    const char *name;
    const void *value;
    size_t size;
    long check = 0;
    for (size_t index = 0; rd_kafka_header_get_all(headers, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; index++)
        check += name[0] + (size > 0 ? static_cast<const char *>(value)[size - 1] : 0);
    return check;
}

int main(int argc, char **argv) {
    long wanted = argc > 2 ? std::atol(argv[2]) : 0;
    if (wanted < 1) { std::fprintf(stderr, "usage: consume_typed HOST:PORT COUNT [--headers]\n"); return 2; }
    bool headers = argc > 3 && std::strcmp(argv[3], "--headers") == 0;
    using Clock = std::chrono::steady_clock;
    auto begin = Clock::now(), last = begin;
    double cpu = cpuMicroseconds();
    rd_kafka_t *client = reader(argv[1], "streaming-metrics");
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);
    simdjson::ondemand::parser parser;
    std::vector<char> padded;
    std::vector<Progress> batch;
    rd_kafka_message_t *messages[500];
    long taken = 0, check = 0, looked = 0;
    for (;;) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, 100, messages, 500);
        batch.clear();
        for (ssize_t index = 0; index < count; index++) {
            rd_kafka_message_t *message = messages[index];
            if (!message->err) {
                if (padded.size() < message->len + simdjson::SIMDJSON_PADDING) padded.resize(message->len * 2 + simdjson::SIMDJSON_PADDING);
                std::memcpy(padded.data(), message->payload, message->len);
                if (headers) looked += lookAtHeaders(message);
                batch.push_back(progress(parser, simdjson::padded_string_view(padded.data(), message->len, padded.size())));
            } else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                die("cannot consume", rd_kafka_message_errstr(message));
            }
            rd_kafka_message_destroy(message);
        }
        for (auto &progress : batch) { taken++; check += progress.rows; }
        auto now = Clock::now();
        if (count > 0) last = now;
        double seconds = std::chrono::duration<double>(now - begin).count();
        if (taken >= wanted) {
            cpu = cpuMicroseconds() - cpu;
            std::printf("messages=%ld seconds=%.3f msg_s=%.0f cpu_us=%.3f check=%ld headers=%ld\n", taken, seconds,
                double(taken) / seconds, cpu / double(taken), check, looked);
            break;
        }
        if (now - last > std::chrono::seconds(30)) die("nothing came for 30 s", "is the topic shorter than COUNT?");
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
}
