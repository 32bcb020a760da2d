/// What a ``FaultProxy`` does with the frames of one connection: it tells clients its own port instead of the broker's, and
/// asks for a login where there is a ``SASLResponder``.
///
/// A frame is four bytes of length and the rest. A request begins with the kind (16 bits), its version (16) and a number
/// (32) that the answer repeats.
struct ProtocolGate {
    /// What all connections of a proxy have in common.
    struct Settings: Sendable {
        var target: UInt16
        var advertised: Int?
        var sasl: SASLResponder?
    }

    /// What becomes of a request.
    enum Verdict {
        case forward([UInt8])
        /// The proxy answers itself, and may end the connection with that.
        case reply([UInt8], ends: Bool)
        /// The connection ends without an answer.
        case refuse
    }

    private enum Kind {
        static let metadata: Int16 = 3
        static let findCoordinator: Int16 = 10
        static let saslHandshake: Int16 = 17
        static let apiVersions: Int16 = 18
        static let saslAuthenticate: Int16 = 36
    }

    private let settings: Settings
    /// The requests whose answers are looked at, by number.
    private var awaited: [Int32: (kind: Int16, version: Int16)] = [:]
    private var exchange: SASLExchange?

    init(_ settings: Settings) {
        self.settings = settings
        exchange = settings.sasl.map { SASLExchange($0) }
    }

    /// Takes the first whole frame off the bytes, its length included.
    static func takeFrame(_ bytes: inout [UInt8]) -> [UInt8]? {
        guard bytes.count >= 4 else { return nil }
        let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count - 4 >= length else { return nil }
        defer { bytes.removeFirst(length + 4) }
        return Array(bytes[..<(length + 4)])
    }

    mutating func fromClient(_ frame: [UInt8]) -> Verdict {
        var reader = WireReader(frame.dropFirst(4))
        guard let kind = reader.int16(), let version = reader.int16(), let number = reader.int32() else {
            return .refuse
        }
        if [Kind.metadata, Kind.findCoordinator, Kind.apiVersions].contains(kind) {
            awaited[number] = (kind, version)
        }
        guard exchange?.isAuthenticated == false, kind != Kind.apiVersions else { return .forward(frame) }
        // Without a login nothing else is answered, as brokers do it.
        guard kind == Kind.saslHandshake || kind == Kind.saslAuthenticate, reader.string() != nil else {
            return .refuse
        }
        var answer = WireWriter()
        answer.int32(number)
        if kind == Kind.saslHandshake {
            let mechanism = (reader.string() ?? nil) ?? ""
            let accepted = exchange?.begin(mechanism) ?? false
            answer.int16(accepted ? 0 : 33)
            answer.strings(settings.sasl?.mechanisms.map(\.rawValue) ?? [])
            return .reply(answer.frame, ends: !accepted)
        }
        switch exchange?.step(reader.bytes() ?? []) {
        case .reply(let bytes):
            answer.int16(0)
            answer.string(nil)
            answer.bytes(bytes)
            return .reply(answer.frame, ends: false)
        case .failure(let reason):
            answer.int16(58)
            answer.string(reason)
            answer.bytes([])
            return .reply(answer.frame, ends: true)
        case nil: return .refuse
        }
    }

    mutating func fromBroker(_ frame: [UInt8]) -> [UInt8] {
        var reader = WireReader(frame.dropFirst(4))
        guard let number = reader.int32(), let request = awaited.removeValue(forKey: number) else { return frame }
        if request.kind == Kind.apiVersions {
            return exchange == nil ? frame : Self.addLogin(to: frame, version: request.version)
        }
        return rewritten(frame)
    }

    /// The frame with the proxy's port behind each mention of the loopback address; no length changes by it.
    private func rewritten(_ frame: [UInt8]) -> [UInt8] {
        let host = Array("127.0.0.1".utf8)
        let old = WireWriter.int32(Int32(settings.target))
        let new = WireWriter.int32(Int32(settings.advertised ?? 0))
        var frame = frame
        var index = 4
        while index + host.count + 4 <= frame.count {
            let port = index + host.count
            if frame[index] == host[0], frame[index..<port].elementsEqual(host),
                frame[port..<(port + 4)].elementsEqual(old)
            {
                frame.replaceSubrange(port..<(port + 4), with: new)
                index = port + 4
            } else {
                index += 1
            }
        }
        return frame
    }

    /// Adds the two requests of a login to a broker's list of what it can do, unless they are there.
    private static func addLogin(to frame: [UInt8], version: Int16) -> [UInt8] {
        // Length, number, error, then the list: with a count of 32 bits, or from version 3 on of one byte plus one.
        let isCompact = version >= 3
        let list = 4 + 4 + 2
        let start = list + (isCompact ? 1 : 4)
        guard frame.count >= start, frame[8] == 0, frame[9] == 0 else { return frame }
        let count = isCompact ? Int(frame[list]) - 1 : frame[list..<start].reduce(0) { $0 << 8 | Int($1) }
        let size = isCompact ? 7 : 6
        guard count >= 0, count < 120, frame.count >= start + count * size else { return frame }
        var added = WireWriter()
        var addedCount = 0
        for (kind, newest) in [(Kind.saslHandshake, Int16(1)), (Kind.saslAuthenticate, 0)] {
            let isThere = (0..<count).contains { entry in
                frame[start + entry * size] == 0 && frame[start + entry * size + 1] == UInt8(kind)
            }
            if isThere { continue }
            addedCount += 1
            added.int16(kind)
            added.int16(0)
            added.int16(newest)
            if isCompact { added.content.append(0) }
        }
        var body = Array(frame[4..<list])
        body += isCompact ? [UInt8(count + addedCount + 1)] : WireWriter.int32(Int32(count + addedCount))
        return WireWriter(content: body + added.content + frame[start...]).frame
    }
}

/// Reads Kafka's plain types; each gives nil beyond the end.
struct WireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func int16() -> Int16? { take(2).map { Int16(truncatingIfNeeded: Self.number($0)) } }
    mutating func int32() -> Int32? { take(4).map { Int32(truncatingIfNeeded: Self.number($0)) } }

    /// A text, which may be nil itself.
    mutating func string() -> String?? {
        guard let count = int16() else { return nil }
        if count < 0 { return .some(nil) }
        return take(Int(count)).map { String(decoding: $0, as: UTF8.self) }
    }

    mutating func bytes() -> [UInt8]? {
        guard let count = int32(), count >= 0 else { return nil }
        return take(Int(count)).map { Array($0) }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}

/// Writes Kafka's plain types.
struct WireWriter {
    var content: [UInt8] = []

    /// The content with its length before it.
    var frame: [UInt8] { Self.int32(Int32(content.count)) + content }

    mutating func int16(_ value: Int16) {
        content += [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }
    mutating func int32(_ value: Int32) { content += Self.int32(value) }

    mutating func string(_ text: String?) {
        guard let text else { return int16(-1) }
        int16(Int16(clamping: text.utf8.count))
        content += Array(text.utf8)
    }

    mutating func strings(_ texts: [String]) {
        int32(Int32(texts.count))
        for text in texts { string(text) }
    }

    mutating func bytes(_ bytes: [UInt8]) {
        int32(Int32(bytes.count))
        content += bytes
    }

    static func int32(_ value: Int32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
