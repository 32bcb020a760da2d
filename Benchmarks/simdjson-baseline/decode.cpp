// The yardstick: simdjson's on-demand reader putting every field of a progress document into structs of its own.
//   g++ -O3 -march=native -std=c++17 decode.cpp -o decode -lsimdjson && ./decode DOCS.jsonl [SECONDS]
#include <simdjson.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using simdjson::ondemand::value;
template <class T> using Pairs = std::vector<std::pair<std::string, T>>;

struct State {
    std::string name;
    int64_t counters[10] = {};
    Pairs<int64_t> custom;
};
struct Source {
    std::string description, offsets[3];
    int64_t rows = 0;
    double rates[2] = {};
    Pairs<std::string> metrics;
};
struct Progress {
    std::string id, runId, timestamp, sink;
    std::optional<std::string> name;
    int64_t batchId = 0, batchDuration = 0, rows = 0, outputRows = 0;
    double rates[2] = {};
    Pairs<int64_t> durations;
    Pairs<std::string> eventTime, observed;
    std::vector<State> state;
    std::vector<Source> sources;
};

static std::string text(value v) { return std::string(v.get_string().value()); }
static std::string raw(value v) { return std::string(std::string_view(simdjson::to_json_string(v))); }

template <class T, class Read> static Pairs<T> pairs(value v, Read read) {
    Pairs<T> result;
    for (auto field : v.get_object()) {
        std::string key(field.unescaped_key().value());
        result.emplace_back(std::move(key), read(field.value()));
    }
    return result;
}
static Pairs<int64_t> integers(value v) {
    return pairs<int64_t>(v, [](value x) { return int64_t(x.get_int64()); });
}

static const char *const counterNames[] = {
    "numRowsTotal", "numRowsUpdated", "allUpdatesTimeMs", "numRowsRemoved", "allRemovalsTimeMs", "commitTimeMs",
    "memoryUsedBytes", "numRowsDroppedByWatermark", "numShufflePartitions", "numStateStoreInstances"};

static State state(value v) {
    State s;
    for (auto field : v.get_object()) {
        std::string_view key = field.unescaped_key();
        if (key == "operatorName") { s.name = text(field.value()); continue; }
        if (key == "customMetrics") { s.custom = integers(field.value()); continue; }
        for (int i = 0; i < 10; i++)
            if (key == counterNames[i]) { s.counters[i] = field.value().get_int64(); break; }
    }
    return s;
}

static Source source(value v) {
    Source s;
    for (auto field : v.get_object()) {
        std::string_view key = field.unescaped_key();
        value x = field.value();
        if (key == "description") s.description = text(x);
        else if (key == "startOffset") s.offsets[0] = raw(x);
        else if (key == "endOffset") s.offsets[1] = raw(x);
        else if (key == "latestOffset") s.offsets[2] = raw(x);
        else if (key == "numInputRows") s.rows = x.get_int64();
        else if (key == "inputRowsPerSecond") s.rates[0] = x.get_double();
        else if (key == "processedRowsPerSecond") s.rates[1] = x.get_double();
        else if (key == "metrics") s.metrics = pairs<std::string>(x, text);
    }
    return s;
}

static Progress progress(simdjson::ondemand::parser &parser, simdjson::padded_string_view document) {
    Progress p;
    auto root = parser.iterate(document);
    for (auto field : root.get_object()) {
        std::string_view key = field.unescaped_key();
        value x = field.value();
        if (key == "id") p.id = text(x);
        else if (key == "runId") p.runId = text(x);
        else if (key == "name") { if (!x.is_null()) p.name = text(x); }
        else if (key == "timestamp") p.timestamp = text(x);
        else if (key == "batchId") p.batchId = x.get_int64();
        else if (key == "batchDuration") p.batchDuration = x.get_int64();
        else if (key == "numInputRows") p.rows = x.get_int64();
        else if (key == "inputRowsPerSecond") p.rates[0] = x.get_double();
        else if (key == "processedRowsPerSecond") p.rates[1] = x.get_double();
        else if (key == "durationMs") p.durations = integers(x);
        else if (key == "eventTime") p.eventTime = pairs<std::string>(x, text);
        else if (key == "stateOperators") for (auto element : x.get_array()) p.state.push_back(state(element.value()));
        else if (key == "sources") for (auto element : x.get_array()) p.sources.push_back(source(element.value()));
        else if (key == "observedMetrics") p.observed = pairs<std::string>(x, raw);
        else if (key == "sink")
            for (auto inner : x.get_object()) {
                std::string_view name = inner.unescaped_key();
                if (name == "description") p.sink = text(inner.value());
                else if (name == "numOutputRows") p.outputRows = inner.value().get_int64();
            }
    }
    return p;
}

int main(int argc, char **argv) {
    if (argc < 2) { std::fprintf(stderr, "usage: decode DOCS.jsonl [SECONDS]\n"); return 2; }
    std::ifstream input(argv[1]);
    std::vector<simdjson::padded_string> documents;
    for (std::string line; std::getline(input, line);) documents.emplace_back(line);
    double seconds = argc > 2 ? atof(argv[2]) : 1, best = 1e9, spent = 0;
    simdjson::ondemand::parser parser;
    int64_t check = 0;
    int rounds = 0;
    using Clock = std::chrono::steady_clock;
    for (auto start = Clock::now(); spent < seconds; rounds++) {
        auto before = Clock::now();
        for (auto &document : documents) {
            Progress p = progress(parser, document);
            check += p.rows + int64_t(p.state.size() + p.sources.size());
        }
        best = std::min(best, std::chrono::duration<double>(Clock::now() - before).count());
        spent = std::chrono::duration<double>(Clock::now() - start).count();
    }
    double scale = 1e6 / double(documents.size());
    std::printf("simdjson (%s): mean %.3f us, best %.3f us, check %ld\n",
        simdjson::get_active_implementation()->name().c_str(), spent / rounds * scale, best * scale, long(check));
    return 0;
}
