import CRdKafka
import Synchronization

/// What librdkafka's callbacks reach: handlers that may be called on any of its threads, and never block it.
final class CallbackContext: Sendable {
    let onLog: @Sendable (KafkaLogEntry) -> Void
    let onError: @Sendable (KafkaError) -> Void
    /// Runs on the poll thread, inside a poll or the closing of a consumer. Gives the offsets to be stored before
    /// partitions go away, and those to begin with where they come and the group's commits are not to count.
    let onRebalance: @Sendable (Rebalance) -> [(TopicPartition, Int64)]
    /// Brings OAUTHBEARER tokens; set by ``Handle`` before a callback can come.
    let tokenRefresher = Mutex<TokenRefresher?>(nil)

    init(
        onLog: @escaping @Sendable (KafkaLogEntry) -> Void, onError: @escaping @Sendable (KafkaError) -> Void,
        onRebalance: @escaping @Sendable (Rebalance) -> [(TopicPartition, Int64)] = { _ in [] }
    ) {
        self.onLog = onLog
        self.onError = onError
        self.onRebalance = onRebalance
    }
}

/// A change of the partitions that a member of a group reads.
enum Rebalance: Sendable {
    /// These come in addition, or are all there are.
    case assigned([TopicPartition])
    /// These go away; the last moment to store their offsets.
    case revoked([TopicPartition])
    /// These went away already: nothing of them can be stored.
    case lost([TopicPartition])
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
            rd_kafka_conf_set_rebalance_cb(configuration, rebalanceCallback)
        case .committer:
            rd_kafka_conf_set_events(configuration, RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_ERROR)
        case .admin:
            // Without the event some errors, such as a token that cannot be had, would only be logged.
            rd_kafka_conf_set_events(configuration, RD_KAFKA_EVENT_ERROR)
            rd_kafka_conf_set_background_event_cb(configuration, backgroundEventCallback)
        }
    }

    /// Has tokens asked for on librdkafka's background thread, which does not depend on who polls.
    static func installTokenRefresh(on configuration: OpaquePointer) {
        rd_kafka_conf_set_oauthbearer_token_refresh_cb(configuration, tokenRefreshCallback)
        rd_kafka_conf_enable_sasl_queue(configuration, 1)
    }

    static func context(_ opaque: UnsafeMutableRawPointer?) -> CallbackContext? {
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

private func tokenRefreshCallback(
    _ client: OpaquePointer?, _ configuration: UnsafePointer<CChar>?, _ opaque: UnsafeMutableRawPointer?
) {
    Callbacks.context(opaque)?.tokenRefresher.withLock { $0 }?.refresh()
}

/// On librdkafka's background thread, which serves a client that nobody polls.
private func backgroundEventCallback(
    _ client: OpaquePointer?, _ event: OpaquePointer?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let client, let event else { return }
    defer { rd_kafka_event_destroy(event) }
    guard rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR, let context = Callbacks.context(opaque) else { return }
    let reason = rd_kafka_event_error_string(event).map { String(cString: $0) }
    context.onError(KafkaError.reported(rd_kafka_event_error(event), reason, client: client))
}

private func rebalanceCallback(
    _ client: OpaquePointer?, _ code: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let client, let list, let context = Callbacks.context(opaque) else { return }
    let partitions = TopicPartitionList.elements(list).map(\.partition)
    let cooperative = rd_kafka_rebalance_protocol(client).map { String(cString: $0) } == "COOPERATIVE"
    var failure: rd_kafka_resp_err_t = RD_KAFKA_RESP_ERR_NO_ERROR
    if code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
        TopicPartitionList.setOffsets(context.onRebalance(.assigned(partitions)), in: list)
        failure = answer(cooperative ? rd_kafka_incremental_assign(client, list) : nil) {
            cooperative ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_assign(client, list)
        }
        // The poll ends here instead of waiting on for a record: the poll thread has to tell of this, and to hurry the first fetch.
        rd_kafka_yield(client)
    } else {
        let isLost = rd_kafka_assignment_lost(client) != 0
        let offsets = context.onRebalance(isLost ? .lost(partitions) : .revoked(partitions))
        if !offsets.isEmpty, let list = try? TopicPartitionList(offsets) {
            // Partitions that were lost before cannot be stored; their next owner reads the records again.
            rd_kafka_offsets_store(client, list.pointer)
        }
        failure = answer(cooperative ? rd_kafka_incremental_unassign(client, list) : nil) {
            cooperative ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_assign(client, nil)
        }
    }
    if failure != RD_KAFKA_RESP_ERR_NO_ERROR {
        context.onError(KafkaError(failure, attempt: "take part in a rebalance of the group"))
    }
}

/// The number of an error object, which is released, or what the closure gives.
private func answer(_ error: OpaquePointer?, else code: () -> rd_kafka_resp_err_t) -> rd_kafka_resp_err_t {
    guard let error else { return code() }
    defer { rd_kafka_error_destroy(error) }
    return rd_kafka_error_code(error)
}
