@testable import Kafka
import Promises

/// Any bytes give settings in the order of their lines, or one error that names a line of the file, is one line itself, and shows no
/// secret.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProperties(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = [UInt8](UnsafeRawBufferPointer(start: data, count: count))
    do throws(KafkaError) {
        let file = try PropertiesFile(bytes, path: "f")
        check(Set(file.entries.map(\.name)).count == file.entries.count, "a name comes twice")
        check(zip(file.entries, file.entries.dropFirst()).allSatisfy { $0.line < $1.line }, "lines are out of order")
        for entry in file.entries {
            check(!entry.name.isEmpty && !entry.value.isEmpty, "a name or a value is empty")
            checkRules(entry)
        }
    } catch {
        checkError(error.message, bytes)
    }
    return 0
}

private func checkRules(_ entry: PropertiesFile.Entry) {
    _ = PropertyRules.refusal(of: entry.name)
    guard let reason = PropertyRules.refusal(ofValue: entry.value, for: entry.name) else { return }
    if PropertyRules.isSecret(entry.name), entry.value.utf8.count >= 8 {
        check(!reason.contains(entry.value), "a refusal shows a secret")
    }
}

private func checkError(_ message: String, _ bytes: [UInt8]) {
    let parts = message.split(separator: ":", maxSplits: 2)
    let lines = bytes.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    check(parts.count == 3 && parts[0] == "f", "an error does not begin with file and line: \(message)")
    check(Int(parts[1]).map { (1...lines).contains($0) } == true, "an error names a line that is not there: \(message)")
    check(!message.utf8.contains { $0 < 0x20 }, "an error's text is not one line")
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
        let name = String(decoding: line[..<equals], as: UTF8.self)
        let value = String(decoding: line[(equals + 1)...], as: UTF8.self)
        // A shorter one may stand in the text by chance.
        guard PropertyRules.isSecret(name), value.utf8.count >= 12 else { continue }
        check(!message.contains(value), "an error shows a secret")
    }
}
