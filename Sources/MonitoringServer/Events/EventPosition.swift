/// A place in a hub's changes, as the `id` of a server-sent event tells it.
struct EventPosition: Hashable, CustomStringConvertible {
    /// The hub's epoch: a position of another hub says nothing here.
    var epoch: UInt64
    /// The last change that was seen.
    var change: UInt64

    init(epoch: UInt64, change: UInt64) {
        self.epoch = epoch
        self.change = change
    }

    /// Reads an `id`; nil where it is none of this form.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let epoch = UInt64(parts[0], radix: 16), let change = UInt64(parts[1]),
            text.utf8.count < 40
        else { return nil }
        self.init(epoch: epoch, change: change)
    }

    var description: String { String(epoch, radix: 16) + "-\(change)" }
}
