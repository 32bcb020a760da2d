import AlertChannels
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
        return problems.text(file)
    }

    var json: String {
        JSONValue.object([
            .init("file", .string(file)), .init("groups", .integer(Int64(counts.groups))),
            .init("rules", .integer(Int64(counts.rules))), .init("problems", problems.json),
        ]).jsonText
    }
}

/// What a check of a channels file found, for people and for programs.
struct ChannelCheckReport {
    let file: String
    let result: Result<AlertChannelPlan, AlertFileError>

    var problems: [AlertFileProblem] {
        if case .failure(let error) = result { error.problems } else { [] }
    }

    private var counts: (channels: Int, routes: Int) {
        guard case .success(let plan) = result else { return (0, 0) }
        return (plan.channels.count, plan.routes.count)
    }

    var text: String {
        guard problems.isEmpty else { return problems.text(file) }
        return TerminalText.line(
            "\(file): \(NumberText.count(counts.channels, "channel")) and \(NumberText.count(counts.routes, "route")), all right"
        )
    }

    var json: String {
        JSONValue.object([
            .init("file", .string(file)), .init("channels", .integer(Int64(counts.channels))),
            .init("routes", .integer(Int64(counts.routes))), .init("problems", problems.json),
        ]).jsonText
    }
}

extension [AlertFileProblem] {
    /// One line each, as compilers write them.
    fileprivate func text(_ file: String) -> String {
        map { TerminalText.line("\(file):\($0.line):\($0.column): \($0.message)") }.joined(separator: "\n")
    }

    fileprivate var json: JSONValue {
        .array(
            map { problem in
                .object([
                    .init("line", .integer(Int64(problem.line))), .init("column", .integer(Int64(problem.column))),
                    .init("message", .string(problem.message)),
                ])
            })
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
