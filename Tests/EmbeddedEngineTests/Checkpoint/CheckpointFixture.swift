import Foundation

@testable import EmbeddedEngine

/// Real checkpoints made by Spark 4.1.1.
enum CheckpointFixture: String, CaseIterable {
    case activityCounts = "spark-4.1.1-activity-counts"
    case windowedAppend = "spark-4.1.1-windowed-append"

    var path: String {
        Bundle.module.resourcePath! + "/Fixtures/checkpoints/" + rawValue
    }

    func bytes(_ name: String) throws -> [UInt8] { try LocalFileManager().read("\(path)/\(name)") }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    /// A copy of the checkpoint that a test may change.
    func copy(to scratch: CheckpointScratch, as name: String = "checkpoint") throws -> String {
        let target = scratch.path + "/" + name
        try FileManager.default.copyItem(atPath: path + "/checkpoint", toPath: target)
        return target
    }
}

/// A folder of a test's own, deleted with this object.
final class CheckpointScratch {
    let path: String
    /// Nothing a test does needs to survive a loss of power.
    let files = LocalFileManager(isDurable: false)

    init() throws {
        path = NSTemporaryDirectory() + "streamgauge-" + RandomUUID.text()
        try files.createDirectories(path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        let path = path + "/" + name
        try files.createDirectories(CheckpointPath.directory(of: path))
        try files.delete(path)
        try files.write(path, Array(text.utf8))
    }

    func text(_ name: String) throws -> String { String(decoding: try files.read(path + "/" + name), as: UTF8.self) }

    func names(_ directory: String = "") throws -> [String] { try files.list(path + "/" + directory).sorted() }
}

/// The engine error of a call that must fail.
func engineError(_ body: () throws -> Void) -> EngineError? {
    do {
        try body()
        return nil
    } catch { return error as? EngineError }
}
