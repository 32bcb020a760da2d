// The yardstick for the consumer: a C program over the same librdkafka that takes every record of a topic and looks at its bytes once.
//
//   cc -O2 -std=gnu11 consume.c -o consume -lrdkafka
//   ./consume --bootstrap-servers HOST:PORT --count N [--topic NAME] [--headers] [--set NAME=VALUE]...
//
// Assigns itself all partitions from the beginning and takes records in batches of 500; --headers looks at each record's headers as
// well, as who wants to know whether records are missing must. Prints one line of name=value pairs.
#include <getopt.h>
#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static void die(const char *what, const char *why) {
    fprintf(stderr, "consume: %s: %s\n", what, why);
    exit(1);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_microseconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void set(rd_kafka_conf_t *configuration, const char *name, const char *value) {
    char error[512];
    if (rd_kafka_conf_set(configuration, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) die(name, error);
}

static void assign_all(rd_kafka_t *client, const char *topic) {
    const rd_kafka_metadata_t *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, handle, &metadata, 30000);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) die("cannot ask for the topic", rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    for (int index = 0; index < metadata->topics[0].partition_cnt; index++)
        rd_kafka_topic_partition_list_add(list, topic, metadata->topics[0].partitions[index].id)->offset =
            RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_metadata_destroy(metadata);
    error = rd_kafka_assign(client, list);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) die("cannot assign", rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_destroy(handle);
}

static uint64_t look_at_headers(const rd_kafka_message_t *message) {
    rd_kafka_headers_t *headers;
    uint64_t check = 0;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
    const char *name;
    const void *value;
    size_t size;
    for (size_t index = 0; rd_kafka_header_get_all(headers, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; index++)
        check += (uint8_t)name[0] + (size > 0 ? ((const uint8_t *)value)[size - 1] : 0);
    return check;
}

int main(int argc, char **argv) {
    const char *servers = "127.0.0.1:9092", *topic = "streaming-metrics";
    long wanted = 0;
    int headers = 0;
    static const struct option names[] = {
        {"bootstrap-servers", 1, 0, 'b'}, {"count", 1, 0, 'n'}, {"topic", 1, 0, 't'}, {"set", 1, 0, 's'},
        {"headers", 0, 0, 'h'}, {0, 0, 0, 0}};
    rd_kafka_conf_t *configuration = rd_kafka_conf_new();
    set(configuration, "log_level", "0");
    set(configuration, "group.id", "consume-baseline");
    set(configuration, "enable.auto.commit", "false");
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) switch (option) {
        case 'b': servers = optarg; break;
        case 'n': wanted = atol(optarg); break;
        case 't': topic = optarg; break;
        case 'h': headers = 1; break;
        case 's': {
            char *value = strchr(optarg, '=');
            if (value == NULL) die("--set needs NAME=VALUE, not", optarg);
            *value++ = 0;
            set(configuration, optarg, value);
            break;
        }
        default: return 2;
        }
    if (wanted < 1) die("--count is missing", "how many records are there?");
    set(configuration, "bootstrap.servers", servers);
    double begin = seconds_now(), cpu = cpu_microseconds(), last = begin;
    char error[512];
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, configuration, error, sizeof error);
    if (client == NULL) die("cannot make a client", error);
    rd_kafka_poll_set_consumer(client);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);
    assign_all(client, topic);

    enum { batch = 500 };
    rd_kafka_message_t *messages[batch];
    long taken = 0;
    double bytes = 0;
    uint64_t check = 0;
    while (taken < wanted) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, 100, messages, batch);
        for (ssize_t index = 0; index < count; index++) {
            rd_kafka_message_t *message = messages[index];
            if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                taken++;
                bytes += (double)message->len;
                for (size_t byte = 0; byte < message->len; byte += 64) check += ((const uint8_t *)message->payload)[byte];
                if (headers) check += look_at_headers(message);
            } else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                die("cannot consume", rd_kafka_message_errstr(message));
            }
            rd_kafka_message_destroy(message);
        }
        if (count > 0) last = seconds_now();
        if (seconds_now() - last > 30) die("nothing came for 30 s", "is the topic shorter than --count?");
    }
    double seconds = seconds_now() - begin;
    cpu = cpu_microseconds() - cpu;
    printf("messages=%ld bytes=%.0f seconds=%.3f msg_s=%.0f cpu_us=%.3f check=%lu\n", taken, bytes / (double)taken, seconds,
           (double)taken / seconds, cpu / (double)taken, (unsigned long)check);
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
    return 0;
}
