import CCurl
import Glibc

/// A handle of libcurl for one transfer, with what holds for all of them: no redirect, no proxy, no signal, bounded times, and every
/// address looked at.
final class CurlHandle {
    private static let isReady = sg_curl_global_init() == CURLE_OK

    private let handle: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private let errorText: UnsafeMutablePointer<CChar>
    private var fault: CURLcode?

    init() throws(ChannelError) {
        guard Self.isReady, let handle = curl_easy_init() else {
            throw ChannelError(
                code: .invalidConfiguration, message: "cannot begin a transfer: libcurl has no memory left",
                isRetriable: true)
        }
        self.handle = handle
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        set(CURLOPT_ERRORBUFFER, pointer: errorText)
    }

    deinit {
        curl_easy_cleanup(handle)
        for list in lists { curl_slist_free_all(list) }
        errorText.deallocate()
    }

    // MARK: Settings

    // The first setting that libcurl refuses is told by `perform`, so that none is forgotten and each call stays one line.
    private func note(_ code: CURLcode) {
        if code != CURLE_OK, fault == nil { fault = code }
    }

    func set(_ option: CURLoption, _ value: Int) { note(sg_curl_set_long(handle, option, value)) }

    func set(_ option: CURLoption, _ value: String) { note(sg_curl_set_text(handle, option, value)) }

    func set(_ option: CURLoption, size: Int) { note(sg_curl_set_size(handle, option, curl_off_t(size))) }

    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) {
        note(sg_curl_set_pointer(handle, option, pointer))
    }

    func set(_ option: CURLoption, lines: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else {
                note(CURLE_OUT_OF_MEMORY)
                break
            }
            list = longer
        }
        guard let list else { return }
        lists.append(list)
        note(sg_curl_set_list(handle, option, list))
    }

    /// What every transfer has; the context must live until it is over.
    func setCommon(_ context: TransferContext, schemes: String, timeouts: TransferTimeouts) {
        let pointer = Unmanaged.passUnretained(context).toOpaque()
        set(CURLOPT_PROTOCOLS_STR, schemes)
        set(CURLOPT_REDIR_PROTOCOLS_STR, schemes)
        set(CURLOPT_FOLLOWLOCATION, 0)
        // Neither http_proxy nor its relatives: a proxy would connect where it likes.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOPROXY, "*")
        set(CURLOPT_NOSIGNAL, 1)
        // A name that nobody answers for is looked up on a thread; the time limit holds without waiting for its end.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, timeouts.connectMilliseconds)
        set(CURLOPT_TIMEOUT_MS, timeouts.wholeMilliseconds)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        note(sg_curl_set_socket_function(handle, TransferContext.openSocket))
        set(CURLOPT_OPENSOCKETDATA, pointer: pointer)
        note(sg_curl_set_data_function(handle, CURLOPT_WRITEFUNCTION, TransferContext.writeBody))
        set(CURLOPT_WRITEDATA, pointer: pointer)
        note(sg_curl_set_data_function(handle, CURLOPT_HEADERFUNCTION, TransferContext.writeHeader))
        set(CURLOPT_HEADERDATA, pointer: pointer)
        note(sg_curl_set_data_function(handle, CURLOPT_READFUNCTION, TransferContext.readUpload))
        set(CURLOPT_READDATA, pointer: pointer)
        note(sg_curl_set_progress_function(handle, TransferContext.progress))
        set(CURLOPT_XFERINFODATA, pointer: pointer)
        set(CURLOPT_NOPROGRESS, 0)
    }

    // MARK: Running

    func perform() -> CURLcode {
        if let fault { return fault }
        return Self.withoutPipeSignal { curl_easy_perform(handle) }
    }

    /// A connection that the other side has closed would end the program by SIGPIPE, which libcurl leaves to its caller.
    private static func withoutPipeSignal<Result>(_ body: () -> Result) -> Result {
        var pipe = sigset_t()
        var before = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, &before)
        defer {
            var none = timespec()
            // One that came is taken, unless somebody else had it blocked and waits for it.
            if sigismember(&before, SIGPIPE) == 0 { while sigtimedwait(&pipe, nil, &none) == SIGPIPE {} }
            pthread_sigmask(SIG_SETMASK, &before, nil)
        }
        return body()
    }

    /// The status of the last answer, of HTTP or SMTP; 0 where there was none.
    var responseCode: Int {
        var code = 0
        return sg_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK ? code : 0
    }

    /// What the header `Retry-After` asked for.
    var retryAfter: Duration? {
        var seconds: curl_off_t = 0
        guard sg_curl_get_size(handle, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK, seconds > 0 else { return nil }
        return .seconds(min(Int64(seconds), 86_400))
    }

    /// What libcurl says of a failure.
    func text(of code: CURLcode) -> String {
        let detail = String(cString: errorText)
        return detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
    }
}

/// How long a transfer may take.
struct TransferTimeouts: Sendable, Hashable {
    let connectMilliseconds: Int
    let wholeMilliseconds: Int

    /// The connection gets the whole time, and five seconds at most.
    init(_ whole: Duration) {
        let (seconds, attoseconds) = min(max(whole, .milliseconds(1)), .seconds(86_400)).components
        wholeMilliseconds = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
        connectMilliseconds = min(wholeMilliseconds, 5000)
    }
}
