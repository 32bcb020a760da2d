import Foundation
import KafkaTesting
import Testing

/// Row F40 of the reliability table: with few open files a command works, or says what is missing.
@Suite struct LowResourcesTests {
    private let program = BuiltProgram()
    private static let event =
        #"{"id":"7a3c1f2e-0b5d-4a8e-9c6f-1d2e3f4a5b6c","runId":"0f9e8d7c-6b5a-4c3d-8e2f-1a0b9c8d7e6f","name":"q","#
        + #""timestamp":"2026-11-23T10:21:45.894Z","batchId":1,"numInputRows":2,"stateOperators":[],"sources":[],"#
        + #""sink":{"description":"x"}}"#
    private static let commands = [
        ["forward", "-", "--timeout", "5"], ["consume", "--from-beginning", "--until-end"],
        ["doctor", "--timeout", "5"],
    ]

    private func cluster() throws -> MockCluster {
        let cluster = try MockCluster()
        for topic in ["streaming-metrics", "streaming-metrics-lifecycle", "streamgauge-probe"] {
            try cluster.createTopic(topic)
        }
        return cluster
    }

    private func run(_ command: [String], _ cluster: MockCluster, limits: String) async throws -> BuiltProgram.Output {
        try await program.run(
            command + ["--bootstrap-servers", cluster.bootstrapServers], limits: limits, input: Self.event + "\n")
    }

    @Test(arguments: commands)
    func `F40 64 open files are enough`(command: [String]) async throws {
        let cluster = try cluster()
        let run = try await run(command, cluster, limits: "-n 64")
        #expect(run.status == 0, "\(run.output)\(run.error)")
        cluster.close()
    }

    @Test(arguments: commands)
    func `F40 too few open files are one error that says so, and not the end of the process`(command: [String])
        async throws
    {
        let cluster = try cluster()
        for limit in [12, 16, 20, 24] {
            let run = try await run(command, cluster, limits: "-n \(limit)")
            #expect(run.status == 1, "\(limit): \(run.output)\(run.error)")
            #expect(run.errorLines.last?.hasPrefix("error: ") == true, "\(limit): \(run.error)")
            #expect(
                run.error.contains("ulimit -n") || run.error.contains("Too many open files"), "\(limit): \(run.error)")
        }
        cluster.close()
    }
}
