import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The Java yardstick for the consumer: Kafka's own client takes the records, Jackson makes typed values of them, those of JacksonBench.
 *
 * <pre>java -cp CLASSES:JARS PeerConsume BOOTSTRAP COUNT [TOPIC]</pre>
 *
 * All records are read twice, and the second time counts, so that the JVM is warm. Prints the line that consume.c prints.
 */
public class PeerConsume {
    private static final ObjectReader READER =
        new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).readerFor(JacksonBench.Progress.class);

    private static long cpu() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    /** Reads so many records from the beginning; prints what that cost if it is to count. */
    private static void read(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, long wanted, boolean counts)
        throws Exception {
        consumer.seekToBeginning(partitions);
        long taken = 0, size = 0, rows = 0, begin = System.nanoTime(), cpu = cpu();
        while (taken < wanted) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                JacksonBench.Progress progress = READER.readValue(record.value());
                taken++;
                size += record.value().length;
                rows += progress.numInputRows;
            }
            if (System.nanoTime() - begin > 120e9) throw new IllegalStateException("the topic is shorter than COUNT");
        }
        double seconds = (System.nanoTime() - begin) / 1e9, spent = (cpu() - cpu) / 1e3;
        if (counts)
            System.out.printf("messages=%d bytes=%d seconds=%.3f msg_s=%.0f cpu_us=%.3f check=%d%n", taken, size / taken, seconds,
                taken / seconds, spent / taken, rows);
    }

    public static void main(String[] arguments) throws Exception {
        String topic = arguments.length > 2 ? arguments[2] : "streaming-metrics";
        long wanted = Long.parseLong(arguments[1]);
        Map<String, Object> properties = Map.of("bootstrap.servers", arguments[0], "key.deserializer", ByteArrayDeserializer.class,
            "value.deserializer", ByteArrayDeserializer.class, "enable.auto.commit", false);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties)) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(partition -> new TopicPartition(topic, partition.partition())).toList();
            consumer.assign(partitions);
            read(consumer, partitions, wanted, false);
            read(consumer, partitions, wanted, true);
        }
    }
}
