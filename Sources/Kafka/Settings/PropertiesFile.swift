/// Settings in a file: `name=value` on each line, comments after `#` or `!` at a line's beginning, UTF-8.
///
/// What librdkafka's and Java's files have in common. Blanks around names and values do not count. A backslash is a
/// character as any other; since Java's files mean something else by it, a line that ends in one and the escapes `\:`, `\=`,
/// `\#` and `\!` are refused. The last line must end with a line end: a file without it may be half-written.
package struct PropertiesFile: Sendable {
    /// One setting.
    package struct Entry: Sendable {
        /// The name as it is written.
        package var name: String
        /// The value; may be a secret.
        package var value: String
        /// The line's number, from 1.
        package var line: Int
    }

    /// The settings in the order of the file; no name comes twice.
    package private(set) var entries: [Entry] = []

    /// The largest file that is read, in bytes.
    package static let maximumBytes = 1 << 20

    /// Reads the text of a file.
    ///
    /// - Parameter path: Its name, for errors.
    /// - Throws: ``KafkaError`` with the code `invalidConfiguration` that begins with the path and the number of the line.
    ///   It shows no value.
    package init(_ bytes: [UInt8], path: String) throws(KafkaError) {
        guard bytes.count <= Self.maximumBytes else {
            throw Self.failure(
                path, 1, "the file has more than \(Self.maximumBytes) bytes; check that it is the right one")
        }
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        var number = 0
        var lineOfName: [String: Int] = [:]
        while !rest.isEmpty {
            number += 1
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                throw Self.failure(
                    path, number,
                    "the last line has no line end, so the file may be half-written; complete it, or end it with a newline"
                )
            }
            let entry = try Self.entry(rest[..<end], path, number)
            rest = rest[(end + 1)...]
            guard let entry else { continue }
            let name = PropertyRules.aliases[entry.name] ?? entry.name
            if let first = lineOfName[name] {
                throw Self.failure(path, number, "\(entry.name) is already set in line \(first); keep one of them")
            }
            lineOfName[name] = number
            entries.append(entry)
        }
    }

    private static func entry(_ bytes: ArraySlice<UInt8>, _ path: String, _ number: Int) throws(KafkaError) -> Entry? {
        guard !bytes.contains(0) else { throw failure(path, number, "there is a NUL byte; remove it") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure(path, number, "the line is not UTF-8 text; save the file as UTF-8")
        }
        let line = text.trimmed
        if line.isEmpty || line.hasPrefix("#") || line.hasPrefix("!") { return nil }
        guard let equals = line.firstIndex(of: "=") else {
            throw failure(path, number, "there is no \"=\"; write name=value")
        }
        let name = String(line[..<equals]).trimmed
        let value = String(line[line.index(after: equals)...]).trimmed
        guard !name.isEmpty else { throw failure(path, number, "there is no name before the \"=\"; write name=value") }
        // Names are shown in errors, which are one line and steer no terminal.
        guard !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw failure(path, number, "the name has a control character; remove it")
        }
        guard !value.isEmpty else {
            let hint =
                name == "ssl.endpoint.identification.algorithm" ? "librdkafka's word for nothing is none" : "give one"
            throw failure(path, number, "\(name) has no value; \(hint), or remove the line")
        }
        guard !value.hasSuffix("\\") else {
            throw failure(
                path, number,
                "the line ends in a backslash, and lines are not continued here; write it as one line"
                    + (PropertyRules.isSecret(name) ? ", or give \(name) as file:/path" : ""))
        }
        if !PropertyRules.isSecret(name), ["\\:", "\\=", "\\#", "\\!"].contains(where: value.contains) {
            throw failure(
                path, number,
                "\(name) has an escape of Java's, such as \\:, which is not read here; leave the backslash out")
        }
        return Entry(name: name, value: value, line: number)
    }

    private static func failure(_ path: String, _ line: Int, _ reason: String) -> KafkaError {
        KafkaError(code: .invalidConfiguration, message: "\(path):\(line): \(reason)")
    }
}

extension String {
    /// Without blanks, tabs, form feeds and carriage returns at both ends.
    fileprivate var trimmed: String {
        let blanks: Set<UInt8> = [0x20, 0x09, 0x0C, 0x0D]
        let bytes = utf8
        guard let first = bytes.firstIndex(where: { !blanks.contains($0) }),
            let last = bytes.lastIndex(where: { !blanks.contains($0) })
        else { return "" }
        return String(self[first...last])
    }
}
