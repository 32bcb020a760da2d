/// The last values of one series over a length of time, in memory that does not depend on how often it is asked.
///
/// Values are put together in slices of a 32nd of the window, of which as many are kept:
///
///     slices   [ oldest … newest ]        33, or few more where the length is not a multiple of 32 ms
///     closed   all but the newest put together, so that a step costs the same however long the window is
///
/// A slice stays while its last value is in the window, so the window's beginning is exact to a 32nd of its length.
struct SeriesWindow<Slice: WindowSlice>: Sendable {
    private static var slicesPerWindow: Int64 { 32 }
    private static var maximumSlices: Int { 34 }

    private var slices: [Slice] = []
    private var closed: Slice?

    /// Slices that are kept.
    var count: Int { slices.count }

    /// Adds a value that is not older than those before, and lets go of what has left the window.
    mutating func add(_ value: Double, at time: Int64, milliseconds: Int64) {
        let length = max(1, milliseconds / Self.slicesPerWindow)
        let slice = Slice(time: time, value: value)
        defer { drop(before: time - milliseconds) }
        guard let last = slices.last else { return slices.append(slice) }
        if last.lastTime / length == time / length { return slices[slices.count - 1].add(slice) }
        closed?.add(last)
        if closed == nil { closed = last }
        // There are many of these, and doubled they would take more for room than for slices.
        if slices.count == slices.capacity {
            slices.reserveCapacity(max(slices.count + 1, min(slices.count * 2, Self.maximumSlices)))
        }
        slices.append(slice)
    }

    /// Lets go of what has left the window; false when nothing is left.
    mutating func advance(to time: Int64, milliseconds: Int64) -> Bool {
        drop(before: time - milliseconds)
        return !slices.isEmpty
    }

    /// All values in the window put together; nil when there is none.
    var all: Slice? {
        guard let newest = slices.last else { return nil }
        guard var all = closed else { return newest }
        all.add(newest)
        return all
    }

    private mutating func drop(before time: Int64) {
        guard let oldest = slices.first, oldest.lastTime < time else { return }
        slices.removeFirst(slices.prefix { $0.lastTime < time }.count)
        closed = nil
        guard slices.count > 1, var all = slices.first else { return }
        for slice in slices[1..<(slices.count - 1)] { all.add(slice) }
        closed = all
    }
}

/// One window of an expression over all series that it sees.
///
///     places    by number of labels: where its window is, -1 for none
///     windows   of the series that have values in the window, and places that are free
struct SeriesWindows<Slice: WindowSlice>: Sendable {
    private var places: ContiguousArray<Int32> = []
    private var windows: ContiguousArray<SeriesWindow<Slice>> = []
    private var free: [Int32] = []
    /// Numbers of the labels with a window, in the order in which they came.
    private var active: [Int] = []

    /// Whether no series has a value in the window.
    var isEmpty: Bool { active.isEmpty }

    /// Slices that are kept of all series.
    var sliceCount: Int { active.reduce(0) { $0 + windows[Int(places[$1])].count } }

    /// Takes the values of a moment, and lets go of what has left the window.
    mutating func take(
        _ series: [SampleTable.Sample], at time: Int64, milliseconds: Int64, labels: inout LabelTable
    ) {
        let missing = labels.capacity - places.count
        if missing > 0 { places.append(contentsOf: repeatElement(-1, count: missing)) }
        for sample in series where sample.value.isFinite {
            if places[sample.labels] < 0 { open(sample.labels) }
            windows[Int(places[sample.labels])].add(sample.value, at: time, milliseconds: milliseconds)
        }
        var left = 0
        for number in active {
            if windows[Int(places[number])].advance(to: time, milliseconds: milliseconds) {
                active[left] = number
                left += 1
                labels.touch(number, at: time)
            } else {
                close(number)
            }
        }
        active.removeSubrange(left...)
    }

    /// What a function says of each series.
    func read(_ function: AlertExpression.WindowFunction) -> [SampleTable.Sample] {
        active.compactMap { number in
            windows[Int(places[number])].all?.value(of: function).map { SampleTable.Sample(labels: number, value: $0) }
        }
    }

    /// Forgets labels whose numbers go to others.
    mutating func remove(_ removed: Set<Int>) {
        let gone = active.filter { removed.contains($0) }
        active.removeAll { removed.contains($0) }
        for number in gone { close(number) }
    }

    private mutating func open(_ number: Int) {
        if let place = free.popLast() {
            places[number] = place
        } else {
            places[number] = Int32(windows.count)
            windows.append(SeriesWindow())
        }
        active.append(number)
    }

    private mutating func close(_ number: Int) {
        windows[Int(places[number])] = SeriesWindow()
        free.append(places[number])
        places[number] = -1
    }
}
