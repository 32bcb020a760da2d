import CRdKafka

/// What librdkafka's callbacks reach: handlers that may be called on any of its threads, and never block it.
final class CallbackContext: Sendable {
    let onLog: @Sendable (KafkaLogEntry) -> Void
    let onError: @Sendable (KafkaError) -> Void

    init(onLog: @escaping @Sendable (KafkaLogEntry) -> Void, onError: @escaping @Sendable (KafkaError) -> Void) {
        self.onLog = onLog
        self.onError = onError
    }
}

/// The C callbacks. The context is the client's opaque: retained by ``Handle``'s initialiser, released after
/// `rd_kafka_destroy`, so it is alive whenever a callback runs. Bytes are copied before returning.
enum Callbacks {
    static func install(on configuration: OpaquePointer, role: Handle.Role) {
        // Without a log callback librdkafka writes to stderr, fatal errors even at log level 0.
        rd_kafka_conf_set_log_cb(configuration, logCallback)
        switch role {
        case .producer:
            rd_kafka_conf_set_events(configuration, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR)
        case .consumer:
            rd_kafka_conf_set_error_cb(configuration, errorCallback)
        }
    }

    fileprivate static func context(_ opaque: UnsafeMutableRawPointer?) -> CallbackContext? {
        opaque.map { Unmanaged<CallbackContext>.fromOpaque($0).takeUnretainedValue() }
    }
}

private func logCallback(
    _ client: OpaquePointer?, _ level: Int32, _ facility: UnsafePointer<CChar>?, _ text: UnsafePointer<CChar>?
) {
    guard let client, let context = Callbacks.context(rd_kafka_opaque(client)) else { return }
    context.onLog(
        KafkaLogEntry(
            level: KafkaLogEntry.Level(rawValue: level) ?? .debug, facility: facility.map { String(cString: $0) } ?? "",
            message: text.map { String(cString: $0) } ?? ""))
}

private func errorCallback(
    _ client: OpaquePointer?, _ code: Int32, _ reason: UnsafePointer<CChar>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let client, let context = Callbacks.context(opaque) else { return }
    let code = rd_kafka_resp_err_t(rawValue: code)
    context.onError(
        KafkaError.reported(code, reason.map { String(cString: $0) }, client: client))
}
