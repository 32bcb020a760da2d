import EmbeddedEngine
import MetricsTopic
import StructuredStreaming

/// Counts activities as a stream, forwards the query's metrics to Kafka, and reads them back.
@main
struct ActivityCounts {
    static func main() async throws {
        let data = CommandLine.arguments.dropFirst().first ?? "../../data/activity-data"
        let broker = CommandLine.arguments.dropFirst(2).first ?? "localhost:9092"

        let spark = try SparkSession.embedded()
        let kafkaMetrics = try KafkaMetrics(bootstrapServers: broker)
        spark.streams.addListener(kafkaMetrics)

        let staticFrame = try await spark.read.json(data)
        let query = try await spark.readStream
            .schema(staticFrame.schema).option("maxFilesPerTrigger", 1).json(data)
            .groupBy("gt").count()
            .writeStream.outputMode(.complete).option("checkpointLocation", "checkpoints/gt")
            .queryName("test_stream").format("memory").trigger(.availableNow).start()
        try await query.awaitTermination()

        print(query.status.message)
        if let progress = query.lastProgress { print(progress.prettyJSON) }
        try await spark.table("test_stream").show()
        try await spark.stop()
        print(await kafkaMetrics.stop())

        let consumer = MetricsConsumer(bootstrapServers: broker, start: .beginning, stopsAtEnd: true)
        for try await progress in consumer.progress {
            print(progress.name ?? "-", progress.batchId ?? -1, progress.processedRowsPerSecond ?? 0)
        }
    }
}
