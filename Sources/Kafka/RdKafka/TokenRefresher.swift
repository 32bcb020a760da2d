import CRdKafka

/// Brings OAUTHBEARER tokens to a client: asked on librdkafka's background thread, fetched on a thread of its own.
///
/// The background thread must not wait for a provider, since destroying a client joins it. The provider's thread may
/// outlive the client: it reaches it through ``Handle/withClient(otherwise:_:)``, which refuses after the end.
final class TokenRefresher: Sendable {
    private struct State: Sendable {
        weak var handle: Handle?
        var isFetching = false
    }

    private let provider: OAuthBearerProvider
    private let state = Monitor(State())

    init(_ provider: OAuthBearerProvider) { self.provider = provider }

    /// Names the client, which is not there yet when this is made.
    func attach(_ handle: Handle) { state.withLock { $0.handle = handle } }

    /// Fetches a token unless that is under way.
    func refresh() {
        let isFirst = state.withLock { state in
            defer { state.isFetching = true }
            return !state.isFetching
        }
        guard isFirst else { return }
        do throws(KafkaError) {
            try DedicatedThread.start(name: "kafka-token") { [self] in
                do {
                    finish(.success(try provider.token()))
                } catch {
                    finish(.failure(error))
                }
            }
        } catch {
            finish(.failure(error))
        }
    }

    private func finish(_ result: Result<OAuthBearerToken, any Error>) {
        let handle = state.withLock { state in
            state.isFetching = false
            return state.handle
        }
        // Refused only when the client has ended meanwhile.
        try? handle?.withClient(otherwise: KafkaError.closed("set a token")) { (client) throws(KafkaError) in
            switch result {
            case .success(let token):
                if let refusal = Self.set(token, on: client) { Self.fail(refusal, on: client) }
            case .failure(let error): Self.fail("\(error)", on: client)
            }
        }
    }

    /// librdkafka tells it as an error of the client and asks again after ten seconds.
    private static func fail(_ reason: String, on client: OpaquePointer) {
        rd_kafka_oauthbearer_set_token_failure(client, reason)
    }

    /// Why librdkafka refuses the token; nil when it took it. Its words name lifetimes and extensions, never the token.
    private static func set(_ token: OAuthBearerToken, on client: OpaquePointer) -> String? {
        let pairs = token.extensions.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        guard !([token.value.text, token.principal] + pairs).contains(where: { $0.utf8.contains(0) }) else {
            return "the token, its principal or an extension contains a NUL byte"
        }
        var reason = [CChar](repeating: 0, count: 512)
        let code = withCStrings(pairs) { extensions in
            rd_kafka_oauthbearer_set_token(
                client, token.value.text, token.expiresAtMs, token.principal, extensions.baseAddress, pairs.count,
                &reason, reason.count)
        }
        return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : String(cBytes: reason)
    }

    /// Copies of the texts as C texts, for the time of the call.
    private static func withCStrings<R>(
        _ texts: [String], _ body: (UnsafeMutableBufferPointer<UnsafePointer<CChar>?>) -> R
    ) -> R {
        let copies = texts.map { text in
            let bytes = Array(text.utf8CString)
            let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
            _ = copy.initialize(from: bytes)
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        var pointers: [UnsafePointer<CChar>?] = copies.map { UnsafePointer($0.baseAddress) }
        return pointers.withUnsafeMutableBufferPointer { body($0) }
    }
}
