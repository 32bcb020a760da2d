"""A stand-in server in the test's own process, over queries whose counters and batches are the test's."""

import threading

from simulated_fleet import SimulatedFleet, now_ms
from simulated_query import SimulatedQuery
from standin import Handler, Server


class CountingQuery(SimulatedQuery):
    """`kept(batch)` gives the counters of which there are points, `told(batch)` those that the last batch has beside them."""

    def __init__(self, name, kept, told=lambda batch: {}, kind="processing"):
        self.kept, self.told = kept, told
        super().__init__(name, kind, name, now_ms(), stateful=True)

    def custom_metrics(self):
        return self.kept(self.batch_id)

    def snapshot(self, now):
        return super().snapshot(now) | {"customMetrics": self.kept(self.batch_id) | self.told(self.batch_id)}


class CountingServer:
    """Its queries have a batch when the test says so."""

    def __init__(self, *queries):
        self.fleet = SimulatedFleet(1, 7, 5.0)
        self.fleet.queries = {query.id: query for query in queries}
        self.server = Server(("127.0.0.1", 0), type("CountingHandler", (Handler,), {"fleet": self.fleet}))
        self.server.retry = 500
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def batch(self, query):
        fleet = self.fleet
        with fleet.lock:
            now = now_ms()
            point = query.batch(now)
            fleet.send("point", {"id": query.id, "point": point, "query": query.snapshot(now), "partitions": query.partitions()}, query.id)
            fleet.send("queries", {"at": now, "queries": [query.row(now)]})
            fleet.lock.notify_all()
        return point["batchId"]
