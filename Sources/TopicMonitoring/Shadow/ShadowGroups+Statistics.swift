public import Monitoring

extension ShadowGroups {
    /// What was done so far.
    public struct Statistics: Sendable, Hashable {
        /// Groups that are known.
        public var groups = 0
        /// Groups that wait to be committed.
        public var waiting = 0
        /// Groups that have members of their own, and get nothing any more.
        public var stopped = 0
        /// Commits to a group, each time counted.
        public var commits: UInt64 = 0
        /// Commits that failed, as a whole or for a partition.
        public var failures: UInt64 = 0
        /// Since the last commit; nil while there was none.
        public var lastCommitAge: Duration?
    }

    /// The same as series for `/metrics`.
    public var families: [(family: MetricFamily, samples: [MetricSample])] {
        let counts = statistics
        func family(
            _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ value: Double?
        ) -> (MetricFamily, [MetricSample]) {
            (MetricFamily("streamgauge_shadow_\(name)", help: help, kind: kind), value.map { [MetricSample($0)] } ?? [])
        }
        return [
            family("groups", "Consumer groups that show what queries read.", .gauge, Double(counts.groups)),
            family("groups_waiting", "Shadow groups that wait to be committed.", .gauge, Double(counts.waiting)),
            family(
                "groups_stopped", "Shadow groups that have members of their own and get nothing.", .gauge,
                Double(counts.stopped)),
            family("commits_total", "Commits to shadow groups.", .counter, Double(counts.commits)),
            family(
                "commit_failures_total", "Commits to shadow groups that failed, as a whole or for a partition.",
                .counter,
                Double(counts.failures)),
            family(
                "last_commit_age_seconds", "Seconds since the last commit to a shadow group.", .gauge,
                counts.lastCommitAge.map { $0 / .seconds(1) }),
        ]
    }
}
