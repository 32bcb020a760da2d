/// How far back a window looks: over its span, and where triggers are so long apart that few lie in it, over the last few of them.
///
/// A gap that is long once is none of those, as of a query that had nothing to read for a night, or a clock that was set ahead: what lies
/// before it says nothing of what comes after it.
struct LookBack: Sendable, Hashable {
    /// So many points are enough for any measure, and are kept where they are older than the span.
    static let points = SizingVerdict.minimumBatches + 1
    /// Nothing older than a day is kept, nor what is longer ago than so many of the last gaps.
    private static let (longest, gaps): (Int64, Int64) = (86_400_000, 20)

    /// Milliseconds.
    let span: Int64

    /// The earliest time that a window looks back to for its few last points.
    ///
    /// - Parameters:
    ///   - time: Now, in milliseconds.
    ///   - gap: The time since the last point.
    ///   - before: The time between that one and the one before it; nil where there is none.
    func earliest(at time: Int64, gap: Int64, before: Int64?) -> Int64 {
        let (reach, overflow) = min(gap, before ?? gap).multipliedReportingOverflow(by: Self.gaps)
        return time.subtractingSaturated(max(span, min(Self.longest, overflow ? .max : max(0, reach))))
    }
}
