"""One simulated query: its batches, states and lag, as the contract of the HTTP API names them.

A tool of the browser tests: nothing here is measured, and no product code reads it. The same seed gives the same query.
"""

import datetime
import random
import uuid

from simulated_counters import counters

HISTORY = 300
KEPT_BATCHES = 250
ARCHIVED = 1_000

EXCEPTION = """org.apache.spark.SparkException: [STATE_STORE_PROVIDER_OUT_OF_MEMORY] Could not load state of operator 0
\tat org.apache.spark.sql.execution.streaming.state.StateStore$.get(StateStore.scala:781)
\tat org.apache.spark.sql.execution.streaming.StreamExecution.runStream(StreamExecution.scala:341)
Caused by: java.lang.OutOfMemoryError: <script>window.hacked = 'exception'</script>
\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)"""

PHASES = {"addBatch": 0.78, "commitOffsets": 0.04, "getBatch": 0.01, "latestOffset": 0.05, "queryPlanning": 0.06, "walCommit": 0.06}

ADVICE = {
    "underProvisioned": [
        "add workers or cores: the work on rows takes most of the trigger",
        "lengthen the trigger interval: a larger batch costs less for each row",
    ],
    "overProvisioned": ["take workers away, or shorten the trigger interval for fresher results"],
    "bottleneck": ["put the checkpoint on faster storage: writing offsets and commits is slow"],
}


