import ArgumentParser
import Glibc

/// The generator's command line.
@main
struct MakeActivityData: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make-activity-data",
        abstract: "Makes activity data as JSON lines: what a phone's accelerometer measured while its owner moved.",
        discussion: """
            One object a line with the keys Arrival_Time (ms), Creation_Time (ns), Device, Index, Model, User, gt, x, y, z.
            gt is one of bike, sit, stand, walk, stairsup, stairsdown and the string "null". The same arguments give the \
            same bytes on every machine. A file appears under its name when it is complete, and the files' times follow \
            their names. The summary, with the count of each gt, is printed and kept in OUT/_summary.json.

            EXAMPLES
              make-activity-data --out data/activity-data
              make-activity-data --rows 1000 --files 4 --seed 7 --out /tmp/small
            """,
        version: "0.1.0")

    @Option(help: "Rows in all.")
    var rows = 780_119

    @Option(help: "Files the rows are spread over.")
    var files = 10

    @Option(help: "Folder to write to; made when it is missing, and it must have no data files yet.")
    var out = "data/activity-data"

    @Option(help: "Seed of the random numbers.")
    var seed: UInt64 = 1

    func validate() throws {
        guard files >= 1, rows >= files, files <= 100_000 else {
            throw ValidationError("--files must be from 1 to 100000 and --rows at least --files.")
        }
    }

    func run() async throws {
        let folder = DataFolder(path: out)
        do {
            try folder.prepare()
            let summary = try await folder.fill(rows: rows, files: files, seed: seed)
            print(summary.json)
        } catch {
            Self.write("error: \(error)\n", to: STDERR_FILENO)
            throw ExitCode.failure
        }
    }

    static func main() async {
        do {
            let command = try parse()
            try await command.run()
        } catch {
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if !message.isEmpty { write(message + "\n", to: code.isSuccess ? STDOUT_FILENO : STDERR_FILENO) }
            // Bad arguments are 2, as in streamgauge.
            Glibc.exit(code == .validationFailure ? 2 : code.rawValue)
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        // A terminal that is gone cannot be told so.
        text.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
