/// What happened in a world, step by step, as a list to show and as a hash to compare.
struct Trace {
    /// What a step was. The two numbers beside it mean what its text says.
    enum Step: String {
        case offer = "offer run, sequence", writer = "writer step; waits us", sender = "sender step; waits us"
        case advance = "time passes us", arrival = "request arrives; client, records", answer =
            "answer; client, records"
        case rejected = "request refused; client, error", lostConnection = "connection lost; client, requests"
        case fatal = "client fails for good; client", produce = "produce run, sequence", newClient = "new client"
        case closeClient = "client is closed; client, hangs", reports = "reports; client, count"
        case diskFault = "disk fault; operation", diskWrite = "disk append; inode, bytes", diskSync = "disk sync; inode"
        case diskCreate = "disk create; inode", diskDelete = "disk delete; inode", diskTruncate =
            "disk truncate; inode, size"
        case cursor = "cursor is written", kill = "the process is killed; spooled, buffered"
        case powerLoss = "power is lost; spooled, buffered", start = "a process starts; recovered, frames on disk"
        case stopping = "stop begins; pending", stopped = "stop is over; pending, spooled"
        case broker = "broker is up or not", topic = "topic changes; topic, what", reconfigure = "new settings"
        case notReconfigured = "no client of the new settings; the last client made"
        case terminated = "run ends; run", heal = "all faults end", append = "broker appends run, sequence"
        case examine = "topics are looked at; client", consumer = "consumer handles; topic, offset"
    }

    private struct Entry {
        var time: Int
        var step: Step
        var first: Int
        var second: Int
    }

    private var entries: [Entry] = []
    /// Whether remarks are kept too: they cost time, and are no part of the hash.
    let keepsRemarks: Bool
    private var remarks: [(index: Int, text: String)] = []
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    init(keepsRemarks: Bool) { self.keepsRemarks = keepsRemarks }

    var count: Int { entries.count }

    /// Something for people to read behind the last step.
    mutating func remark(_ text: @autoclosure () -> String) {
        if keepsRemarks { remarks.append((entries.count, text())) }
    }

    mutating func note(_ step: Step, _ first: Int = 0, _ second: Int = 0, at time: Int) {
        entries.append(Entry(time: time, step: step, first: first, second: second))
        mix(UInt64(truncatingIfNeeded: time))
        for byte in step.rawValue.utf8.prefix(8) { mix(UInt64(byte)) }
        mix(UInt64(truncatingIfNeeded: first))
        mix(UInt64(truncatingIfNeeded: second))
    }

    private mutating func mix(_ value: UInt64) {
        hash = (hash ^ value) &* 0x0000_0100_0000_01B3
        hash ^= hash >> 29
    }

    /// The last steps, one a line, with their time in milliseconds.
    func lines(last count: Int) -> [String] {
        var lines: [String] = []
        var rest = remarks[...]
        for (index, entry) in entries.enumerated().suffix(count) {
            let milliseconds = "\(entry.time / 1000).\(String(entry.time % 1000 + 1000).dropFirst())"
            lines.append("\(milliseconds) ms  \(entry.step.rawValue): \(entry.first), \(entry.second)")
            while let remark = rest.first, remark.index <= index + 1 {
                lines.append("    " + remark.text)
                rest.removeFirst()
            }
        }
        return lines
    }
}
