public import Monitoring

/// The rules that come with the program: what everybody who runs streaming queries wants to know, each with its reason.
///
/// They judge by what monitors have found out (``QueryState``), so a first trigger, an idle night and a restart are no reason to
/// wake anybody. Copy the text and change it: `streamgauge alerts pack > rules.yml`.
public enum ShippedRules {
    /// The rules.
    ///
    /// - Throws: An ``AlertFileError`` where the text is wrong, which a test rules out.
    public static func rules() throws(AlertFileError) -> AlertRules {
        try AlertRuleFile.rules(from: text, file: "the shipped rules")
    }

    /// The rules file.
    public static let text = queries + watcher + notices

    private static let queries = #"""
        # Rules for streaming queries. Every metric is one that /metrics of `streamgauge serve` shows.
        groups:
          - name: streamgauge-queries
            rules:
              - alert: QueryFailed
                expr: streamgauge_query_state{state="failed"} == 1
                # A query that is restarted and fails again within this is one incident and not many.
                keep_firing_for: 5m
                # A query that nobody restarts is forgotten after an hour, and has failed all the same.
                no_data: keep
                no_data_for: 12h
                reason: >-
                  The query has ended with an exception and does nothing until somebody starts it again. Look at the
                  exception in state_reason, repair the cause, and start the query from its checkpoint.
                labels:
                  severity: critical
                annotations:
                  summary: "{{ $labels.query }} has failed"
                  description: "The run ended with an exception. Nothing is processed until it is started again."

              - alert: QueryRestartLoop
                expr: increase(streamgauge_query_restarts_total[15m]) >= 3
                keep_firing_for: 5m
                reason: >-
                  Something starts the query again and again, and it ends each time. Each start reads the last batch anew and
                  gets no further, so the backlog grows although the query looks alive between two failures.
                labels:
                  severity: critical
                annotations:
                  summary: "{{ $labels.query }} was restarted {{ $value | humanize }} times in 15 minutes"
                  description: "Look at what ends its runs: the last exception, memory, or the cluster that stops it."

              - alert: QueryStalled
                expr: streamgauge_query_state{state="stalled"} == 1
                # One that hangs says nothing to a monitor that is started anew, and is forgotten after a day.
                no_data: keep
                no_data_for: 12h
                reason: >-
                  The query has given no sign of life for longer than it ever should: a batch that does not end, or a process
                  that hangs. Idle queries are not meant, they say that they are idle. The threshold is three times the longest
                  normal silence of this query, and at least a minute.
                labels:
                  severity: critical
                annotations:
                  summary: "{{ $labels.query }} is stalled"
                  description: "A batch does not end, or the process hangs. Look at the stage that runs in Spark's page, and at the sink."

              - alert: QueryNoProgress
                expr: |-
                  (
                    streamgauge_query_last_progress_age_seconds > 15m
                    and streamgauge_query_last_progress_age_seconds > 3 * streamgauge_query_batch_duration_seconds
                    and streamgauge_query_lag_records > 0
                  )
                  unless streamgauge_query_last_progress_age_seconds <= 3 * streamgauge_query_trigger_interval_seconds
                  unless on (query, id) streamgauge_query_state{state=~"idle|terminated|failed"} == 1
                for: 1m
                reason: >-
                  Rows wait and no batch has ended for a quarter of an hour and three batches' time. It also sees the query of a
                  feed that carries no idle events, of which silence alone says nothing.
                labels:
                  severity: warning
                annotations:
                  summary: "{{ $labels.query }} has made no progress for {{ $value | humanizeDuration }}"
                  description: "Rows wait in its sources, and no batch has ended. See whether it still runs."

              - alert: QueryFallingBehind
                expr: streamgauge_query_state{state="behind"} == 1
                for: 1m
                # It catches up in bursts: one calm minute is not the end.
                keep_firing_for: 2m
                reason: >-
                  More arrives than is processed, over several batches and not in one burst: results come later and later. The
                  verdict of the query's page says which phase takes the time and what to change.
                labels:
                  severity: warning
                annotations:
                  summary: "{{ $labels.query }} is falling behind"
                  description: "Input has outpaced processing for more than a minute. Where its triggers take all of the time it needs workers, else more at a time: its verdict says which."

              - alert: QueryBatchOverTrigger
                expr: |-
                  min_over_time(streamgauge_query_batch_duration_seconds[5m]) > streamgauge_query_trigger_interval_seconds
                  and streamgauge_query_busy_ratio > 0.4
                  and on (query, id) streamgauge_query_state{state=~"processing|behind"} == 1
                for: 5m
                keep_firing_for: 2m
                reason: >-
                  Every batch of the last minutes took longer than the trigger interval, so triggers are skipped and the interval
                  that was chosen is not kept. Lengthen it, or make batches faster. A query that rests between its batches for most
                  of the time has nothing to skip.
                labels:
                  severity: warning
                annotations:
                  summary: "Batches of {{ $labels.query }} take {{ $value | humanizeDuration }} and more, longer than the trigger interval"
                  description: "Triggers are skipped. Lengthen the interval, or find the phase that takes the time."

              - alert: QueryWatermarkStuck
                expr: |-
                  max_over_time(streamgauge_query_watermark_timestamp_seconds[5m])
                    == min_over_time(streamgauge_query_watermark_timestamp_seconds[5m])
                  and increase(streamgauge_query_input_rows_total[5m]) > 0
                for: 15m
                keep_firing_for: 1m
                reason: >-
                  Rows are read and the watermark does not move, so windows never close, append mode writes nothing and state
                  grows. Usually one source or partition is silent, or event times are wrong.
                labels:
                  severity: warning
                annotations:
                  summary: "The watermark of {{ $labels.query }} does not move"
                  description: "It stands at {{ $value | humanizeTimestamp }} although rows are read. Look at the event times of the newest rows."

