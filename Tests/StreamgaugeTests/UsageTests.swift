import Testing

@Suite struct UsageTests {
    private let program = BuiltProgram()

    @Test(arguments: [
        ["--bogus"], ["run"], ["run", "--json", "x", "--sql", "y", "--bogus"], ["walk"],
        ["run", "--json", "x", "--sql", "y", "--trigger", "sometimes"],
        ["run", "--json", "x", "--sql", "y", "--sink", "paper"],
        ["run", "--json", "x", "--sql", "y", "--output-mode", "replace"],
        ["run", "--json", "x", "--sql", "y", "--result", "r", "--sink", "noop"],
        ["run", "--json", "x", "--sql", "y", "--result", "r", "--output-mode", "append"],
        ["run", "--json", "x", "--sql", "y", "--sink", "json:out"],
        ["run", "--json", "x", "--sql", "y", "--topic", "t"],
        ["run", "--json", "x", "--sql", "y", "--set", "linger.ms=5"],
        ["run", "--json", "x", "--sql", "y", "--bootstrap-servers", ""],
        ["run", "--json", "x", "--sql", "y", "--max-files-per-trigger", "0"],
        ["consume"], ["consume", "--bootstrap-servers", "x", "--format", "xml"], ["forward", "x"],
        ["doctor"], ["doctor", "--bootstrap-servers", "x", "--timeout", "0"],
        ["doctor", "--bootstrap-servers", "x", "--probe-topic", ""],
        ["consume", "--bootstrap-servers", "x", "--store", ""], ["consume", "--bootstrap-servers", "x", "--query", ""],
        ["forward", "--bootstrap-servers", "x", "--topic", ""],
        ["consume", "--bootstrap-servers", "x", "--follow", "--until-end"],
        ["consume", "--bootstrap-servers", "x", "--from-beginning", "--since", "2 hours ago"],
        ["consume", "--bootstrap-servers", "x", "--since", "tomorrow"],
        ["consume", "--bootstrap-servers", "x", "--instance-id", "i"],
        ["consume", "--bootstrap-servers", "x", "--assignment", "range"],
        ["consume", "--bootstrap-servers", "x", "--group", "g", "--assignment", "fair"],
        ["consume", "--bootstrap-servers", "x", "--store", "s.db", "--no-deduplicate"],
        ["consume", "--bootstrap-servers", "x", "--dead-letter-topic", "streaming-metrics"],
        ["serve"], ["serve", "--bootstrap-servers", "x", "--replay", "f"],
        ["serve", "--replay", "f", "--since", "1 hour ago"],
        ["serve", "--bootstrap-servers", "x", "--speed", "2"], ["serve", "--replay", "f", "--speed", "0"],
        ["serve", "--replay", "f", "--listen", "8080"], ["serve", "--replay", ""],
        ["serve", "--replay", "f", "--token-file", ""], ["serve", "--replay", "f", "--rules", ""],
        ["serve", "--replay", "f", "--rules", "r.yml", "--no-rules"],
        ["serve", "--replay", "f", "--alert-state", "a.json"],
        ["serve", "--bootstrap-servers", "x", "--alert-state", ""],
        ["serve", "--bootstrap-servers", "x", "--alert-state", "a.json", "--no-rules"],
        ["serve", "--bootstrap-servers", "x", "--topic", ""], ["serve", "--replay", "f", "--trigger-interval", "fast"],
        ["serve", "--replay", "f", "--trigger-interval", "=5s"],
        ["serve", "--replay", "f", "--trigger-interval", "a=0"],
        ["serve", "--replay", "f", "--trigger-interval", "5s", "--trigger-interval", "6s"],
        ["serve", "--replay", "f", "--trigger-interval", "a=5s", "--trigger-interval", "a=6s"],
        ["alerts", "test", "tests.yml", "--interval", "7s"], ["alerts", "test", "tests.yml", "--then", "10m"],
        ["alerts", "test", "--replay", "f", "--interval", "0s"], ["alerts", "test", "--replay", "f", "--then", "soon"],
        ["serve", "--bootstrap-servers", "x", "--from-beginning", "--since", "1 hour ago"],
        ["top"], ["top", "--bootstrap-servers", "x", "--replay", "f"],
        ["top", "--replay", "f", "--since", "1 hour ago"],
        ["top", "--bootstrap-servers", "x", "--once"], ["top", "--replay", "f", "--format", "json"],
        ["top", "--replay", "f", "--once", "--format", "xml"], ["top", "--replay", "f", "--interval", "0"],
        ["top", "--replay", "f", "--once", "--interval", "2"], ["top", "--replay", ""],
        ["top", "--bootstrap-servers", "x", "--speed", "2"], ["top", "--replay", "f", "--speed", "0"],
        ["broker", "--port", "70000"], ["demo", "--max-files-per-trigger", "0"],
    ])
    func `a wrong command line gives one line with a hint and the exit code 2`(arguments: [String]) async throws {
        let run = try await program.run(arguments)
        #expect(run.status == 2)
        #expect(run.output == "")
        #expect(run.errorLines.count == 1, "\(run.error)")
        #expect(run.error.hasPrefix("error: "))
        #expect(run.error.contains("--help"))
    }

    @Test(arguments: ["", "run", "forward", "consume", "serve", "top", "doctor", "broker", "demo"])
    func `every help text has examples`(verb: String) async throws {
        let run = try await program.run(verb.isEmpty ? ["--help"] : [verb, "--help"])
        #expect(run.status == 0)
        #expect(run.error == "")
        #expect(run.output.contains("EXAMPLES"))
        #expect(run.output.contains("streamgauge \(verb)"))
        #expect(run.output.contains("USAGE:"))
    }

    @Test func `the version is the changelog's`() async throws {
        let run = try await program.run(["--version"])
        #expect(run.status == 0)
        #expect(run.output == "0.1.0\n")
    }
}
