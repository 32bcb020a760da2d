import FoundationEssentials
import StreamingMetrics
import StructuredStreaming

/// How often each activity is in the data, as its generator says in `_summary.json`.
struct ExpectedCounts {
    let counts: [String: Int64]

    /// Reads the summary of a data folder.
    init(folder: String) throws {
        let path = folder + "/_summary.json"
        let hint = "make the data with: make-activity-data --out \(folder)"
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw CommandError("cannot read the data's summary \(path)", hint: hint)
        }
        guard let members = try? JSONValue(parsing: text)["gt"]?.members, !members.isEmpty else {
            throw CommandError("the data's summary \(path) holds no counts", hint: hint)
        }
        counts = members.reduce(into: [:]) { $0[$1.key] = $1.value.int64 }
    }

    /// What is wrong with the rows (gt, count) of a result; nil when all is right.
    func difference(from rows: [Row]) -> String? {
        var found: [String: Int64] = [:]
        for row in rows {
            guard case .string(let activity)? = row["gt"], case .long(let count)? = row["count"] else {
                return "a row of the result has no gt or no count"
            }
            found[activity] = count
        }
        for (activity, count) in counts.sorted(by: { $0.key < $1.key }) where found[activity] != count {
            return "\(activity) is there \(count) times, the result says \(NumberText.integer(found[activity]))"
        }
        return found.count == counts.count ? nil : "the result has activities that the data has not"
    }
}
