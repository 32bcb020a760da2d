import Foundation

/// The working copy these tests were built from.
enum Repository {
    /// Its folder.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// One file's path below the root, with `/` between its parts.
    struct File: Sendable, CustomStringConvertible {
        var path: String
        var name: String { String(path.split(separator: "/").last ?? "") }
        /// `Sources/Kafka/…` belongs to `Kafka`.
        var target: String { String(path.split(separator: "/").dropFirst().first ?? "") }
        var description: String { path }

        func lines() throws -> [Substring] {
            try String(contentsOf: root.appending(path: path), encoding: .utf8)
                .split(separator: "\n", omittingEmptySubsequences: false)
        }
    }

    /// The files below a folder whose names end so, in order.
    static func files(below folder: String, ending: String) throws -> [File] {
        try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
            .filter { $0.hasSuffix(ending) && !$0.split(separator: "/").contains(".build") }
            .sorted().map { File(path: "\(folder)/\($0)") }
    }
}
