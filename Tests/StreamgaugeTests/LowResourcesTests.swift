import Foundation
import KafkaTesting
import Testing

/// Row F40 of the reliability table: with few open files, little memory and one core a command works, or says what is missing.
@Suite struct LowResourcesTests {
    private let program = BuiltProgram()
    private static let commands = [
        ["forward", "-", "--timeout", "5"], ["consume", "--from-beginning", "--until-end"],
        ["doctor", "--timeout", "5"],
    ]
    /// Those, and the one that works without Kafka as well.
    private static let allCommands =
        commands + [["run", "--json", "no-such-folder", "--schema", "gt STRING", "--sql", "SELECT gt FROM input"]]

    private func cluster() throws -> MockCluster {
        let cluster = try MockCluster()
        for topic in ["streaming-metrics", "streaming-metrics-lifecycle", "streamgauge-probe"] {
            try cluster.createTopic(topic)
        }
        return cluster
    }

    /// Events of one run, one a line.
    private static func events(_ count: Int) -> String {
        (0..<count).map { batch in
            #"{"id":"7a3c1f2e-0b5d-4a8e-9c6f-1d2e3f4a5b6c","runId":"0f9e8d7c-6b5a-4c3d-8e2f-1a0b9c8d7e6f","name":"q","#
                + #""timestamp":"2026-11-23T10:21:45.894Z","batchId":\#(batch),"numInputRows":2,"stateOperators":[],"#
                + #""sources":[],"sink":{"description":"x"}}"# + "\n"
        }.joined()
    }

    /// The limit that an error of the command tells to set, in the unit of the shell.
    private func limitTold(by command: [String], below limit: String, servers: String) async throws -> Int {
        let option = limit.prefix(2)
        let run = try await program.run(command + ["--bootstrap-servers", servers], limits: limit)
        #expect(run.status == 1, "\(run.output)\(run.error)")
        let told = run.error.firstRange(of: "(ulimit \(option) ").flatMap { range in
            Int(run.error[range.upperBound...].prefix { $0.isNumber })
        }
        return try #require(told, "\(run.error)")
    }

    @Test(arguments: commands)
    func `F40 64 open files are enough`(command: [String]) async throws {
        let cluster = try cluster()
        let run = try await program.run(
            command + ["--bootstrap-servers", cluster.bootstrapServers], limits: "-n 64", input: Self.events(1))
        #expect(run.status == 0, "\(run.output)\(run.error)")
        cluster.close()
    }

    @Test(arguments: allCommands)
    func `F40 too few open files are one error that says so, and not the end of the process`(command: [String])
        async throws
    {
        for limit in [6, 8, 12, 16, 20, 24, 32] {
            let run = try await program.run(
                command + ["--bootstrap-servers", "127.0.0.1:1"], limits: "-n \(limit)", input: Self.events(1))
            #expect(run.status == 1, "\(limit): \(run.output)\(run.error)")
            #expect(run.errorLines.count == 1, "\(limit): \(run.error)")
            #expect(run.error.hasPrefix("error: cannot run streamgauge \(command[0]): "), "\(limit): \(run.error)")
            #expect(run.error.contains("the limit is \(limit); raise it (ulimit -n "), "\(limit): \(run.error)")
        }
    }

    /// The loader ends a program below some 131,000 kB, before anything of it runs.
    @Test(arguments: allCommands)
    func `F40 too little memory is one error that says so, and not the end of the process`(command: [String])
        async throws
    {
        for limit in ["-v 140000", "-v 145000", "-v 160000", "-v 200000", "-d 30000", "-d 100000"] {
            let run = try await program.run(
                command + ["--bootstrap-servers", "127.0.0.1:1"], limits: limit, input: Self.events(1))
            #expect(run.status == 1, "\(limit): \(run.output)\(run.error)")
            #expect(run.errorLines.count == 1, "\(limit): \(run.error)")
            #expect(run.error.hasPrefix("error: cannot run streamgauge \(command[0]): "), "\(limit): \(run.error)")
            let kilobytes = limit.dropFirst(3)
            #expect(run.error.contains("the limit is \(kilobytes) kB in all; raise it (ulimit "), "\(run.error)")
        }
    }

    @Test(arguments: ["-v 140000", "-d 30000"])
    func `F40 the memory that the error tells, 64 files and one core lose no event`(below: String) async throws {
        let cluster = try cluster()
        let servers = ["--bootstrap-servers", cluster.bootstrapServers]
        for (command, expected) in [
            (Self.commands[0], "sent 3000 events, refused 0 lines, left 0 events"),
            (Self.commands[1] + ["--format", "json"], "read 3000 events"), (Self.commands[2], "all is well"),
        ] {
            let limit = try await limitTold(by: command, below: below, servers: cluster.bootstrapServers)
            let run = try await program.run(
                command + servers, limits: "-n 64", "\(below.prefix(2)) \(limit)", onOneCore: true,
                input: Self.events(3_000))
            #expect(run.status == 0, "\(limit): \(run.output.suffix(300))\(run.error)")
            #expect((run.output + run.error).contains(expected), "\(run.output.suffix(300))\(run.error)")
            if command[0] == "consume" { #expect(run.output.split(separator: "\n").count == 3_000) }
        }
        cluster.close()
    }

    @Test func `F40 a query runs and forwards with the memory that the error tells, 64 files and one core`()
        async throws
    {
        let cluster = try cluster()
        let folder = TemporaryFolder()
        for file in 0..<3 {
            try folder.write(
                "data/\(file).json", String(repeating: #"{"gt":"bike"}"# + "\n", count: 10_000))
        }
        let command = [
            "run", "--json", folder.path("data"), "--sql", "SELECT gt, count(*) AS count FROM input GROUP BY gt",
            "--trigger", "available-now", "--max-files-per-trigger", "1", "--result", folder.path("result"),
        ]
        let limit = try await limitTold(by: command, below: "-v 140000", servers: cluster.bootstrapServers)
        let run = try await program.run(
            command + ["--bootstrap-servers", cluster.bootstrapServers], limits: "-n 64", "-v \(limit)", onOneCore: true
        )
        #expect(run.status == 0, "\(run.output)\(run.error)")
        #expect(try folder.read("result") == #"{"gt":"bike","count":30000}"# + "\n")
        #expect(run.error.contains("metrics: 5 of 5 events delivered"), "\(run.error)")
        cluster.close()
    }
}
