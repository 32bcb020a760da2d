import StructuredStreaming

/// A place in a source, as the source's own JSON text; what stands in `offsets/N`.
package struct SourceOffset: Sendable, Hashable {
    /// The text, verbatim.
    package var json: String

    /// Creates an offset.
    package init(json: String) { self.json = json }
}

/// How much one batch may take.
enum ReadLimit: Sendable, Hashable {
    /// What the source's own options say.
    case sourceOptions
    /// Everything that is there.
    case all
}

/// Where rows come from. Called by the query's thread only; the tasks it makes run on any thread.
protocol StreamSource: AnyObject {
    /// What progress calls it.
    var description: String { get }
    /// The newest offset a batch that starts after `start` may reach; nil (or `start`) when there is nothing new.
    func latestOffset(after start: SourceOffset?, limit: ReadLimit) throws -> SourceOffset?
    /// Fixes what is there now as all that this run will read: the first step of an available-now run.
    func prepareForAvailableNow() throws
    /// The pieces of (start, end], each to be read once.
    func tasks(from start: SourceOffset?, to end: SourceOffset) throws -> [any ScanTask]
    /// The batch that ended here is durable and will not be asked for again.
    func commit(_ end: SourceOffset) throws
    /// Releases what the source holds.
    func stop()
}

/// A piece of a batch that one thread reads.
protocol ScanTask: Sendable {
    /// A reader of the rows of this piece, with the wanted columns only.
    func open(columns: StructType) throws -> any BatchReader
}

/// Rows, some thousands at a time.
protocol BatchReader: AnyObject {
    /// The next rows, nil at the end.
    func next() throws -> ColumnBatch?
}
