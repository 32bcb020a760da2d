/// What this library lets through to librdkafka by name, and what it says of the rest.
///
/// An allow-list and not a list of exceptions: a later librdkafka may learn options that load code or run commands, and a
/// configuration file must not reach them. What the typed API sets itself, such as callbacks, is not for text either.
enum PropertyRules {
    /// How a value is written, as far as librdkafka is too lenient: it reads `5s` as 5.
    enum Kind: Sendable {
        case text, integer, decimal
        /// The path of a file, which is never the content itself.
        case path
    }

    /// Names that say the same, by the name that is kept.
    static let aliases: [String: String] = [
        "metadata.broker.list": "bootstrap.servers", "sasl.mechanism": "sasl.mechanisms",
        "compression.codec": "compression.type", "queue.buffering.max.ms": "linger.ms",
        "message.send.max.retries": "retries", "request.required.acks": "acks",
        "delivery.timeout.ms": "message.timeout.ms", "fetch.message.max.bytes": "max.partition.fetch.bytes",
        "max.in.flight": "max.in.flight.requests.per.connection",
    ]

    /// Our own property: the file that holds an OAUTHBEARER token, read again at each refresh.
    static let tokenFile = "sasl.oauthbearer.token.file"

    /// What may be set, with how its value is written.
    static let allowed: [String: Kind] = {
        var all: [String: Kind] = [:]
        for name in text { all[name] = .text }
        for name in integers { all[name] = .integer }
        for name in paths { all[name] = .path }
        all["linger.ms"] = .decimal
        for (alias, name) in aliases { all[alias] = all[name] }
        return all
    }()

    /// Whether a value must never be shown.
    static func isSecret(_ name: String) -> Bool {
        ["password", "secret", "oauthbearer.config", "key.pem", "ssl_key", "jaas", "keystore.key", "assertion"].contains
        {
            name.contains($0)
        }
    }

    /// Why a property cannot be set; nil when it can.
    static func refusal(of name: String) -> String? {
        if allowed[name] != nil { return nil }
        if let reason = withheld[name] { return reason }
        if let hint = JavaNames.hints[name] { return "that is a name of Kafka's Java clients: \(hint)" }
        if name.hasSuffix("_cb") || name.contains("callback") || name.contains("opaque") {
            return "callbacks are not for text: they are set by the program"
        }
        if name.hasPrefix("ssl.engine") || name.hasPrefix("ssl_engine") { return engine }
        let hint = suggestion(for: name).map { "; do you mean \($0)?" } ?? "; see librdkafka's CONFIGURATION.md"
        return "there is no such option among those that are passed on to librdkafka \(RdKafkaLibrary.version)\(hint)"
    }

    /// Why a value cannot be; nil when librdkafka may decide. The text shows no value.
    static func refusal(ofValue value: String, for name: String) -> String? {
        if value.hasPrefix("org.apache.kafka."), !isSecret(name) {
            return "a class of Java's clients means nothing here"
                + (name == "partition.assignment.strategy" ? "; write range, roundrobin or cooperative-sticky" : "")
        }
        switch allowed[name] {
        case .integer where !isNumber(value, decimal: false):
            return "it takes a whole number without a unit" + unit(of: name)
        case .decimal where !isNumber(value, decimal: true):
            return "it takes a number without a unit" + unit(of: name)
        case .path where value.contains("-----BEGIN") || value.contains("\n"):
            return
                "it takes the path of a file, and what is given is the content; write it to a file that only you can read"
        case .path where name == tokenFile && value.hasPrefix("eyJ"):
            return "it takes the path of a file, and what is given looks like the token itself; "
                + "write it to a file that only you can read"
        default: return nil
        }
    }

    private static func unit(of name: String) -> String {
        if name.hasSuffix(".ms") { return "; it counts milliseconds" }
        if name.hasSuffix("kbytes") { return "; it counts kilobytes" }
        return name.hasSuffix("bytes") ? "; it counts bytes" : ""
    }

    private static func isNumber(_ value: String, decimal: Bool) -> Bool {
        let digits = value.hasPrefix("-") ? value.dropFirst() : value[...]
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= (decimal ? 2 : 1) else { return false }
        return parts.allSatisfy {
            !$0.isEmpty && $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
    }

    /// The allowed name that takes the fewest changes, at most three.
    private static func suggestion(for name: String) -> String? {
        guard name.utf8.count <= 64 else { return nil }
        let best = allowed.keys.sorted().map { ($0, distance(name, $0)) }.min { $0.1 < $1.1 }
        return best.flatMap { $0.1 <= 3 ? $0.0 : nil }
    }

    private static func distance(_ a: String, _ b: String) -> Int {
        let b = Array(b.utf8)
        var row = Array(0...b.count)
        for (i, x) in a.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                (row[j + 1], diagonal) = (min(row[j + 1] + 1, row[j] + 1, diagonal + (x == y ? 0 : 1)), row[j + 1])
            }
        }
        return row[b.count]
    }

    private static let engine = "it loads code into this program; use PEM files and ssl.providers"
    private static let ours = "this library sets it itself and would not work with another value"

    /// What librdkafka knows and this library does not pass on.
    private static let withheld: [String: String] = [
        "plugin.library.paths": "it loads code into this program",
        "interceptors": "it is set by plugins, which are code loaded into this program",
        "ssl.engine.location": engine, "ssl.engine.id": engine,
        "sasl.kerberos.kinit.cmd": "it runs a command; renew tickets outside, such as with k5start",
        "ssl_key": "it is set by the program; use ssl.key.location or ssl.key.pem",
        "ssl_certificate": "it is set by the program; use ssl.certificate.location or ssl.certificate.pem",
        "ssl_ca": "it is set by the program; use ssl.ca.location or ssl.ca.pem",
        "enabled_events": ours, "log.queue": ours, "enable.auto.offset.store": ours, "enable.partition.eof": ours,
        "delivery.report.only.error": ours, "produce.offset.report": ours, "internal.termination.signal": ours,
        "default_topic_conf": ours, "builtin.features": "it can only be read",
        "transactional.id": "this library sends no transactions",
        "transaction.timeout.ms": "this library sends no transactions",
        "offset.store.method": "offsets are kept by the broker", "offset.store.path": "offsets are kept by the broker",
        "offset.store.sync.interval.ms": "offsets are kept by the broker",
        "auto.commit.enable": "it belongs to a consumer that this library does not use; set enable.auto.commit",
        "msg_order_cmp": "it is set by the program and deprecated",
        "queuing.strategy": "it is deprecated, and would send records out of order",
    ]
}

extension KafkaConfiguration {
    /// Whether the properties set an option, under any of its names.
    package func sets(_ name: String) -> Bool {
        properties.keys.contains { (PropertyRules.aliases[$0] ?? $0) == name }
    }
}
