import AlertRuleFiles
import Monitoring
import StreamingMetrics

/// What a check of a rules file found, for people and for programs.
struct AlertCheckReport {
    let file: String
    let result: Result<AlertRules, AlertFileError>

    var problems: [AlertFileProblem] {
        if case .failure(let error) = result { error.problems } else { [] }
    }

    private var counts: (groups: Int, rules: Int) {
        guard case .success(let rules) = result else { return (0, 0) }
        return (rules.groups.count, rules.rules.count)
    }

    var text: String {
        if problems.isEmpty {
            return TerminalText.line(
                "\(file): \(NumberText.count(counts.rules, "rule")) in \(NumberText.count(counts.groups, "group")), all right"
            )
        }
        return problems.map { TerminalText.line("\(file):\($0.line):\($0.column): \($0.message)") }
            .joined(separator: "\n")
    }

    var json: String {
        let list = problems.map { problem in
            JSONValue.object([
                .init("line", .integer(Int64(problem.line))), .init("column", .integer(Int64(problem.column))),
                .init("message", .string(problem.message)),
            ])
        }
        return JSONValue.object([
            .init("file", .string(file)), .init("groups", .integer(Int64(counts.groups))),
            .init("rules", .integer(Int64(counts.rules))), .init("problems", .array(list)),
        ]).jsonText
    }
}

/// What the tests of a file found.
struct AlertTestReport {
    let file: String
    let tests: Int
    var failures: [AlertTestRunner.Failure] = []

    private var failed: Int { Set(failures.map(\.test)).count }

    var text: String {
        let lines = failures.map { failure in
            let name = failure.test.isEmpty ? "" : "\(failure.test): "
            return TerminalText.line("\(file):\(failure.line): \(name)\(failure.message)")
        }
        let end =
            failures.isEmpty
            ? "\(NumberText.count(tests, "test")), all right"
            : "\(NumberText.count(tests, "test")), \(NumberText.count(failures.count, "expectation")) not met"
        return (lines + [TerminalText.line("\(file): \(end)")]).joined(separator: "\n")
    }

    var json: String {
        let list = failures.map { failure in
            JSONValue.object([
                .init("test", .string(failure.test)), .init("line", .integer(Int64(failure.line))),
                .init("message", .string(failure.message)),
            ])
        }
        return JSONValue.object([
            .init("file", .string(file)), .init("tests", .integer(Int64(tests))), .init("failures", .array(list)),
        ]).jsonText
    }
}
