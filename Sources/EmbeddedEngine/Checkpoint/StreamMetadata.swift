import StreamingMetrics

/// The file `metadata`: the query's id, which lives as long as the checkpoint.
///
///     {"id":"6c8708c9-68b5-4224-81cd-1c58c9357717"}
struct StreamMetadata: Sendable, Hashable {
    /// A UUID in lower case.
    var id: String
    /// Members this engine does not know.
    var unknownMembers: [JSONValue.Member] = []

    /// A new query's metadata.
    init(id: String = RandomUUID.text()) { self.id = id }

    /// The file's text.
    var text: String { JSONValue.object([JSONValue.Member("id", .string(id))] + unknownMembers).jsonText }

    /// Reads a file.
    init(_ bytes: [UInt8], path: String) throws {
        func damage(_ reason: String) -> EngineError {
            EngineError(
                .checkpointCorrupt, "cannot read \(path), line 1: \(reason)",
                hint:
                    "restore it from a copy, or write {\"id\":\"…\"} with the query's id as its progress events show it"
            )
        }
        let members: [JSONValue.Member]?
        do {
            members = try bytes.withUnsafeBytes { try JSONValue(parsing: $0) }.members
        } catch {
            throw damage(bytes.isEmpty ? "the file is empty" : "\(error)")
        }
        guard let members else { throw damage("a JSON object is needed") }
        guard let id = members.last(where: { $0.key == "id" })?.value.string else { throw damage("it has no id") }
        guard RandomUUID.isUUID(id) else { throw damage("Invalid UUID string: \(id)") }
        self.id = id.lowercased()
        unknownMembers = members.filter { $0.key != "id" }
    }
}
