import FoundationEssentials

/// What a path leads to. The list of paths is what the OpenAPI document describes.
enum Route: Hashable {
    case page
    case asset(String)
    case login
    case metrics
    case health
    case openAPI
    case queries
    case query(UUID)
    case history(UUID)
    case batches(UUID)
    case batch(UUID, runId: UUID, batchId: Int64)
    case alerts
    case events

    /// Why a path leads nowhere.
    enum Failure: Error, Hashable {
        case notFound
        case malformed(String)
    }

    /// Reads a path, still with its percent signs, without the query.
    init(path: String) throws(Failure) {
        guard path.hasPrefix("/") else { throw .malformed("the path must begin with /") }
        var segments: [String] = []
        for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let text = part.removingPercentEncoding, !text.utf8.contains(0) else {
                throw .malformed("the path has a percent sign that is no escape")
            }
            segments.append(text)
        }
        switch (segments.first, segments.count) {
        case ("", 1): self = .page
        case ("queries", 2):
            _ = try Self.id(segments[1])
            self = .page
        case ("assets", 2): self = .asset(segments[1])
        case ("login", 1): self = .login
        case ("metrics", 1): self = .metrics
        case ("healthz", 1): self = .health
        case ("openapi.json", 1): self = .openAPI
        case ("api", 3...) where segments[1] == "v1": self = try Self.api(segments.dropFirst(2))
        default: throw .notFound
        }
    }

    private static func api(_ segments: ArraySlice<String>) throws(Failure) -> Route {
        let parts = Array(segments)
        switch (parts[0], parts.count) {
        case ("queries", 1): return .queries
        case ("alerts", 1): return .alerts
        case ("events", 1): return .events
        case ("queries", 2): return .query(try id(parts[1]))
        case ("queries", 3) where parts[2] == "history": return .history(try id(parts[1]))
        case ("queries", 3) where parts[2] == "batches": return .batches(try id(parts[1]))
        case ("queries", 5) where parts[2] == "batches":
            let (query, run) = (try id(parts[1]), try id(parts[3]))
            guard let batchId = Int64(parts[4]), parts[4].first != "+" else { throw .notFound }
            return .batch(query, runId: run, batchId: batchId)
        default: throw .notFound
        }
    }

    /// An id in its usual form; nothing else names a query.
    private static func id(_ text: String) throws(Failure) -> UUID {
        guard let id = UUID(uuidString: text) else { throw .notFound }
        return id
    }

    /// The methods that it takes.
    var methods: [String] { self == .login ? ["GET", "HEAD", "POST"] : ["GET", "HEAD"] }

    /// Whether it is for everybody: what a browser needs to log in.
    var isOpen: Bool {
        switch self {
        case .login, .asset: true
        default: false
        }
    }
}

extension Substring {
    /// The text that a path's part stands for; nil where an escape is broken or the bytes are no UTF-8.
    var removingPercentEncoding: String? { PercentText.decode(utf8, plusIsSpace: false) }
}

/// Reads percent escapes, strictly.
enum PercentText {
    static func decode(_ text: some Sequence<UInt8>, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var escape: [UInt8]?
        for byte in text {
            if var digits = escape {
                guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
                digits.append(UInt8(digit))
                escape = digits.count == 2 ? nil : digits
                if digits.count == 2 { bytes.append(digits[0] << 4 | digits[1]) }
            } else if byte == UInt8(ascii: "%") {
                escape = []
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return escape == nil ? String(validating: bytes, as: UTF8.self) : nil
    }

    /// The pairs of a query; nil where an escape is broken or a name comes twice.
    static func pairs(_ text: String) -> [String: String]? {
        guard let all = list(text) else { return nil }
        let pairs = Dictionary(all, uniquingKeysWith: { first, _ in first })
        return pairs.count == all.count ? pairs : nil
    }

    /// A form's field; nil where it is missing or comes twice, or an escape is broken. Other fields are nobody's business.
    static func field(_ name: String, of form: String) -> String? {
        let values = list(form)?.filter { $0.0 == name } ?? []
        return values.count == 1 ? values[0].1 : nil
    }

    private static func list(_ text: String) -> [(String, String)]? {
        var pairs: [(String, String)] = []
        for part in text.split(separator: "&") {
            let sides = part.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(sides[0], plusIsSpace: true),
                let value = sides.count == 1 ? "" : decode(sides[1], plusIsSpace: true)
            else { return nil }
            pairs.append((name, value))
        }
        return pairs
    }
}
