import ArgumentParser
import Glibc
import Kafka

/// A command that must not begin where files or memory are too few for it.
protocol DemandingCommand: ParsableCommand {
    /// What it takes beside what the process has when it begins.
    static var needs: ProcessNeeds { get }
    /// How it is called on the command line.
    static var verb: String { get }
}

extension DemandingCommand {
    static var verb: String { _commandName }

    /// - Throws: `KafkaError` with the limit that is too low, and how to raise it.
    static func requireNeeds() throws { try ProcessLimits.require(needs, for: "run streamgauge \(verb)") }
}

extension ProcessNeeds {
    /// - Parameter threads: Those beside the pool of the runtime, which has one for each core.
    fileprivate init(files: Int, threads: Int, megabytes: Int) {
        let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        self.init(files: files, threads: cores + threads, memoryBytes: megabytes << 20)
    }
}

// Before each stands what was measured against one broker on two cores, with 100,000 events of 585 bytes and 300,000 rows in five
// files; standard streams and the pool's threads are left out. The rest is headroom, chiefly for more brokers, each of which
// takes three files and a thread, and for larger events.

extension Forward: DemandingCommand {
    // 16 files, 10 threads, 27 MiB.
    static var needs: ProcessNeeds { ProcessNeeds(files: 40, threads: 16, megabytes: 64) }
}

extension SpoolDrain: DemandingCommand {
    static var needs: ProcessNeeds { Forward.needs }
    static var verb: String { "spool drain" }
}

extension Consume: DemandingCommand {
    // 20 files, 13 threads, 55 MiB with a store, for 60,000 events that come in one answer. librdkafka holds up to 64 MiB that
    // wait to be read, and an answer of 50 MiB beside them.
    static var needs: ProcessNeeds { ProcessNeeds(files: 48, threads: 16, megabytes: 144) }
}

extension HistoryRebuild: DemandingCommand {
    static var needs: ProcessNeeds { Consume.needs }
    static var verb: String { "history rebuild" }
}

extension Doctor: DemandingCommand {
    // 19 files, 11 threads, 20 MiB.
    static var needs: ProcessNeeds { ProcessNeeds(files: 48, threads: 16, megabytes: 64) }
}

extension Run: DemandingCommand {
    // 17 files, 14 threads, 20 MiB.
    static var needs: ProcessNeeds { ProcessNeeds(files: 40, threads: 20, megabytes: 128) }
}

extension Demo: DemandingCommand {
    // 48 files, 26 threads, 20 MiB.
    static var needs: ProcessNeeds { ProcessNeeds(files: 80, threads: 32, megabytes: 128) }
}

extension Broker: DemandingCommand {
    // 20 files, 8 threads, 5 MiB with one client at a time; it keeps all records, at most 5 MB a partition.
    static var needs: ProcessNeeds { ProcessNeeds(files: 56, threads: 16, megabytes: 128) }
}
