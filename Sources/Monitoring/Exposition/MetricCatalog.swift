import FoundationEssentials

/// The one table of the series that a query has.
///
/// A series whose value is unknown is left out: nothing is NaN, and nothing is 0 for want of a number. All series of a query are
/// there while the query is known and go together with it.
public enum MetricCatalog {
    /// The families in the order in which they are written.
    public static let families: [MetricFamily] = entries.map(\.family)

    /// The values of a family for one query.
    public static func samples(of family: String, _ snapshot: QuerySnapshot) -> [MetricSample] {
        guard let entry = entries.first(where: { $0.family.name == family }) else { return [] }
        var samples: [MetricSample] = []
        entry.collect(snapshot) { labels, value in samples.append(MetricSample(labels: labels, value: value)) }
        return samples
    }

    /// The labels that name a query: `query` is its name, or its id where it has none; `id` is its id.
    public static func identity(_ snapshot: QuerySnapshot) -> [MetricLabel] {
        identity(name: snapshot.name, id: snapshot.id)
    }

    static func identity(name: String?, id: UUID) -> [MetricLabel] {
        [
            MetricLabel("query", QuerySnapshot.title(name: name, id: id)),
            MetricLabel("id", id.uuidString.lowercased()),
        ]
    }

    /// Takes a value with its labels.
    typealias Give = (_ labels: [MetricLabel], _ value: Double) -> Void

    /// A family and where its values are found.
    struct Entry: Sendable {
        /// How many values a query has.
        enum Values: Sendable {
            /// One, or none while it is unknown.
            case single(@Sendable (QuerySnapshot) -> Double?)
            /// One for each of these labels: 1 for the chosen one, 0 for the others.
            case choice([MetricLabel], @Sendable (QuerySnapshot) -> Int?)
            /// Any number.
            case several(@Sendable (QuerySnapshot, Give) -> Void)
        }

        var family: MetricFamily
        var values: Values

        /// Gives all values of a query.
        func collect(_ snapshot: QuerySnapshot, _ give: Give) {
            switch values {
            case .single(let value):
                if let value = value(snapshot) { give([], value) }
            case .choice(let labels, let chosen):
                let chosen = chosen(snapshot)
                for (index, label) in labels.enumerated() { give([label], index == chosen ? 1 : 0) }
            case .several(let collect): collect(snapshot, give)
            }
        }
    }

    static let entries: [Entry] = status + work + backlog + state + verdict

    // MARK: Status

    private static let status: [Entry] = [
        choice("streamgauge_query_state", "1 for the state that the query is in, 0 for the others.", "state") {
            $0.state
        },
        labelled("streamgauge_query_info", "1, with the identity of the query's current run.", .gauge, ["run_id"]) {
            snapshot, give in
            guard let runId = snapshot.runId else { return }
            give([MetricLabel("run_id", runId.uuidString.lowercased())], 1)
        },
        gauge("streamgauge_query_state_age_seconds", "Seconds that the query has been in its state.") {
            $0.stateSeconds
        },
        gauge("streamgauge_query_start_time_seconds", "When the current run began, in seconds since 1970.") {
            $0.runSince?.secondsSinceEpoch
        },
        gauge("streamgauge_query_last_event_age_seconds", "Seconds since the last sign of life.") {
            $0.lastEventAgeSeconds
        },
        gauge("streamgauge_query_last_progress_age_seconds", "Seconds since the last progress came.") {
            $0.lastProgressAgeSeconds
        },
        counter("streamgauge_query_events_total", "Events of the query, of any kind.") { $0.counts.events },
        counter("streamgauge_query_restarts_total", "Runs after the first.") { $0.counts.restarts },
        counter("streamgauge_query_failures_total", "Runs that ended with an exception.") { $0.counts.failures },
        counter("streamgauge_query_late_events_total", "Events that came after newer ones or of earlier runs.") {
            $0.counts.lateEvents
        },
        counter("streamgauge_query_duplicate_events_total", "Events that were copies of others.") { $0.counts.copies },
        counter("streamgauge_query_missing_events_total", "Events that the feed knows to be missing.") {
            $0.counts.missingEvents
        },
    ]

    // MARK: Work

    private static let work: [Entry] = [
        counter("streamgauge_query_batches_total", "Triggers that ran a batch.") { $0.counts.batches },
        counter("streamgauge_query_input_rows_total", "Rows read, as far as progress told.") { $0.counts.inputRows },
        gauge("streamgauge_query_batch_id", "Number of the last batch.") { $0.batchId.map { Double($0) } },
        gauge("streamgauge_query_input_rows_per_second", "Rows a second arriving, as the last progress says.") {
            $0.inputRowsPerSecond
        },
        gauge("streamgauge_query_processed_rows_per_second", "Rows a second processed, as the last progress says.") {
            $0.processedRowsPerSecond
        },
        gauge("streamgauge_query_sustained_input_rows_per_second", "Rows a second read, over the last minutes.") {
            $0.sustainedInputRowsPerSecond
        },
        gauge(
            "streamgauge_query_sustained_processed_rows_per_second",
            "Rows a second that can be processed, over the last minutes: rows by time of work."
        ) { $0.sustainedProcessedRowsPerSecond },
        gauge("streamgauge_query_batch_duration_seconds", "How long the last trigger took.") {
            $0.batchDurationSeconds
        },
        labelled(
            "streamgauge_query_phase_duration_seconds", "How long a phase of the last trigger took.", .gauge, ["phase"]
        ) { snapshot, give in
            for (phase, seconds) in snapshot.phaseSeconds.sorted(by: { $0.key < $1.key }) {
                give([MetricLabel("phase", phase)], seconds)
            }
        },
        gauge("streamgauge_query_trigger_interval_seconds", "The trigger interval, given or found.") {
            $0.triggerIntervalSeconds
        },
        gauge("streamgauge_query_busy_ratio", "Share of the time in which a trigger runs, over the last minutes.") {
            $0.busyRatio
        },
    ]

