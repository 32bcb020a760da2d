/// What went wrong between this program and a spool's folder.
public struct SpoolError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for programs.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The disk, the quota or the file size limit is exhausted.
        case noSpace
        /// Another process, or another forwarder of this one, uses the folder.
        case inUse
        /// The folder was written by a newer version of this program.
        case newerVersion
        /// The folder, or a file in it, is not there.
        case notFound
        /// The folder is there, and is no spool.
        case notASpool
        /// This user may not read or write there.
        case notPermitted
        /// The content is not what was written.
        case damaged
        /// Another fault of the disk or the file system.
        case inputOutput
    }

    /// What went wrong.
    public var code: Code
    /// What was attempted, on what, why it failed and what to do, in one line.
    public var message: String

    /// Creates an error.
    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