def iso(milliseconds):
    """A time as Spark writes it."""
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class SimulatedQuery:
    """Advances by batches; `kind` is the state that it ends up in."""

    def __init__(self, name, kind, seed, now, *, partitions=0, stateful=False, more_counters=0, restarts=(), interval=5.0, scale=1000.0):
        self.random = random.Random(seed)
        self.id = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        self.run_id = self.new_run()
        self.name, self.kind, self.interval, self.scale = name, kind, interval, scale
        self.stateful, self.more_counters = stateful, more_counters
        self.archive = []
        self.points, self.transitions, self.restarts, self.batches, self.alerts = [], [], [], [], []
        self.batch_id = -1
        self.backlog = [0.0] * partitions
        self.offsets = [self.random.randrange(10**6, 10**8) for _ in range(partitions)]
        self.state_rows = 0
        self.level = 1.0
        self.counts = dict(events=0, batches=0, inputRows=0, lateRows=0, restarts=0, failures=0, copies=0, lateEvents=0)
        self.failure = None
        self.next_at = now
        self.live(now, set(restarts))

    def new_run(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def live(self, now, restarts):
        """The time before the page was opened."""
        start = now - int(HISTORY * self.interval * 1000)
        self.run_since = start
        self.state_since = start
        self.heard_at = start
        if self.kind == "starting":
            self.run_since = self.heard_at = now - 7_000
            self.change("starting", self.run_since, f"run {self.run_id[:8]} has started")
            return
        if self.kind == "unknown":
            self.change("unknown", now - 90_000, "no event for more than 1 min 30 s, and too few before to know what is normal")
            return
        self.change("starting", start, f"run {self.run_id[:8]} has started")
        last = HISTORY - (40 if self.kind == "stalled" else 20 if self.kind in ("failed", "terminated") else 0)
        for step in range(last):
            time = start + int(step * self.interval * 1000)
            if step in restarts:
                self.restart(time)
            self.batch(time, step / HISTORY)
            if len(self.transitions) and self.transitions[-1]["to"] in ("starting", "restarting"):
                self.change("processing", time + 900, "the first trigger of this run has ended")
            if self.kind == "behind" and step == 220:
                self.change("behind", time, "1,412 rows/s arrived and 1,003 rows/s were processed; 3 batches in 15 s did not keep up")
        end = start + int(last * self.interval * 1000)
        if self.kind == "stalled":
            self.change("stalled", end + 30_000, f"no event for more than 30 s, where 10 s is the longest normal time; the trigger after the one of batch {self.batch_id} has not ended")
        elif self.kind == "idle":
            self.change("idle", now - 61_000, "no rows for 10 s")
        elif self.kind == "terminated":
            self.change("terminated", end, f"run {self.run_id[:8]} has ended after batch {self.batch_id}")
        elif self.kind == "failed":
            self.fail(end)
        self.next_at = now + int(self.random.random() * self.interval * 1000)

    def restart(self, time):
        self.counts["failures"] += 1
        self.counts["restarts"] += 1
        self.change("failed", time - 4_000, f"run {self.run_id[:8]} has failed: STATE_STORE_PROVIDER_OUT_OF_MEMORY")
        self.run_id, self.run_since = self.new_run(), time
        self.restarts.append(time)
        self.change("restarting", time, f"run {self.run_id[:8]} has started where {self.batch_id} ended")

    def fail(self, time):
        self.counts["failures"] += 1
        self.failure = {"runId": self.run_id, "at": time, "errorClass": "STATE_STORE_PROVIDER_OUT_OF_MEMORY", "exception": EXCEPTION}
        return self.change("failed", time, f"run {self.run_id[:8]} has failed: STATE_STORE_PROVIDER_OUT_OF_MEMORY, after batch {self.batch_id}")

    def change(self, state, time, reason):
        before = self.transitions[-1]["to"] if self.transitions else "unknown"
        self.transitions.append({"id": self.id, "runId": self.run_id, "from": before, "to": state, "at": time, "reason": reason})
        self.transitions = self.transitions[-32:]
        self.state, self.state_since, self.state_reason = state, time, reason
        self.heard_at = max(self.heard_at, time)
        return self.transitions[-1]

    # Batches

    def batch(self, time, progress=1.0):
        """One trigger that starts at a time."""
        rng = self.random
        self.level = min(1.6, max(0.4, self.level + rng.uniform(-0.08, 0.08)))
        burst = 3.0 if rng.random() < 0.01 else 1.0
        arriving = self.scale * self.level * burst
        if self.kind == "idle" and progress > 0.85:
            arriving = 0.0
        possible = self.scale * (1.05 if self.kind == "behind" and progress > 0.7 else 2.6)
        if self.kind == "behind" and progress > 0.7:
            self.level = max(0.9, self.level)
            arriving = self.scale * self.level * burst * 1.35
        waiting = sum(self.backlog)
        wanted = arriving * self.interval + waiting
        rows = int(min(wanted, possible * self.interval)) if self.backlog else int(arriving * self.interval)
        duration = max(0.05, rows / possible) * rng.uniform(0.9, 1.15) if rows else 0.004
        self.spread(arriving * self.interval, rows)
        self.batch_id += 1
        shares = dict(PHASES)
        if self.kind == "bottleneck":
            shares = {"addBatch": 0.2, "commitOffsets": 0.1, "getBatch": 0.01, "latestOffset": 0.03, "queryPlanning": 0.06, "walCommit": 0.6}
        late = rng.randrange(40) if self.stateful and rng.random() < 0.15 else 0
        if self.stateful:
            self.state_rows = max(0, int(self.state_rows * 0.995 + rows * 0.02))
        self.point = {
            "time": time, "batchId": self.batch_id, "inputRows": rows,
            "inputRowsPerSecond": round(arriving, 1), "processedRowsPerSecond": round(rows / duration, 1) if rows else 0,
            "durationSeconds": round(duration, 3), "lagRecords": int(sum(self.backlog)) if self.backlog else None,
            "watermarkDelaySeconds": round(12 + 8 * self.level + rng.random(), 1) if self.stateful else None,
            "stateRows": self.state_rows if self.stateful else None, "stateBytes": self.state_rows * 212 + 1_000_000 if self.stateful else None,
            "lateRows": late if self.stateful else None,
            "stateRowsUpdated": int(rows * 0.6) if self.stateful else None, "stateRowsRemoved": int(rows * 0.02) if self.stateful else None,
            "phaseSeconds": {name: round(duration * share, 4) for name, share in shares.items()} if rows else {"latestOffset": 0.003},
            "customMetrics": self.custom_metrics() if self.stateful else {},
        }
        self.points.append(self.point)
        # What no longer fits is told only to who asks for its time.
        self.archive = (self.archive + self.points[:-HISTORY])[-ARCHIVED:]
        self.points = self.points[-HISTORY:]
        self.batches = (self.batches + [{"runId": self.run_id, "batchId": self.batch_id, "time": time, "point": self.point, "offsets": list(self.offsets), "backlog": list(self.backlog)}])[-KEPT_BATCHES:]
        self.heard_at = time + int(duration * 1000)
        self.counts["batches"] += 1
        self.counts["events"] += 1
        self.counts["inputRows"] += rows
        self.counts["lateRows"] += late
        return self.point

    def custom_metrics(self):
        return counters(self.batch_id, self.state_rows, self.more_counters)

    def spread(self, arrived, taken):
        """Shares what arrives and what is read among the partitions; the first has more than its part."""
        count = len(self.backlog)
        if not count:
            return
        weights = [3 if index == 0 else 1 for index in range(count)]
        for index, weight in enumerate(weights):
            self.backlog[index] += arrived * weight / sum(weights)
            self.offsets[index] += int(arrived * weight / sum(weights))
        waiting = sum(self.backlog) or 1
        share = min(1.0, taken / waiting)
        self.backlog = [value * (1 - share) for value in self.backlog]

    # What the API tells

    def snapshot(self, now):
        last = self.points[-1] if self.points else {}
        is_ended = self.state in ("failed", "terminated")
        lags = self.lags()
        recent = self.points[-60:]
        mean = lambda key: round(sum(point[key] or 0 for point in recent) / len(recent), 1) if recent else None
        duration = mean("durationSeconds")
        busy = min(1.0, duration / self.interval) if duration is not None else None
        rate = lambda key: None if is_ended else 0 if self.state == "idle" else last.get(key)
        watermark = last.get("watermarkDelaySeconds")
        return {
            "at": now, "id": self.id, "runId": None if self.state == "unknown" else self.run_id, "name": self.name, "state": self.state,
            "stateReason": self.state_reason, "stateSeconds": (now - self.state_since) / 1000, "runSince": None if self.state == "unknown" else self.run_since,
            "failure": self.failure, "counts": dict(self.counts), "restartsInLastHour": sum(now - at < 3_600_000 for at in self.restarts),
            "lastEventAgeSeconds": (now - self.heard_at) / 1000, "lastProgressAgeSeconds": (now - last["time"]) / 1000 if last else None,
            "batchId": last.get("batchId"), "inputRows": last.get("inputRows"), "outputRows": None,
            "inputRowsPerSecond": rate("inputRowsPerSecond"), "processedRowsPerSecond": rate("processedRowsPerSecond"),
            "sustainedInputRowsPerSecond": None if is_ended else mean("inputRowsPerSecond"),
            "sustainedProcessedRowsPerSecond": None if is_ended else mean("processedRowsPerSecond"),
            "pressure": "sustained" if self.state == "behind" else "none", "batchDurationSeconds": last.get("durationSeconds"),
            "triggerIntervalSeconds": self.interval, "busyRatio": None if is_ended else busy, "phaseSeconds": last.get("phaseSeconds", {}),
            "phases": self.phase_shares(recent), "watermark": now - int(watermark * 1000) if watermark else None,
            "watermarkDelaySeconds": watermark,
            "stateUse": {"rows": self.state_rows, "bytes": self.state_rows * 212 + 1_000_000, "rowsPerHour": 5400.0, "bytesPerHour": 1_144_800.0, "partitions": 200} if self.stateful and last else None,
            "customMetrics": self.custom_metrics() | ({"writesWithoutPoints": self.batch_id} if self.more_counters else {}) if self.stateful and last else {},
            "lags": lags, "lagRecords": lags[0]["records"] if lags else None, "lagBytes": None, "lagFiles": None,
            "lagSeconds": lags[0].get("secondsBehind") if lags else None, "catchUpSeconds": lags[0].get("catchUpSeconds") if lags else None,
            "sizing": self.sizing(busy, duration), "sink": "org.apache.spark.sql.execution.datasources.noop.NoopTable$",
        }

    def phase_shares(self, recent):
        sums = {}
        for point in recent:
            for name, seconds in point["phaseSeconds"].items():
                sums[name] = sums.get(name, 0) + seconds
        total = sum(sums.values()) or 1
        return [{"phase": name, "meanSeconds": value / len(recent), "share": value / total} for name, value in sorted(sums.items(), key=lambda item: -item[1])]

    def sizing(self, busy, duration):
        if busy is None or len(self.points) < 5:
            return {"kind": "unknown", "phase": None, "summary": f"{len(self.points)} of 5 batches that a verdict needs were seen", "advice": []}
        kind = {"behind": "underProvisioned", "bottleneck": "bottleneck"}.get(self.kind, "wellProvisioned" if busy > 0.3 else "overProvisioned")
        words = {"underProvisioned": "it does not keep up", "bottleneck": "walCommit takes 60 % of a trigger", "wellProvisioned": "it keeps up", "overProvisioned": "it has more than it needs"}
        figures = f"{duration:.1f} s a trigger of a {self.interval:g} s interval (busy for {busy * 100:.0f} %), {self.points[-1]['inputRows']:,} rows a batch"
        return {"kind": kind, "phase": "walCommit" if kind == "bottleneck" else None, "summary": f"{words[kind]}: {figures}", "advice": ADVICE.get(kind, [])}

    def lags(self):
        if not self.points or not self.backlog:
            return [{"index": 0, "description": "FileStreamSource[file:/data/events]", "records": None, "unknownPartitions": 0}] if self.points else []
        records = int(sum(self.backlog))
        arriving, possible = self.points[-1]["inputRowsPerSecond"], self.scale * (1.05 if self.kind == "behind" else 2.6)
        return [{
            "index": 0, "description": "KafkaV2[Subscribe[orders]]", "records": records, "maximumPartitionRecords": int(max(self.backlog)), "unknownPartitions": 0,
            "secondsBehind": round(records / possible, 1), "trendPerSecond": round(arriving - possible, 1) if self.kind == "behind" else 0.0,
            "inputRowsPerSecond": arriving, "processedRowsPerSecond": possible,
            "catchUpSeconds": 0 if records == 0 else round(records / (possible - arriving), 1) if possible > arriving else None,
        }]

    def partitions(self):
        if not self.backlog:
            return [[]]
        arriving, possible = self.points[-1]["inputRowsPerSecond"] if self.points else 0, self.scale * (1.05 if self.kind == "behind" else 2.6)
        weights = [3 if index == 0 else 1 for index in range(len(self.backlog))]
        found = []
        for index, (newest, behind, weight) in enumerate(zip(self.offsets, self.backlog, weights)):
            part = weight / sum(weights)
            records, speed = int(behind), (possible - arriving) * part
            catch_up = 0 if records == 0 else round(records / speed, 1) if speed > 0 else None
            found.append({"topic": "orders", "partition": str(index), "endOffset": newest - records, "latestOffset": newest, "records": records,
                          "secondsBehind": round(records / possible / part, 1), "trendPerSecond": round(-speed, 1) if self.kind == "behind" else 0.0, "catchUpSeconds": catch_up})
        return [found]

    def row(self, now):
        row = self.snapshot(now)
        for key in ("customMetrics", "phases", "lags"):
            del row[key]
        row["sparkline"] = [point["processedRowsPerSecond"] for point in self.points[-60:]]
        row["firing"] = sum(alert["state"] == "firing" for alert in self.alerts)
        return row

    def past(self, start, end):
        """Seconds that a point is about, and the points between two times: one of each hour where that is more than two days."""
        points = [point for point in self.archive + self.points if start <= point["time"] <= end]
        if end - start <= 2 * 86_400_000 or end > 10 ** 12 * 9:
            return 0, self.history(points)
        hours = {point["time"] // 3_600_000: point for point in points}
        return 3600, self.history([{**point, "time": hour * 3_600_000, "batchId": None, "customMetrics": {}} for hour, point in hours.items()])

    def history(self, points=None):
        points = self.points if points is None else points
        columns = {key: [point[key] for point in points] for key in (
            "time", "batchId", "inputRows", "inputRowsPerSecond", "processedRowsPerSecond", "durationSeconds", "lagRecords",
            "watermarkDelaySeconds", "stateRows", "stateBytes", "lateRows", "stateRowsUpdated", "stateRowsRemoved")}
        for group in ("phaseSeconds", "customMetrics"):
            names = {name for point in points for name in point[group]}
            columns[group] = {name: [point[group].get(name) for point in points] for name in sorted(names)}
        return columns

    def progress(self, run_id, batch_id):
        """The progress JSON of a batch that is kept; None of any other."""
        batch = next((batch for batch in self.batches if batch["runId"] == run_id and batch["batchId"] == batch_id), None)
        if batch is None:
            return None
        point = batch["point"]
        durations = {name: round(seconds * 1000) for name, seconds in point["phaseSeconds"].items()}
        durations["triggerExecution"] = round(point["durationSeconds"] * 1000)
        offsets = {"orders": {str(index): newest - int(behind) for index, (newest, behind) in enumerate(zip(batch["offsets"], batch["backlog"]))}}
        return {
            "id": self.id, "runId": run_id, "name": self.name, "timestamp": iso(point["time"]), "batchId": batch_id, "numInputRows": point["inputRows"],
            "inputRowsPerSecond": point["inputRowsPerSecond"], "processedRowsPerSecond": point["processedRowsPerSecond"], "durationMs": durations,
            "eventTime": {"watermark": iso(point["time"] - int(point["watermarkDelaySeconds"] * 1000))} if self.stateful else {},
            "stateOperators": [{"operatorName": "stateStoreSave", "numRowsTotal": point["stateRows"], "memoryUsedBytes": point["stateBytes"], "numRowsDroppedByWatermark": point["lateRows"]}] if self.stateful else [],
            "sources": [{"description": "KafkaV2[Subscribe[orders]]", "endOffset": offsets, "numInputRows": point["inputRows"]}],
            "sink": {"description": "NoopTable", "numOutputRows": None},
        }