    // MARK: Backlog

    private static let backlog: [Entry] = [
        gauge("streamgauge_query_lag_records", "Records that wait, in all sources that say so.") {
            $0.lagRecords.map { Double($0) }
        },
        gauge("streamgauge_query_lag_seconds", "Seconds of work that wait in the source with most of it.") {
            $0.lagSeconds
        },
        gauge("streamgauge_query_lag_bytes", "Bytes that wait, in all sources that say so.") {
            $0.lagBytes.map { Double($0) }
        },
        gauge("streamgauge_query_lag_files", "Files that wait, in all sources that say so.") {
            $0.lagFiles.map { Double($0) }
        },
        gauge("streamgauge_query_catch_up_seconds", "Seconds until nothing waits; missing where that never comes.") {
            $0.catchUpSeconds
        },
        source("streamgauge_source_lag_records", "Records that wait in a source.") { $0.records.map { Double($0) } },
        source("streamgauge_source_lag_max_partition_records", "Records that wait in the partition with most.") {
            $0.maximumPartitionRecords.map { Double($0) }
        },
        source("streamgauge_source_lag_seconds", "Seconds of work that wait in a source.") { $0.secondsBehind },
        source("streamgauge_source_lag_growth_records_per_second", "Records by which a source's lag grows in a second.")
        {
            $0.trendPerSecond
        },
        source("streamgauge_source_input_records_per_second", "Records a second that arrive in a source.") {
            $0.inputRowsPerSecond
        },
    ]

    // MARK: State

    private static let state: [Entry] = [
        gauge(
            "streamgauge_query_watermark_delay_seconds",
            "Seconds from the watermark to now, by the query's own clock."
        ) { $0.watermarkDelaySeconds },
        gauge("streamgauge_query_watermark_timestamp_seconds", "The watermark, in seconds since 1970.") {
            $0.watermark?.secondsSinceEpoch
        },
        counter("streamgauge_query_late_rows_total", "Rows that operators dropped because they came too late.") {
            $0.counts.lateRows
        },
        gauge("streamgauge_query_state_rows", "Rows in state.") { ($0.stateUse?.rows).map { Double($0) } },
        gauge("streamgauge_query_state_memory_bytes", "Bytes that state holds in memory.") {
            $0.stateUse?.bytes.map { Double($0) }
        },
        gauge("streamgauge_query_state_growth_rows_per_second", "Rows by which state grows in a second, over an hour.")
        {
            $0.stateUse?.rowsPerHour.map { $0 / 3600 }
        },
        gauge(
            "streamgauge_query_state_growth_bytes_per_second", "Bytes by which state grows in a second, over an hour."
        ) {
            $0.stateUse?.bytesPerHour.map { $0 / 3600 }
        },
    ]

    // MARK: Verdict

    private static let verdict: [Entry] = [
        choice(
            "streamgauge_query_pressure", "1 for how the last batches compare with what arrives, 0 for the others.",
            "pressure"
        ) { $0.pressure },
        choice("streamgauge_query_sizing", "1 for the verdict on the query's size, 0 for the others.", "verdict") {
            $0.sizing.kind
        },
    ]

    // MARK: Making entries

    private static func gauge(
        _ name: String, _ help: String, _ value: @escaping @Sendable (QuerySnapshot) -> Double?
    ) -> Entry {
        Entry(family: MetricFamily(name: name, help: help, kind: .gauge, labels: []), values: .single(value))
    }

    private static func counter(
        _ name: String, _ help: String, _ value: @escaping @Sendable (QuerySnapshot) -> UInt64
    ) -> Entry {
        let family = MetricFamily(name: name, help: help, kind: .counter, labels: [])
        return Entry(family: family, values: .single { Double(value($0)) })
    }

    private static func choice<Choice: CaseIterable & RawRepresentable<String> & Sendable>(
        _ name: String, _ help: String, _ label: String, _ chosen: @escaping @Sendable (QuerySnapshot) -> Choice
    ) -> Entry {
        let names = Choice.allCases.map(\.rawValue)
        let places = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
        return Entry(
            family: MetricFamily(name: name, help: help, kind: .gauge, labels: [label]),
            values: .choice(names.map { MetricLabel(label, $0) }) { places[chosen($0).rawValue] })
    }

    private static func source(
        _ name: String, _ help: String, _ value: @escaping @Sendable (SourceLag) -> Double?
    ) -> Entry {
        labelled(name, help, .gauge, ["source"]) { snapshot, give in
            for lag in snapshot.lags {
                if let value = value(lag) { give([MetricLabel("source", lag.label)], value) }
            }
        }
    }

    private static func labelled(
        _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ labels: [String],
        _ collect: @escaping @Sendable (QuerySnapshot, Give) -> Void
    ) -> Entry {
        Entry(family: MetricFamily(name: name, help: help, kind: kind, labels: labels), values: .several(collect))
    }
}
