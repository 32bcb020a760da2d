/// Text of a column, either as codes into a dictionary or one after the other.
///
///     dictionary   codes [2, 0, 0, 1]        dictionary  walk | sit | stand
///     plain        offsets [0, 4, 7, 7, 12]  bytes  w a l k s i t s t a n d
///
/// The code or text of a null row is not defined (code 0, empty text); the column's validity says which rows are null.
enum StringColumn: Sendable {
    /// One code a row.
    case dictionary(codes: [Int32], StringDictionary)
    /// Row `i` is `bytes[offsets[i] ..< offsets[i + 1]]`; one offset more than rows.
    case plain(offsets: [Int32], bytes: [UInt8])

    /// How many rows.
    var count: Int {
        switch self {
        case .dictionary(let codes, _): codes.count
        case .plain(let offsets, _): offsets.count - 1
        }
    }

    /// The text of a row.
    subscript(row: Int) -> String {
        switch self {
        case .dictionary(let codes, let dictionary): dictionary[codes[row]]
        case .plain(let offsets, let bytes):
            String(decoding: bytes[Int(offsets[row])..<Int(offsets[row + 1])], as: UTF8.self)
        }
    }

    /// Calls `body` with the UTF-8 bytes of a row.
    @inline(__always)
    func withUTF8<Result>(_ row: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        switch self {
        case .dictionary(let codes, let dictionary): dictionary.withUTF8(codes[row], body)
        case .plain(let offsets, let bytes):
            bytes.withUnsafeBufferPointer {
                body(UnsafeBufferPointer(rebasing: $0[Int(offsets[row])..<Int(offsets[row + 1])]))
            }
        }
    }
}

/// The distinct texts of a column, numbered from 0 in the order of their first appearance; it only grows.
///
/// `@unchecked Sendable`: a dictionary grows only in the reader that made it, and batches that refer to it are worked on by
/// that reader's task until its scan has ended; after that nothing writes to it.
final class StringDictionary: @unchecked Sendable {
    private(set) var offsets: [Int32] = [0]
    private(set) var bytes: [UInt8] = []

    /// An empty dictionary.
    init() {}

    /// How many texts there are.
    var count: Int { offsets.count - 1 }

    /// Adds a text without looking whether it is there and returns its code.
    func append(_ text: UnsafeBufferPointer<UInt8>) -> Int32 {
        bytes.append(contentsOf: text)
        offsets.append(Int32(bytes.count))
        return Int32(offsets.count - 2)
    }

    /// The text of a code.
    subscript(code: Int32) -> String {
        String(decoding: bytes[Int(offsets[Int(code)])..<Int(offsets[Int(code) + 1])], as: UTF8.self)
    }

    /// Calls `body` with the UTF-8 bytes of a code's text.
    @inline(__always)
    func withUTF8<Result>(_ code: Int32, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[Int(offsets[Int(code)])..<Int(offsets[Int(code) + 1])]))
        }
    }
}
