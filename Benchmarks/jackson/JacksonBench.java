import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The yardstick for writing: Jackson's data binding over the documents that metrics-codec-bench makes, into objects with every field
 * typed and from them into bytes. A second warms the JVM up before each measurement.
 *
 * <pre>java -cp "/usr/share/java/*" JacksonBench.java DOCS.jsonl [SECONDS]</pre>
 */
public class JacksonBench {
    @JsonPropertyOrder({"operatorName", "numRowsTotal", "numRowsUpdated", "allUpdatesTimeMs", "numRowsRemoved", "allRemovalsTimeMs",
        "commitTimeMs", "memoryUsedBytes", "numRowsDroppedByWatermark", "numShufflePartitions", "numStateStoreInstances",
        "customMetrics"})
    public static class StateOperator {
        public String operatorName;
        public long numRowsTotal, numRowsUpdated, allUpdatesTimeMs, numRowsRemoved, allRemovalsTimeMs, commitTimeMs;
        public long memoryUsedBytes, numRowsDroppedByWatermark, numShufflePartitions, numStateStoreInstances;
        public Map<String, Long> customMetrics;
    }

    @JsonPropertyOrder({"description", "startOffset", "endOffset", "latestOffset", "numInputRows", "inputRowsPerSecond",
        "processedRowsPerSecond", "metrics"})
    public static class Source {
        public String description;
        public JsonNode startOffset, endOffset, latestOffset;
        public long numInputRows;
        public double inputRowsPerSecond, processedRowsPerSecond;
        public Map<String, String> metrics;
    }

    public static class Sink {
        public String description;
        public long numOutputRows;
    }

    @JsonPropertyOrder({"id", "runId", "name", "timestamp", "batchId", "batchDuration", "numInputRows", "inputRowsPerSecond",
        "processedRowsPerSecond", "durationMs", "eventTime", "stateOperators", "sources", "sink", "observedMetrics"})
    public static class Progress {
        public String id, runId, name, timestamp;
        public long batchId, batchDuration, numInputRows;
        public double inputRowsPerSecond, processedRowsPerSecond;
        public Map<String, Long> durationMs;
        public Map<String, String> eventTime;
        public List<StateOperator> stateOperators;
        public List<Source> sources;
        public Sink sink;
        public Map<String, JsonNode> observedMetrics;
    }

    interface Work {
        long run(int index) throws Exception;
    }

    /** Each round goes over all documents once; prints the mean of all rounds and the best one, in µs a document. */
    static void measure(String name, int count, double seconds, Work work) throws Exception {
        long check = 0;
        for (long end = System.nanoTime() + 1_000_000_000L; System.nanoTime() < end;)
            for (int index = 0; index < count; index++) check += work.run(index);
        long begin = System.nanoTime(), best = Long.MAX_VALUE, now = begin;
        int rounds = 0;
        while (now - begin < seconds * 1e9) {
            long before = System.nanoTime();
            for (int index = 0; index < count; index++) check += work.run(index);
            now = System.nanoTime();
            best = Math.min(best, now - before);
            rounds++;
        }
        System.out.printf("jackson %s: mean %.3f us, best %.3f us, check %d%n", name, (now - begin) / 1e3 / rounds / count,
            best / 1e3 / count, check);
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length < 1) {
            System.err.println("usage: JacksonBench DOCS.jsonl [SECONDS]");
            System.exit(2);
        }
        List<byte[]> documents = Files.readAllLines(Path.of(arguments[0])).stream()
            .map(line -> line.getBytes(StandardCharsets.UTF_8)).toList();
        double seconds = arguments.length > 1 ? Double.parseDouble(arguments[1]) : 1;
        ObjectReader reader = new ObjectMapper().readerFor(Progress.class);
        ObjectWriter writer = new ObjectMapper().writerFor(Progress.class);
        Progress[] values = new Progress[documents.size()];
        for (int index = 0; index < values.length; index++) values[index] = reader.readValue(documents.get(index));
        measure("decode", values.length, seconds, index -> reader.<Progress>readValue(documents.get(index)).sources.size());
        measure("encode", values.length, seconds, index -> writer.writeValueAsBytes(values[index]).length);
    }
}
