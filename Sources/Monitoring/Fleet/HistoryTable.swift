/// Rows of 32-bit cells in a ring, with columns that come into being when the first value for them comes.
///
/// A cell that was not written is 0. The rows lie in one array, one behind the other, so that a new one touches one place in memory; a
/// new column has all of them copied, which happens to a query a few times in its life; columns that come together are copied for once.
///
///     cells       [ row 0: column 0, column 1, … | row 1: … | … ]       count × width
struct HistoryTable: Sendable, Hashable {
    /// The most rows it keeps.
    let capacity: Int
    /// How many rows there are.
    private(set) var count = 0
    /// How many columns there are.
    private(set) var width = 0
    private(set) var cells: [UInt32] = []
    /// The oldest row: the one that the next overwrites once the ring is full.
    private var oldest = 0

    /// An empty table without columns.
    init(capacity: Int) { self.capacity = max(0, capacity) }

    /// The place of a row by its age: 0 is the oldest, ``count`` − 1 the newest.
    func row(_ age: Int) -> Int { (oldest + age) % count }

    subscript(row: Int, column: Int) -> UInt32 {
        get { cells[row * width + column] }
        set { cells[row * width + column] = newValue }
    }

    /// Makes a row of which no cell is written, in the place of the oldest where there is no room for more.
    ///
    /// - Returns: Its place. There must be a capacity.
    mutating func addRow() -> Int {
        guard count == capacity else {
            makeRoom()
            cells.append(contentsOf: repeatElement(0, count: width))
            count += 1
            return count - 1
        }
        let row = oldest
        oldest = (oldest + 1) % capacity
        for place in row * width..<(row + 1) * width { cells[place] = 0 }
        return row
    }

    /// Makes columns of which no cell is written; gives the number of the first.
    mutating func addColumns(_ number: Int) -> Int {
        guard number > 0 else { return width }
        var wider: [UInt32] = []
        wider.reserveCapacity(count * (width + number))
        for row in 0..<count {
            wider += cells[row * width..<(row + 1) * width]
            wider.append(contentsOf: repeatElement(0, count: number))
        }
        cells = wider
        width += number
        return width - number
    }

    /// Arrays double when they are full, to more than there will ever be rows; this one stops at ``capacity``.
    private mutating func makeRoom() {
        guard cells.count + width > cells.capacity else { return }
        cells.reserveCapacity(min(capacity, max(16, count * 2)) * width)
    }
}
