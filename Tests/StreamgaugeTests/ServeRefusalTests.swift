import Foundation
import Testing

/// What `serve` refuses before it serves, and what it says to do then.
@Suite struct ServeRefusalTests {
    private let program = BuiltProgram()
    private let folder = TemporaryFolder()

    /// The only error of a run that serves nothing.
    private func refusal(_ run: BuiltProgram.Output, _ status: Int32) -> String {
        #expect(run.status == status && run.output == "", "\(run.output)")
        let errors = run.errorLines.filter { $0.hasPrefix("error: ") }
        #expect(errors.count == 1, "\(run.error)")
        return errors.first.map(String.init) ?? ""
    }

    @Test func `a file of a token or of alerts that is not there is told with what to do`() async throws {
        let token = folder.path("token")
        let replay = ["serve", "--replay", "/dev/null", "--listen", "127.0.0.1:0"]
        var error = refusal(try await program.run(replay + ["--token-file", token]), 1)
        #expect(
            error == "error: cannot read the token file \(token): No such file or directory "
                + "(make one with: openssl rand -hex 32 > \(token) && chmod 600 \(token))")
        error = refusal(try await program.run(replay + ["--token-file", folder.url.path]), 1)
        #expect(error.contains("it is no file (name a file with one line, the token)"))
        let live = ["serve", "--bootstrap-servers", "127.0.0.1:1", "--listen", "127.0.0.1:0", "--alert-state"]
        error = refusal(try await program.run(live + [folder.path("none/alerts.json")]), 1)
        #expect(error.contains("cannot keep the alert state in \(folder.path("none/alerts.json"))"))
        #expect(error.hasSuffix("No such file or directory (make the folder first, or name another file)"))
    }

    @Test func `files that this user may not read are told with what to do`() async throws {
        try folder.write("token", "a-token-of-some-length\n")
        try folder.write("alerts.json", "{}")
        for name in ["token", "alerts.json"] { chmod(folder.path(name), 0) }
        chmod(folder.url.path, 0o555)
        defer { chmod(folder.url.path, 0o755) }
        let replay = ["serve", "--replay", "/dev/null", "--listen", "127.0.0.1:0"]
        var error = refusal(try await program.runWithoutRights(replay + ["--token-file", folder.path("token")]), 1)
        #expect(error.contains("Permission denied (it has to belong to the user that runs this"), "\(error)")
        error = refusal(
            try await program.runWithoutRights([
                "serve", "--bootstrap-servers", "127.0.0.1:1", "--listen", "127.0.0.1:0", "--alert-state",
                folder.path("alerts.json"),
            ]), 1)
        #expect(error.contains("Permission denied (let the user that runs this read and write"), "\(error)")
    }

    @Test func `a port that needs more rights than there are is told with what to do`() async throws {
        let first = try String(contentsOfFile: "/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding: .utf8)
        // A container may leave every port to everybody.
        guard try #require(Int(first.trimmingCharacters(in: .whitespacesAndNewlines))) > 80 else { return }
        let run = try await program.runWithoutRights(["serve", "--replay", "/dev/null", "--listen", "127.0.0.1:80"])
        let error = refusal(run, 1)
        #expect(
            error.hasPrefix("error: cannot listen on 127.0.0.1:80: Permission denied (choose a port above 1023, or "),
            "\(error)")
    }

    @Test(arguments: [
        (["--insecure"], "--insecure is for brokers and for --otlp-header"),
        (["--otlp-endpoint", "http://localhost:1", "--insecure"], "--insecure is for brokers and for --otlp-header"),
        (["--topic", "t"], "leave the options of Kafka out"), (["--print-config"], "leave the options of Kafka out"),
        (["--alert-state", "a.json"], "--alert-state is for what happens now"),
    ])
    func `options that a recording would ignore are refused`(options: [String], message: String) async throws {
        let run = try await program.run(["serve", "--replay", "/dev/null", "--listen", "127.0.0.1:0"] + options)
        #expect(refusal(run, 2).contains(message), "\(run.error)")
    }

    @Test func `to show the configuration makes no files`() async throws {
        for command in [
            ["serve", "--listen", "127.0.0.1:0", "--alert-state", folder.path("a.json")], ["history", "rebuild"],
        ] {
            let run = try await program.run(
                command + ["--history", folder.path("h.db"), "--bootstrap-servers", "x:1", "--print-config"])
            #expect(run.status == 0 && run.output.contains("bootstrap.servers=x:1") && run.error == "", "\(run.error)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
    }
}
