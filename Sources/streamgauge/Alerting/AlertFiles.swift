import AlertRuleFiles
import Foundation
import Monitoring
import StreamingMetrics

/// Reads files of rules and of tests for the commands.
enum AlertFiles {
    /// The rules of files, one after another; the shipped ones where no file is named.
    static func rules(_ files: [String], vocabulary: AlertVocabulary = .standard) throws -> AlertRules {
        guard !files.isEmpty else { return try ShippedRules.rules() }
        var rules: AlertRules?
        for file in files {
            let more: AlertRules
            do {
                more = try AlertRuleFile.rules(from: try text(of: file), file: file, vocabulary: vocabulary)
            } catch let error as AlertFileError {
                throw refusal(error)
            }
            try add(more, of: file, to: &rules)
        }
        return rules ?? AlertRules()
    }

    /// Puts the rules of one more file behind those of others.
    ///
    /// - Throws: Why they cannot be used together.
    private static func add(_ more: AlertRules, of file: String, to rules: inout AlertRules?) throws(CommandError) {
        guard rules != nil else { return rules = more }
        for group in more.groups where rules?.groups.contains(where: { $0.name == group.name }) == true {
            throw CommandError("the group \(group.name) of \(file) is in another file too", hint: "rename one")
        }
        try takeGrouping(more.grouping, of: file, into: &rules)
        rules?.groups += more.groups
        rules?.inhibitions += more.inhibitions
        rules?.silences += more.silences
    }

    /// `notify` of one file holds for the rules of all.
    private static func takeGrouping(
        _ grouping: AlertGrouping, of file: String, into rules: inout AlertRules?
    ) throws(CommandError) {
        let usual = AlertGrouping()
        guard grouping != usual, let known = rules?.grouping, grouping != known else { return }
        guard known == usual else {
            throw CommandError("notify of \(file) is in another file too, with other values", hint: "keep one of them")
        }
        rules?.grouping = grouping
    }

    /// A file's rules, or all that is wrong in it; also where it cannot be used together with the files before it.
    ///
    /// - Parameter others: The rules of those files, to which right ones are added.
    static func check(_ file: String, besides others: inout AlertRules?) throws -> Result<AlertRules, AlertFileError> {
        let text = try text(of: file)
        do throws(AlertFileError) {
            let rules = try AlertRuleFile.rules(from: text, file: file)
            do throws(CommandError) {
                try add(rules, of: file, to: &others)
            } catch {
                let problem = AlertFileProblem(line: 1, column: 1, message: error.description)
                return .failure(AlertFileError(file: file, problems: [problem]))
            }
            return .success(rules)
        } catch {
            return .failure(error)
        }
    }

    /// Runs the tests of a file.
    static func runTests(_ file: String) throws -> AlertTestReport {
        let tests: AlertTestFile
        do {
            tests = try AlertTestFile(from: try text(of: file), file: file)
        } catch let error as AlertFileError {
            throw refusal(error)
        }
        let rules = try rules(tests.ruleFiles.map { path($0, besides: file) })
        var report = AlertTestReport(file: file, tests: tests.tests.count)
        for test in tests.tests {
            let events = try test.events.map { try self.events(of: path($0, besides: file)) } ?? []
            report.failures += AlertTestRunner.run(
                test, rules: rules, interval: tests.evaluationInterval, events: events)
        }
        return report
    }

    private static func events(of file: String) throws -> [StreamingQueryEvent] {
        var reader = try LineReader(path: file, maximumBytes: MetricsCodec.Limits.default.maximumBytes)
        var events: [StreamingQueryEvent] = []
        while let line = try reader.next(isStopped: { false }) {
            guard case .text(let bytes) = line else {
                throw CommandError("\(file):\(reader.number): the line has more bytes than an event may have")
            }
            if bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
            do {
                events.append(try MetricsCodec.decode(bytes))
            } catch {
                throw CommandError("\(file):\(reader.number): \(error)", hint: "a test's events must all be readable")
            }
        }
        return events
    }

    private static func path(_ path: String, besides file: String) -> String {
        guard !path.hasPrefix("/"), let end = file.lastIndex(of: "/") else { return path }
        return file[...end] + path
    }

    static func text(of file: String) throws -> String {
        var reader = try LineReader(path: file, maximumBytes: 4 << 20)
        var bytes: [UInt8] = []
        while let line = try reader.next(isStopped: { false }) {
            guard case .text(let line) = line, bytes.count + line.count <= 4 << 20 else {
                throw CommandError("\(file) is larger than 4 MiB", hint: "this is no rules file")
            }
            bytes += line
            bytes.append(UInt8(ascii: "\n"))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError("\(file) is no text", hint: "rules and tests are YAML in UTF-8")
        }
        return text
    }

    static func refusal(_ error: AlertFileError) -> CommandError {
        let first = error.problems[0]
        let more = error.problems.count - 1
        return CommandError(
            "\(error.file):\(first.line):\(first.column): \(first.message)",
            hint: more > 0 ? "and \(NumberText.count(more, "problem")) more" : nil)
    }
}
