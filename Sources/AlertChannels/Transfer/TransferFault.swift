import CCurl

/// What libcurl's codes mean for a channel.
enum TransferFault {
    static func error(
        _ code: CURLcode, _ handle: CurlHandle, _ context: TransferContext, to what: String, host: String
    ) -> ChannelError {
        func error(_ kind: ChannelError.Code, _ reason: String, isRetriable: Bool = true) -> ChannelError {
            ChannelError(code: kind, message: "cannot \(what): \(reason)", isRetriable: isRetriable)
        }
        if context.isCancelled { return error(.cancelled, "it was broken off") }
        if let refusal = context.refusal, !context.hasOpened {
            let isName = IPAddress(host.hasPrefix("[") ? host.dropFirst().dropLast() : host[...]) == nil
            return error(
                .addressRefused, isName ? "\(host) resolves to an address that is not allowed: \(refusal)" : refusal,
                isRetriable: false)
        }
        if context.hasTooManyHeaders {
            return error(
                .malformedAnswer, "the answer has more than \(TransferContext.maximumHeaderBytes) bytes of headers")
        }
        let text = SafeText.line(handle.text(of: code), limit: 300)
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return error(.timedOut, text)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING,
            CURLE_PARTIAL_FILE:
            return error(.unreachable, text)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_USE_SSL_FAILED:
            return error(.tlsFailed, text)
        case CURLE_LOGIN_DENIED: return error(.refused, text, isRetriable: false)
        // The same code stands for an answer that is no HTTP.
        case CURLE_UNSUPPORTED_PROTOCOL where context.hasOpened: return error(.malformedAnswer, text)
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION,
            CURLE_NOT_BUILT_IN:
            return error(.invalidConfiguration, text, isRetriable: false)
        default: return error(.malformedAnswer, text)
        }
    }
}
