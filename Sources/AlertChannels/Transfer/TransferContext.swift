import CCurl
import Glibc

/// What libcurl's callbacks share with the call that started the transfer. They run on its thread and within it.
final class TransferContext {
    /// Bytes of an answer's body that are kept; nothing more is read.
    static let maximumBodyBytes = 65_536
    /// Bytes of all header lines that are read.
    static let maximumHeaderBytes = 65_536

    private let policy: AddressPolicy
    private let cancellation: CancellationFlag
    private let upload: [UInt8]
    private var sent = 0
    private var headerBytes = 0
    private(set) var body: [UInt8] = []
    /// Why an address was not connected to; the first one's reason.
    private(set) var refusal: String?
    private(set) var isTooLong = false
    private(set) var hasTooManyHeaders = false
    private(set) var hasOpened = false

    init(policy: AddressPolicy, upload: [UInt8], cancellation: CancellationFlag) {
        self.policy = policy
        self.upload = upload
        self.cancellation = cancellation
    }

    var isCancelled: Bool { cancellation.isSet }

    /// Opens a socket for exactly the address that was looked at, or none.
    fileprivate func open(_ address: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
        guard let address else { return -1 }
        let found = withUnsafePointer(to: &address.pointee.addr) { IPAddress($0) }
        guard let found else {
            refusal = refusal ?? "its address is of an unknown family"
            return -1
        }
        if let reason = policy.refusal(of: found) {
            refusal = refusal ?? reason
            return -1
        }
        hasOpened = true
        let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, type, address.pointee.protocol)
    }

    fileprivate func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        let room = Self.maximumBodyBytes - body.count
        body += bytes.prefix(room)
        guard bytes.count <= room else {
            isTooLong = true
            return 0
        }
        return bytes.count
    }

    fileprivate func receiveHeader(_ count: Int) -> Int {
        headerBytes += count
        guard headerBytes <= Self.maximumHeaderBytes else {
            hasTooManyHeaders = true
            return 0
        }
        return count
    }

    fileprivate func send(into room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(room.count, upload.count - sent)
        room.copyBytes(from: upload[sent..<(sent + count)])
        sent += count
        return count
    }

    // MARK: Callbacks

    // The context is not retained: the caller holds it until the transfer is over.
    private static func of(_ pointer: UnsafeMutableRawPointer?) -> TransferContext? {
        pointer.map { Unmanaged<TransferContext>.fromOpaque($0).takeUnretainedValue() }
    }

    static let openSocket:
        @convention(c) (
            UnsafeMutableRawPointer?, curlsocktype, UnsafeMutablePointer<curl_sockaddr>?
        ) -> curl_socket_t = { context, _, address in
            TransferContext.of(context)?.open(address) ?? -1
        }

    static let writeBody: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
        bytes, size, count, context in
        TransferContext.of(context)?.receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
    }

    static let writeHeader: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
        _, size, count, context in
        TransferContext.of(context)?.receiveHeader(size * count) ?? 0
    }

    static let readUpload: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
        room, size, count, context in
        TransferContext.of(context)?.send(into: UnsafeMutableRawBufferPointer(start: room, count: size * count)) ?? 0
    }

    static let progress:
        @convention(c) (UnsafeMutableRawPointer?, curl_off_t, curl_off_t, curl_off_t, curl_off_t) -> Int32 =
            { context, _, _, _, _ in
                TransferContext.of(context)?.isCancelled == true ? 1 : 0
            }
}
