import CRdKafka

/// Facts on the librdkafka that this program runs with.
public enum RdKafkaLibrary {
    /// The version, such as `2.0.2`.
    public static var version: String { String(cString: rd_kafka_version_str()) }

    /// What it was built with, such as `ssl`, `sasl_scram` and `zstd`.
    public static var features: [String] {
        guard let configuration = rd_kafka_conf_new() else { return [] }
        defer { rd_kafka_conf_destroy(configuration) }
        var text = [CChar](repeating: 0, count: 1024)
        var size = text.count
        guard rd_kafka_conf_get(configuration, "builtin.features", &text, &size) == RD_KAFKA_CONF_OK else { return [] }
        return String(cBytes: text).split(separator: ",").map(String.init)
    }
}