              - alert: QueryLateRowsDropped
                expr: |-
                  increase(streamgauge_query_late_rows_total[10m]) > 0
                  and increase(streamgauge_query_late_rows_total[10m]) > 0.01 * increase(streamgauge_query_input_rows_total[10m])
                keep_firing_for: 10m
                reason: >-
                  More than one row in a hundred came behind the watermark and was dropped without a word: results are too low.
                  Allow more lateness in withWatermark, or find out what delays the rows.
                labels:
                  severity: warning
                annotations:
                  summary: "{{ $labels.query }} drops late rows"
                  description: "{{ $value | humanize }} rows in ten minutes came behind the watermark."

              - alert: QueryStateGrowth
                expr: |-
                  streamgauge_query_state_growth_rows_per_second * 1h > 0.01 * streamgauge_query_state_rows
                  and streamgauge_query_state_rows > 100000
                for: 12h
                reason: >-
                  State has grown by more than one in a hundred each hour for half a day, which no daily rhythm does. A key
                  without bound or a missing watermark will fill the memory.
                labels:
                  severity: warning
                annotations:
                  summary: "State of {{ $labels.query }} grows without end"
                  description: "It grows by {{ $value | humanize }} rows an hour. Look for a watermark that is missing or keys without bound."

              - alert: QueryStateExplosion
                expr: |-
                  streamgauge_query_state_growth_bytes_per_second * 1h > 0.5 * streamgauge_query_state_memory_bytes
                  and streamgauge_query_state_memory_bytes > 1GiB
                  and time() - streamgauge_query_start_time_seconds > 2h
                for: 30m
                reason: >-
                  State is larger than 1 GiB and grows by half in an hour, and the query is not new: executors will run out of
                  memory today.
                labels:
                  severity: critical
                annotations:
                  summary: "State of {{ $labels.query }} grows by {{ $value | humanize1024 }}B an hour"
                  description: "Executors will run out of memory. Find out what has changed in keys or watermark."

        """#

    private static let watcher = #"""
          - name: streamgauge-watcher
            rules:
              - alert: FeedDown
                expr: streamgauge_feed_up == 0
                for: 1m
                reason: >-
                  The monitor does not get events from here any more, so nothing that it says of these queries is news.
                labels:
                  severity: critical
                annotations:
                  summary: "The feed {{ $labels.feed }} does not deliver"
                  description: "Its source cannot be reached, or it has ended with an error: its queries are not watched. See /healthz."

              - alert: FeedSilent
                expr: |-
                  streamgauge_feed_last_event_age_seconds > 1m
                  and on () streamgauge_queries{state="stalled"} >= 3
                  unless on () sum(streamgauge_queries{state=~"starting|processing|idle|behind|restarting"}) > 0
                reason: >-
                  All queries are silent at once: it is the way to here that is broken, such as the topic or the forwarders, and
                  not each of them.
                labels:
                  severity: critical
                annotations:
                  summary: "Nothing has come from {{ $labels.feed }} for {{ $value | humanizeDuration }}"
                  description: "All queries went silent together. Look at the broker and at the network first."

              - alert: ForwarderDropping
                expr: |-
                  sum by (topic) (increase(streamgauge_forwarder_events_dropped_total[10m])) > 0
                  or increase(streamgauge_query_missing_events_total[10m]) > 0
                reason: >-
                  Events were given up before they were delivered: a full spool or a full disk. Counts and charts have a hole, and
                  an alert may have been missed.
                labels:
                  severity: warning
                annotations:
                  summary: "{{ $value | humanize }} events were lost on their way"
                  description: "A forwarder gave up events for {{ $labels.topic }}{{ $labels.query }}. Look at its spool and disk."

              - alert: ConsumerBehind
                expr: |-
                  min_over_time(streamgauge_feed_lag_records[5m]) > 1000
                  and delta(streamgauge_feed_lag_records[5m]) >= 0
                for: 5m
                keep_firing_for: 1m
                reason: >-
                  The monitor reads events more slowly than they come, so everything that it shows is old and alerts come late.
                labels:
                  severity: warning
                annotations:
                  summary: "The monitor is behind on {{ $labels.feed }}"
                  description: "At least {{ $value | humanize }} events wait to be read, and they do not become fewer."

          - name: streamgauge-heartbeat
            rules:
              - alert: Watchdog
                expr: vector(1)
                reason: >-
                  It always fires: a dead man's switch. Send it to something that complains when it ceases, for a monitor that is
                  dead says nothing about itself.
                labels:
                  severity: none
                annotations:
                  summary: "The monitor is alive"

        """#

    private static let notices = #"""
        inhibit_rules:
          # What all queries have in common is told once.
          - source_matchers: ['alertname="FeedSilent"']
            target_matchers: ['alertname=~"QueryStalled|QueryNoProgress"']
          - source_matchers: ['alertname="QueryStalled"']
            target_matchers: ['alertname="QueryNoProgress"']
            equal: [id]
          - source_matchers: ['alertname="QueryRestartLoop"']
            target_matchers: ['alertname="QueryFailed"']
            equal: [id]
          - source_matchers: ['alertname="QueryFallingBehind"']
            target_matchers: ['alertname="QueryBatchOverTrigger"']
            equal: [id]
          - source_matchers: ['alertname="QueryStateExplosion"']
            target_matchers: ['alertname="QueryStateGrowth"']
            equal: [id]
        notify:
          group_by: [alertname]
          group_wait: 3s
          group_interval: 30s
          # So many notices in a row tell of a new alert after group_wait already; each group_interval gives one back.
          group_burst: 10
          repeat_interval: 4h
        """# + "\n"
}
