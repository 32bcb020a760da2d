import Foundation

/// A program of this package as it was built, run as a user runs it.
struct BuiltProgram {
    /// What a run left behind.
    struct Output: Sendable {
        var status: Int32
        var output: String
        var error: String
        /// Lines on standard error.
        var errorLines: [Substring] { error.split(separator: "\n") }
    }

    private let executable: URL

    /// The program of this name, beside the test bundle.
    init(_ name: String = "streamgauge") {
        // On Linux the bundle's URL is the build folder itself, on a Mac it lies in it.
        let bundle = Bundle(for: Anchor.self).bundleURL
        let inside = bundle.appending(path: name)
        executable =
            FileManager.default.isExecutableFile(atPath: inside.path)
            ? inside : bundle.deletingLastPathComponent().appending(path: name)
    }

    /// Where the program is.
    var path: String { executable.path }

    private final class Anchor {}

    /// Runs the program to its end.
    func run(_ arguments: [String], input: String? = nil, environment: [String: String] = [:]) async throws -> Output {
        try await start(arguments, input: input, environment: environment).wait()
    }

    /// Runs the program to its end with fewer resources.
    ///
    /// - Parameters:
    ///   - limits: What `ulimit` of the shell takes, such as `-n 64`, one limit each.
    ///   - onOneCore: Whether it may use one core only.
    func run(
        _ arguments: [String], limits: String..., onOneCore: Bool = false, input: String? = nil
    ) async throws -> Output {
        let start = limits.map { "ulimit \($0) && " }.joined() + "exec " + (onOneCore ? "taskset -c 0 " : "")
        let shell = ["-c", start + "\"$0\" \"$@\"", executable.path] + arguments
        return try await RunningProgram(
            executable: URL(filePath: "/bin/sh"), arguments: shell, input: input, output: nil
        ).wait()
    }

    /// Runs the program to its end as a user without rights of root's: as `nobody` where the tests run as root.
    func runWithoutRights(_ arguments: [String]) async throws -> Output {
        guard getuid() == 0 else { return try await run(arguments) }
        let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", executable.path]
        return try await RunningProgram(
            executable: URL(filePath: "/usr/bin/setpriv"), arguments: nobody + arguments, input: nil, output: nil
        ).wait()
    }

    /// Starts the program, with more variables in its environment.
    func start(
        _ arguments: [String], input: String? = nil, output: FileHandle? = nil, environment: [String: String] = [:]
    ) throws -> RunningProgram {
        try RunningProgram(
            executable: executable, arguments: arguments, input: input, output: output, environment: environment)
    }
}

/// A program that runs. Its output goes to files, so that no pipe can fill up and none has to be read meanwhile.
final class RunningProgram {
    private let process = Process()
    private let folder = TemporaryFolder()

    init(
        executable: URL, arguments: [String], input: String?, output: FileHandle?, environment: [String: String] = [:]
    ) throws {
        process.executableURL = executable
        if !environment.isEmpty {
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        }
        process.arguments = arguments
        for name in ["output", "error"] { try folder.write(name, "") }
        process.standardOutput = try output ?? FileHandle(forWritingTo: folder.url(name: "output"))
        process.standardError = try FileHandle(forWritingTo: folder.url(name: "error"))
        try Data((input ?? "").utf8).write(to: folder.url(name: "input"))
        process.standardInput = try FileHandle(forReadingFrom: folder.url(name: "input"))
        try process.run()
    }

    /// What it has written so far.
    var output: String { (try? String(contentsOfFile: folder.path("output"), encoding: .utf8)) ?? "" }
    var error: String { (try? String(contentsOfFile: folder.path("error"), encoding: .utf8)) ?? "" }
    var isRunning: Bool { process.isRunning }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits until the program has written something, or has ended.
    func waitUntil(_ condition: () -> Bool) async throws {
        while process.isRunning, !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    /// Waits for the end, without holding a thread: the tests of a machine with few cores share them.
    func wait() async throws -> BuiltProgram.Output {
        while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        return BuiltProgram.Output(status: process.terminationStatus, output: output, error: error)
    }

    deinit { if process.isRunning { process.terminate() } }
}

/// A folder of its own that goes away with the value.
final class TemporaryFolder: Sendable {
    let url: URL

    init() {
        url = FileManager.default.temporaryDirectory.appending(path: "streamgauge-tests-\(UUID().uuidString)")
        // A folder that cannot be made shows at once, as the test's first file cannot.
        try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func url(name: String) -> URL { url.appending(path: name) }
    func path(_ name: String) -> String { url(name: name).path }

    func write(_ name: String, _ text: String) throws {
        try FileManager.default.createDirectory(
            at: url(name: name).deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url(name: name), atomically: true, encoding: .utf8)
    }

    func read(_ name: String) throws -> String { try String(contentsOf: url(name: name), encoding: .utf8) }
}
