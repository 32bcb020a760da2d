"""Many simulated queries, the events that they send, and their alerts: what `streamgauge serve` would tell of a busy cluster."""

import random
import threading
import time

from simulated_query import SimulatedQuery

HOSTILE = "<img src=x onerror=\"window.hacked='name'\">"
KEPT_EVENTS = 2_000

WORDS = (["orders", "payments", "clicks", "sessions", "inventory", "shipments", "fraud", "ads", "search", "sensor", "billing", "audit"],
         ["enrich", "dedup", "hourly", "join", "rollup", "ingest", "scores", "export", "window", "features"],
         ["eu", "us", "apac", "dev", "canary"])


def now_ms():
    return int(time.time() * 1000)


class SimulatedFleet:
    """Queries by id, and a ring of events with ids that begin anew with each start of the server."""

    def __init__(self, count, seed, interval):
        now = now_ms()
        rng = random.Random(seed)
        make = lambda name, kind, **more: SimulatedQuery(name, kind, rng.getrandbits(64), now, interval=interval, **more)
        special = [
            make("orders-enrich-eu", "behind", partitions=16, stateful=True, scale=1200.0),
            make("sessions-window-us", "failed", partitions=8, stateful=True, restarts=(90, 150, 200), scale=21000.0),
            make("billing-hourly-eu", "processing", partitions=4, stateful=True, restarts=(120, 240), scale=310_000.0),
            make("audit-export", "stalled", scale=40.0),
            make(HOSTILE, "processing", partitions=2, scale=9.0),
            make(None, "processing", scale=250.0),
            make("sensor-rollup-apac", "bottleneck", stateful=True, more_counters=200, scale=5200.0),
            make("search-features-dev", "idle", partitions=3, scale=80.0),
            make("ads-scores-canary", "starting"),
            make("shipments-join-us", "unknown"),
            make("inventory-dedup-eu", "terminated", partitions=4, scale=700.0),
            make("a-query-whose-name-is-so-long-that-no-column-of-any-table-has-room-for-it-without-cutting-it-somewhere", "processing", scale=3.0),
        ]
        others = []
        for index in range(max(0, count - len(special))):
            name = "-".join(rng.choice(words) for words in WORDS) + f"-{index}"
            kind = rng.choices(["processing", "idle", "behind"], [90, 9, 1])[0]
            others.append(make(name, kind, partitions=rng.choice([0, 4, 8]), scale=10 ** rng.uniform(0, 6)))
        self.queries = {query.id: query for query in (special + others)[:max(count, 1)]}
        self.lock = threading.Condition()
        self.start = now
        self.sequence = 0
        self.events = []
        self.cuts = 0
        self.is_feed_broken = False
        self.refusal = 0
        # For so many seconds an answer about alerts is on its way.
        self.alerts_delay = 0
        self.add_alerts(now)

    def add_alerts(self, now):
        rules = {"behind": ("QueryFallingBehind", "warning", "input has been above what is processed for 5 min"),
                 "failed": ("QueryFailed", "critical", "the query ended with an exception"),
                 "stalled": ("QueryStalled", "critical", "a batch has not ended for far longer than usual")}
        for query in self.queries.values():
            if query.state not in rules:
                continue
            name, severity, text = rules[query.state]
            query.alerts.append({
                "fingerprint": f"{name}-{query.id}", "name": name, "state": "firing", "value": 1.38,
                "labels": {"query": query.name or query.id, "id": query.id, "severity": severity}, "annotations": {"summary": text},
                "reason": "the expression has held for 20 s", "activeAt": query.state_since, "firedAt": query.state_since + 20_000, "resolvedAt": None})
        hostile = next((query for query in self.queries.values() if query.name == HOSTILE), None)
        if hostile:
            hostile.alerts.append({
                "fingerprint": "hostile", "name": "QueryBatchOverTrigger", "state": "firing", "value": 2.5, "suppression": "inhibited",
                "labels": {"query": HOSTILE, "id": hostile.id, "severity": "warning", "note": HOSTILE},
                "annotations": {"summary": HOSTILE, "description": HOSTILE, HOSTILE: HOSTILE}, "reason": HOSTILE,
                "activeAt": now - 60_000, "firedAt": now - 30_000, "resolvedAt": None})
        self.heartbeat = {
            "fingerprint": "heartbeat", "name": "Watchdog", "state": "firing", "value": 1, "labels": {"alertname": "Watchdog", "severity": "none"},
            "annotations": {"summary": "the monitor is alive"}, "activeAt": now, "firedAt": now, "resolvedAt": None}

    @property
    def alerts(self):
        return [alert for query in self.queries.values() for alert in query.alerts] + [self.heartbeat]

    def send(self, kind, data, query=None):
        """Puts an event into the ring; with `query` only who listens to that query gets it."""
        self.sequence += 1
        self.events.append((self.sequence, kind, data, query))
        del self.events[:-KEPT_EVENTS]

    def event_id(self, sequence):
        return f"{self.start}-{sequence}"

    def advance(self):
        """Runs the batches that are due, and tells of them."""
        with self.lock:
            now = now_ms()
            changed = []
            for query in self.queries.values():
                if query.state in ("failed", "stalled", "terminated", "unknown", "starting") or query.next_at > now:
                    continue
                query.next_at += max(200, int(query.interval * 1000))
                query.next_at = max(query.next_at, now)
                point = query.batch(now)
                changed.append(query)
                self.send("point", {"id": query.id, "point": point, "query": query.snapshot(now), "partitions": query.partitions()}, query.id)
            if changed:
                self.send("queries", {"at": now, "queries": [query.row(now) for query in changed]})
                self.lock.notify_all()

    def fail(self, query_id):
        """Has a query fail now, with its alert."""
        with self.lock:
            query, now = self.queries[query_id], now_ms()
            self.send("transition", query.fail(now))
            alert = {"fingerprint": f"QueryFailed-{query.id}", "name": "QueryFailed", "state": "firing", "value": 1,
                     "labels": {"query": query.name or query.id, "id": query.id, "severity": "critical"},
                     "annotations": {"summary": "the query ended with an exception"}, "activeAt": now, "firedAt": now, "resolvedAt": None}
            query.alerts.append(alert)
            self.send("alerts", {"at": now, "alerts": [alert]})
            self.send("queries", {"at": now, "queries": [query.row(now)]})
            self.lock.notify_all()

    def tell_alert(self, query_id, state):
        """Tells of a pending alert of a query, or that it fired, resolved, or came to nothing."""
        with self.lock:
            query, now = self.queries[query_id], now_ms()
            alert = {"fingerprint": f"Slow-{query.id}", "name": "Slow", "state": "resolved" if state == "lapsed" else state, "value": 7.25,
                     "labels": {"query": query.name or query.id, "id": query.id, "severity": "warning"}, "annotations": {"summary": "it is slow"},
                     "activeAt": now, "firedAt": now if state in ("firing", "resolved") else None,
                     "resolvedAt": now if state in ("resolved", "lapsed") else None}
            query.alerts = [other for other in query.alerts if other["name"] != "Slow"] + ([] if state == "lapsed" else [alert])
            self.send("alerts", {"at": now, "alerts": [alert]})
            self.lock.notify_all()

    def cut(self):
        """Breaks every live connection."""
        with self.lock:
            self.cuts += 1
            self.lock.notify_all()

    def remove(self, query_id):
        """Forgets a query."""
        with self.lock:
            del self.queries[query_id]
            self.send("removed", {"ids": [query_id]})
            self.lock.notify_all()
