import Foundation
import Glibc
import Testing

@testable import MetricsTopic

/// A spool's folder on the real file system: what it makes, what it refuses and with which error, and what it keeps.
@Suite struct LocalSpoolDiskTests {
    private final class Folder {
        let path = "/tmp/streamgauge-disk-\(UUID().uuidString)"
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ bytes: [UInt8] = [1]) throws {
            try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        }
    }

    private let folder: Folder
    private var path: String { folder.path }

    init() throws { folder = try Folder() }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    /// The code of an error that names what it is about.
    private func code(
        _ named: String, _ location: SourceLocation = #_sourceLocation, _ work: () throws -> Void
    ) -> SpoolError.Code? {
        let error = #expect(throws: SpoolError.self, sourceLocation: location) { try work() }
        #expect(error?.message.contains(named) == true, "\(error?.message ?? "")", sourceLocation: location)
        return error?.code
    }

    // MARK: Opening

    @Test func `folders that are missing above a spool's are made, for their owner alone`() throws {
        let spool = "\(path)/a/b/spool"
        let disk = try LocalSpoolDisk(path: spool)
        #expect([spool, "\(path)/a", "\(path)/a/b"].map(mode) == [0o700, 0o700, 0o700])
        try disk.create("x.spool")
        #expect(mode("\(spool)/x.spool") == 0o600)
    }

    @Test func `a path that is a file, or below one, is told as not found`() throws {
        try folder.write("file")
        #expect(code("\(path)/file") { _ = try LocalSpoolDisk(path: "\(path)/file") } == .notFound)
        #expect(code("\(path)/file/spool") { _ = try LocalSpoolDisk(path: "\(path)/file/spool") } == .notFound)
        #expect(code("\(path)/file") { _ = try LocalSpoolDisk(inspecting: "\(path)/file") } == .notFound)
        #expect(code("\(path)/none") { _ = try LocalSpoolDisk(inspecting: "\(path)/none") } == .notFound)
    }

    @Test func `links are not followed`() throws {
        try folder.write("elsewhere", [7])
        try FileManager.default.createSymbolicLink(atPath: "\(path)/.lock", withDestinationPath: "\(path)/elsewhere")
        #expect(code(path) { _ = try LocalSpoolDisk(path: path) } == .notPermitted)
        try FileManager.default.removeItem(atPath: "\(path)/.lock")
        let disk = try LocalSpoolDisk(path: path)
        for name in ["x.spool", SpoolFormat.cursorName] {
            try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: "elsewhere")
        }
        #expect(code("x.spool") { _ = try disk.read("x.spool") } == .notPermitted)
        #expect(code("x.spool") { try disk.sync("x.spool") } == .notPermitted)
        #expect(code("x.spool") { try disk.create("x.spool") } == .inputOutput)
        #expect(code("acknowledged") { try disk.overwrite(SpoolFormat.cursorName, [1]) } == .notPermitted)
        #expect(try Data(contentsOf: URL(filePath: "\(path)/elsewhere")) == Data([7]))
    }

    // MARK: Files

    @Test func `only the file that was made last takes more`() throws {
        let disk = try LocalSpoolDisk(path: path)
        #expect(code("x.spool") { try disk.append([1], to: "x.spool") } == .notFound)
        #expect(code("x.spool") { try disk.truncate("x.spool", to: 0) } == .notFound)
        try disk.create("x.spool")
        try disk.append([1, 2, 3], to: "x.spool")
        try disk.truncate("x.spool", to: 2)
        try disk.append([4], to: "x.spool")
        try disk.create("y.spool")
        #expect(code("x.spool") { try disk.append([5], to: "x.spool") } == .notFound)
        #expect(try disk.read("x.spool") == [1, 2, 4])
        try disk.sync("x.spool")
        try disk.sync("y.spool")
        try disk.syncFolder()
    }

    @Test func `a file that is not there is told, and deleting it is no error`() throws {
        let disk = try LocalSpoolDisk(path: path)
        #expect(code("x.spool") { _ = try disk.read("x.spool") } == .notFound)
        #expect(code("x.spool") { try disk.sync("x.spool") } == .notFound)
        try disk.delete("x.spool")
        try FileManager.default.createDirectory(atPath: "\(path)/y.spool", withIntermediateDirectories: true)
        #expect(code("y.spool") { try disk.delete("y.spool") } != nil)
        #expect(code("y.spool") { _ = try disk.read("y.spool") } == .inputOutput)
        #expect(try disk.list().map(\.name) == [".lock"])
    }

    @Test func `a folder that went is told by every operation`() throws {
        let disk = try LocalSpoolDisk(path: path)
        try FileManager.default.removeItem(atPath: path)
        #expect(code(path) { _ = try disk.list() } == .notFound)
        #expect(code(path) { try disk.create("x.spool") } == .notFound)
        #expect(code(path) { try disk.syncFolder() } == .notFound)
        #expect(code(path) { try disk.overwrite(SpoolFormat.cursorName, [1]) } == .notFound)
        #expect(code(path) { try disk.quarantine("x", [1]) } == .notFound)
    }

    @Test(arguments: [
        (ENOSPC, SpoolError.Code.noSpace, "free space"), (EDQUOT, .noSpace, "free space"),
        (EFBIG, .noSpace, "ulimit -f"),
        (ENOENT, .notFound, "check the path"), (EROFS, .notPermitted, "choose another folder"),
        (EACCES, .notPermitted, "right"), (EIO, .inputOutput, "check the disk"),
    ])
    func `an error of the system says what to do`(number: Int32, code: SpoolError.Code, hint: String) {
        let error = SpoolError(number, "append to it")
        #expect(error.code == code && error.message.hasPrefix("cannot append to it: ") && error.message.contains(hint))
    }

    // MARK: Quarantine

    @Test func `the quarantine keeps the newest thousand files`() throws {
        let disk = try LocalSpoolDisk(path: path)
        try FileManager.default.createDirectory(atPath: "\(path)/quarantine", withIntermediateDirectories: true)
        for number in 0..<1001 {
            try folder.write("quarantine/\(number)")
            // Each a second older than the one before.
            var times = [
                timeval(tv_sec: 1_000_000 - number, tv_usec: 0), timeval(tv_sec: 1_000_000 - number, tv_usec: 0),
            ]
            try #require(utimes("\(path)/quarantine/\(number)", &times) == 0)
        }
        try disk.quarantine("new", [1, 2])
        let kept = Set(try disk.listQuarantine())
        #expect(kept == Set((0..<999).map(String.init) + ["new"]))
    }

    @Test func `the quarantine has 64 MiB at most`() throws {
        let disk = try LocalSpoolDisk(path: path)
        for (name, age) in [("old", 2), ("older", 3), ("young", 1)] {
            try disk.quarantine(name, [1])
            // Thirty million bytes that take no room.
            try #require(truncate("\(path)/quarantine/\(name)", 30_000_000) == 0)
            var times = [timeval(tv_sec: 1_000_000 - age, tv_usec: 0), timeval(tv_sec: 1_000_000 - age, tv_usec: 0)]
            try #require(utimes("\(path)/quarantine/\(name)", &times) == 0)
        }
        try disk.quarantine("new", [1, 2])
        #expect(try disk.listQuarantine() == ["new", "old", "young"])
        #expect(try Data(contentsOf: URL(filePath: "\(path)/quarantine/new")) == Data([1, 2]))
    }

    @Test func `a quarantine that is no folder, or whose place is taken, is told, and nothing is half there`() throws {
        let disk = try LocalSpoolDisk(path: path)
        try folder.write("quarantine")
        #expect(code("\(path)/quarantine") { try disk.quarantine("x", [1]) } == .notFound)
        try FileManager.default.removeItem(atPath: "\(path)/quarantine")
        try FileManager.default.createDirectory(atPath: "\(path)/quarantine/x/y", withIntermediateDirectories: true)
        #expect(code("\(path)/quarantine/x") { try disk.quarantine("x", [1]) } != nil)
        #expect(try disk.listQuarantine() == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)/quarantine") == ["x"])
    }
}
