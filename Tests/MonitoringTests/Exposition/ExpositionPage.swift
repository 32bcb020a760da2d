/// A page of metrics, read back by hand, and what is wrong with it. promtool lets a series that stands twice pass; this does not.
struct ExpositionPage {
    struct Malformed: Error, CustomStringConvertible {
        var line: String
        var description: String { "cannot read the line \(line)" }
    }

    struct Sample: Hashable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    let text: String
    private(set) var types: [String: String] = [:]
    private(set) var helps: [String: String] = [:]
    private(set) var samples: [Sample] = []
    private(set) var problems: [String] = []

    init(_ text: String) throws {
        self.text = text
        var seen: Set<[String: String]> = []
        var current = ""
        var closed: Set<String> = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix("# ") {
                readComment(line)
                continue
            }
            let sample = try Self.sample(line)
            if sample.name != current {
                if closed.contains(sample.name) { problems.append("\(sample.name) is torn apart") }
                closed.insert(current)
                current = sample.name
            }
            check(sample, &seen)
            samples.append(sample)
        }
        if !text.hasSuffix("\n") { problems.append("the last line has no end") }
    }

    private mutating func readComment(_ line: Substring) {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        guard words.count == 4 else { return problems.append("a comment says nothing: \(line)") }
        switch words[1] {
        case "HELP": helps[words[2]] = words[3]
        case "TYPE":
            if types[words[2]] != nil { problems.append("\(words[2]) has two TYPEs") }
            types[words[2]] = words[3]
            if (words[3] == "counter") != words[2].hasSuffix("_total") {
                problems.append("\(words[2]) is a \(words[3]) with\(words[3] == "counter" ? "out" : "") _total")
            }
        default: problems.append("a comment of no kind: \(line)")
        }
    }

    private mutating func check(_ sample: Sample, _ seen: inout Set<[String: String]>) {
        if types[sample.name] == nil { problems.append("\(sample.name) has no TYPE") }
        if helps[sample.name] == nil { problems.append("\(sample.name) has no HELP") }
        if !sample.value.isFinite { problems.append("\(sample.name) is no finite number") }
        if types[sample.name] == "counter", sample.value < 0 { problems.append("\(sample.name) is below 0") }
        if !seen.insert(sample.labels.merging(["__name__": sample.name]) { $1 }).inserted {
            problems.append("\(sample.name) stands twice with \(sample.labels)")
        }
    }

    private static func sample(_ line: Substring) throws -> Sample {
        var rest = line[...]
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let key = rest.prefix { $0 != "=" }
                rest = rest.dropFirst(key.count + 1)
                labels[String(key)] = try quoted(&rest, line)
                if rest.first == "," { rest = rest.dropFirst() }
            }
            rest = rest.dropFirst()
        }
        guard !name.isEmpty, rest.first == " ", let value = Double(rest.dropFirst()) else {
            throw Malformed(line: String(line))
        }
        return Sample(name: String(name), labels: labels, value: value)
    }

    private static func quoted(_ rest: inout Substring, _ line: Substring) throws -> String {
        guard rest.first == "\"" else { throw Malformed(line: String(line)) }
        rest = rest.dropFirst()
        var value = ""
        while let next = rest.first, next != "\"" {
            rest = rest.dropFirst()
            if next == "\\" {
                guard let escaped = rest.popFirst(), let plain = ["\\": "\\", "n": "\n", "\"": "\""][escaped] else {
                    throw Malformed(line: String(line))
                }
                value += plain
            } else {
                value.append(next)
            }
        }
        guard rest.popFirst() == "\"" else { throw Malformed(line: String(line)) }
        return value
    }
}
