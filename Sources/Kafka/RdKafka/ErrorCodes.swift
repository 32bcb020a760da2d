import CRdKafka

extension KafkaError {
    /// An error from librdkafka's number.
    ///
    /// - Parameters:
    ///   - code: The number.
    ///   - attempt: What was attempted and on what, to stand after "cannot".
    ///   - detail: The reason in librdkafka's words; nil takes its text for the number.
    ///   - topic: The topic that was concerned; counts only where the number says that the topic is at fault.
    init(
        _ code: rd_kafka_resp_err_t, attempt: String, detail: String? = nil, topic: String? = nil, isFatal: Bool = false
    ) {
        let reason = detail ?? String(cString: rd_kafka_err2str(code))
        // OpenSSL's words for the broker's last one (TLS 1.3, alert 116), which librdkafka calls a lost connection.
        let wantsCertificate = reason.contains("alert certificate required")
        let kind = wantsCertificate ? .tlsFailed : Self.code(of: code)
        let hint =
            wantsCertificate
            ? "; the broker asks for a client's certificate: give ssl.certificate.location and ssl.key.location"
            : kind.hint.map { "; \($0)" } ?? ""
        self.init(
            code: isFatal ? .fatal : kind, rdKafkaCode: code.rawValue,
            rdKafkaName: String(cString: rd_kafka_err2name(code)), message: "cannot \(attempt): \(reason)\(hint)",
            topic: kind.blamesTopic ? topic : nil, isFatal: isFatal || kind == .fatal,
            isRetriable: !isFatal && Self.isRetriable(code))
    }

    /// An error that librdkafka reports by itself. For `_FATAL` the true reason is asked for.
    static func reported(_ code: rd_kafka_resp_err_t, _ reason: String?, client: OpaquePointer) -> KafkaError {
        if code == RD_KAFKA_RESP_ERR__FATAL, let fatal = fatal(of: client) { return fatal }
        return KafkaError(code, attempt: "reach Kafka", detail: reason)
    }

    /// Why a client has failed for good; nil while it has not.
    static func fatal(of client: OpaquePointer) -> KafkaError? {
        var reason = [CChar](repeating: 0, count: 512)
        let code = rd_kafka_fatal_error(client, &reason, reason.count)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return KafkaError(code, attempt: "go on with this Kafka client", detail: String(cBytes: reason), isFatal: true)
    }

    /// An error object of librdkafka, which is released here.
    init(consuming error: OpaquePointer, attempt: String) {
        let fatal = rd_kafka_error_is_fatal(error) != 0
        self.init(
            rd_kafka_error_code(error), attempt: attempt, detail: String(cString: rd_kafka_error_string(error)),
            isFatal: fatal)
        if rd_kafka_error_is_retriable(error) != 0 { isRetriable = true }
        rd_kafka_error_destroy(error)
    }

    private static func isRetriable(_ code: rd_kafka_resp_err_t) -> Bool {
        switch code {
        case RD_KAFKA_RESP_ERR__QUEUE_FULL, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
            RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__IN_PROGRESS,
            RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
            RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RD_KAFKA_RESP_ERR_NOT_CONTROLLER,
            RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
            true
        default: false
        }
    }

    private static func code(of code: rd_kafka_resp_err_t) -> Code {
        switch code {
        case RD_KAFKA_RESP_ERR__QUEUE_FULL: .queueFull
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE: .messageTooLarge
        case RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
            .timedOut
        case RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT: .purged
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE:
            .brokerUnreachable
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
            .unknownTopicOrPartition
        case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: .topicAlreadyExists
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
            .authenticationFailed
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
            .notAuthorized
        case RD_KAFKA_RESP_ERR__SSL: .tlsFailed
        case RD_KAFKA_RESP_ERR__FATAL: .fatal
        case RD_KAFKA_RESP_ERR__INVALID_ARG, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: .invalidArgument
        case RD_KAFKA_RESP_ERR__DESTROY: .closed
        default: code.rawValue > 0 ? .broker : .client
        }
    }
}

extension KafkaError.Code {
    /// Whether the topic is at fault, and others may be well.
    fileprivate var blamesTopic: Bool {
        switch self {
        case .unknownTopicOrPartition, .notAuthorized, .invalidArgument, .broker: true
        default: false
        }
    }

    /// What to do about it.
    fileprivate var hint: String? {
        switch self {
        case .queueFull: "wait for delivery reports, or raise queue.buffering.max.messages"
        case .messageTooLarge: "raise message.max.bytes here and max.message.bytes of the topic, or send less"
        case .timedOut, .brokerUnreachable:
            "check that the broker runs, the bootstrap servers and the network; the client keeps trying"
        case .unknownTopicOrPartition: "create the topic, or check its name"
        case .authenticationFailed: "check the mechanism, the user and the password"
        case .notAuthorized: "give this user the right in the cluster's access lists"
        case .tlsFailed: "check the certificates and security.protocol"
        case .fatal: "close this client and make a new one"
        default: nil
        }
    }
}
