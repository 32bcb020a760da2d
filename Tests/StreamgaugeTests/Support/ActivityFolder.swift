import Foundation

/// Small activity data: files that a test made itself, so that it knows the counts.
struct ActivityFolder {
    static let counts = "SELECT gt, count(*) AS count FROM input GROUP BY gt"

    let folder = TemporaryFolder()
    var path: String { folder.path("data") }

    /// Makes files of rows that alternate between activities.
    init(files: Int = 6, rowsPerFile: Int = 50) throws {
        let activities = ["walk", "sit", "bike"]
        for file in 0..<files {
            let lines = (0..<rowsPerFile).map { row in
                "{\"Index\":\(file * rowsPerFile + row),\"gt\":\"\(activities[(file + row) % 3])\",\"x\":\(row).5}"
            }
            try folder.write("data/part-\(file).json", lines.joined(separator: "\n") + "\n")
        }
    }

    /// Adds a file.
    func add(_ name: String, _ lines: [String]) throws {
        try folder.write("data/\(name)", lines.joined(separator: "\n") + "\n")
    }

    /// `run` over this folder.
    func run(_ more: [String], sql: String = Self.counts) -> [String] { ["run", "--json", path, "--sql", sql] + more }

    /// The rows of a result file in order.
    func result(_ name: String) throws -> [String] {
        try folder.read(name).split(separator: "\n").map(String.init).sorted()
    }
}
