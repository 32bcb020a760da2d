/// Why JSON text could not be read as what was asked for.
public struct MetricsCodecError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for programs.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The text breaks JSON's grammar, or ends too early, or goes on after its value.
        case malformedJSON
        /// The bytes are not UTF-8.
        case invalidUTF8
        /// A key stands twice in an object where only one value makes sense.
        case duplicateKey
        /// A value is of another JSON type than the field needs.
        case wrongType
        /// A value has the right type and cannot be the field's: no UUID, an integer beyond 64 bits, a fraction.
        case invalidValue
        /// A field is missing without which the event cannot be told.
        case missingField
        /// Arrays and objects are nested more deeply than the limit.
        case tooDeep
        /// There are more bytes, or more members in one object or array, than the limit.
        case tooLarge
        /// It is JSON, and neither a streaming query event nor the kind of event that was asked for.
        case notAnEvent
    }

    /// What went wrong.
    public var code: Code
    /// What was read, where it failed, why, and what to do about it, in one line.
    public var message: String
    /// Offset of the fault in the bytes read; nil where no single place is at fault.
    public var byteOffset: Int?
    /// Path of the value at fault from the document's root, such as `$.sources[0].numInputRows`.
    public var path: String

    /// Creates an error.
    public init(code: Code, message: String, byteOffset: Int? = nil, path: String = "$") {
        self.code = code
        self.message = message
        self.byteOffset = byteOffset
        self.path = path
    }

    /// The message with its code.
    public var description: String { "\(code.rawValue): \(message)" }
}

extension MetricsCodecError {
    /// Turns a reader's fault into the public error, finding out the path by a second look at the text.
    init(_ fault: JSONFault, reading subject: StaticString, in bytes: UnsafeRawBufferPointer) {
        let path = JSONPath.path(at: fault.offset, in: bytes)
        let place = "at byte \(fault.offset) (\(path))"
        self.init(
            code: fault.code, message: "cannot read \(subject) \(place): \(fault.reason); \(fault.hint)",
            byteOffset: fault.offset, path: path)
    }
}

/// A fault as the readers throw it: plain data, so that throwing costs nothing in the loops. The path is found later.
package struct JSONFault: Error, Sendable {
    package var code: MetricsCodecError.Code
    package var offset: Int
    /// What was expected, or the field's name; its sense depends on the code.
    package var detail: StaticString

    package init(_ code: MetricsCodecError.Code, _ offset: Int, _ detail: StaticString) {
        self.code = code
        self.offset = offset
        self.detail = detail
    }

    fileprivate var reason: String {
        switch code {
        case .missingField: "the field \"\(detail)\" is missing"
        case .duplicateKey: "a key stands twice in \(detail)"
        case .wrongType: "expected \(detail)"
        default: "\(detail)"
        }
    }

    fileprivate var hint: String {
        switch code {
        case .malformedJSON: "send one complete JSON value and nothing after it"
        case .invalidUTF8: "send the text as UTF-8"
        case .duplicateKey: "write each key once"
        case .wrongType, .invalidValue: "write the field as Spark does, or leave it out where it is optional"
        case .missingField: "check that the text is a whole event of a streaming query"
        case .tooDeep, .tooLarge: "raise the limit if the document is meant to be like this"
        case .notAnEvent: "send a progress, started, idle or terminated event"
        }
    }
}
