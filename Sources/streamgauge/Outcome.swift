/// What became of some work, kept until what has to follow it is done.
struct Outcome<Success: Sendable>: Sendable {
    private let result: Result<Success, any Error>

    /// Does the work.
    init(_ work: () async throws -> Success) async {
        do {
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
    }

    /// The work's result; throws its error.
    func get() throws -> Success { try result.get() }
}
