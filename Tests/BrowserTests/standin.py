#!/usr/bin/env python3
"""A stand-in for `streamgauge serve`: the page's files and the contract of its HTTP API over simulated queries.

    standin.py --port 8099 --queries 50 [--interval 5] [--seed 7]

For the browser tests and for work on the page; it never ships. Some requests are its own: `POST /standin/fail/ID` has a query fail,
`POST /standin/remove/ID` has it forgotten, `POST /standin/alert-STATE/ID` has it an alert, `POST /standin/cut` breaks every live connection, `POST /standin/break-feed`
has the feed end with an error, `POST /standin/delay-alerts-SECONDS` keeps answers about alerts on their way, and `POST /standin/refuse-STATUS` has live connections refused with 401 (and the API with it), 429, or none with 0.
"""

import argparse
import json
import mimetypes
import pathlib
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from simulated_fleet import SimulatedFleet, now_ms

ASSETS = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "MonitoringServer" / "Assets"
# Fewer than the page asks for, so that it has to ask again.
MOST_ROWS = 400
# Batches that are told without a question for their time.
AT_HAND = 100
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


RULES = [
    {"name": "QueryFallingBehind", "expr": "input_rows_per_second > 1.1 * processed_rows_per_second", "forSeconds": 300, "keepFiringForSeconds": 60, "labels": {"severity": "warning"}, "reason": "a query that stays behind never catches up by itself", "error": None},
    {"name": "QueryFailed", "expr": "state == failed", "forSeconds": 0, "keepFiringForSeconds": 0, "labels": {"severity": "critical"}, "reason": "nothing is written any more", "error": None},
    {"name": "QueryStalled", "expr": "state == stalled", "forSeconds": 0, "keepFiringForSeconds": 0, "labels": {"severity": "critical"}, "reason": "a batch that never ends is not seen by its own metrics", "error": None},
]


def encoded(value):
    """JSON as Swift's encoder writes it: a property without a value is left out."""
    def known(value):
        if isinstance(value, dict):
            return {key: known(part) for key, part in value.items() if part is not None}
        return [known(part) for part in value] if isinstance(value, list) else value
    return json.dumps(known(value))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fleet: SimulatedFleet

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        parts = [urllib.parse.unquote(part) for part in url.path.split("/") if part]
        query = dict(urllib.parse.parse_qsl(url.query))
        if parts == [] or (len(parts) == 2 and parts[0] == "queries"):
            return self.asset("index.html")
        if len(parts) == 2 and parts[0] == "assets":
            return self.asset(parts[1])
        if parts == ["healthz"]:
            error = "the topic is gone" if self.fleet.is_feed_broken else None
            feed = {"name": "simulated", "state": "ended" if error else "live", "lastEventAgeSeconds": 0.4, "lagRecords": 0, "error": error}
            return self.json({"status": "error" if error else "ok", "feeds": [feed]}, 503 if error else 200)
        if parts[:2] == ["api", "v1"]:
            return self.api(parts[2:], query)
        return self.error(404, "not_found", "there is no such page")

    def do_POST(self):
        parts = [part for part in self.path.split("/") if part]
        if parts == ["standin", "cut"]:
            self.fleet.cut()
            return self.json({})
        if parts == ["standin", "break-feed"]:
            self.fleet.is_feed_broken = True
            return self.json({})
        if len(parts) == 2 and parts[0] == "standin" and parts[1].startswith("delay-alerts-"):
            self.fleet.alerts_delay = int(parts[1].removeprefix("delay-alerts-"))
            return self.json({})
        if len(parts) == 2 and parts[0] == "standin" and parts[1].startswith("refuse-"):
            self.fleet.refusal = int(parts[1].removeprefix("refuse-"))
            self.fleet.cut()
            return self.json({})
        if len(parts) != 3 or parts[0] != "standin" or parts[2] not in self.fleet.queries:
            return self.error(404, "not_found", "there is no such action or query")
        if parts[1].startswith("alert-"):
            self.fleet.tell_alert(parts[2], parts[1].removeprefix("alert-"))
        else:
            {"fail": self.fleet.fail, "remove": self.fleet.remove}[parts[1]](parts[2])
        return self.json({})

    # Answers

    def asset(self, name):
        path = ASSETS / name
        if "/" in name or not path.is_file():
            return self.error(404, "not_found", "there is no such file")
        kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0] or "application/octet-stream"
        return self.answer(200, path.read_bytes(), f"{kind}; charset=utf-8")

    def json(self, value, status=200):
        return self.answer(status, encoded(value).encode(), "application/json")

    def error(self, status, code, message):
        return self.json({"error": {"code": code, "message": message}}, status)

    def head(self, status, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")

    def answer(self, status, body, kind):
        self.head(status, kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def api(self, parts, query):
        fleet = self.fleet
        if fleet.refusal == 401:
            return self.error(401, "unauthorized", "log in at /login")
        if fleet.refusal == 429 and parts == ["events"]:
            return self.error(429, "too_many_requests", "256 event streams are open already")
        if parts == ["events"]:
            return self.events(query.get("query"))
        if parts == ["alerts"]:
            with fleet.lock:
                alerts = [alert for alert in fleet.alerts if alert["state"] in query.get("state", alert["state"]).split(",")]
                answer = {"at": now_ms(), "alerts": alerts, "rules": RULES}
            # It tells how things were when it was asked for.
            time.sleep(fleet.alerts_delay)
            return self.json(answer)
        with fleet.lock:
            now = now_ms()
            if parts == ["queries"]:
                offset, limit = int(query.get("offset", 0)), min(MOST_ROWS, int(query.get("limit", 100)))
                shown = list(fleet.queries.values())[offset:offset + limit]
                return self.json({"at": now, "replay": False, "total": len(fleet.queries), "queries": [one.row(now) for one in shown]})
            one = fleet.queries.get(parts[1]) if len(parts) > 1 and parts[0] == "queries" else None
            if one is None:
                return self.error(404, "not_found", "no such query is known")
            if len(parts) == 2:
                return self.json({"at": now, "query": one.snapshot(now), "partitions": one.partitions(), "transitions": one.transitions, "restarts": one.restarts, "alerts": one.alerts, "history": one.history()})
            if parts[2:] == ["history"]:
                start, end = int(query["from"]), int(query["to"])
                step, points = one.past(start, end)
                return self.json({"at": now, "stepSeconds": step, "isCut": False, "restarts": one.restarts, "transitions": one.transitions, "history": points})
            if parts[2:] == ["batches"]:
                start, end = float(query.get("from", "-inf")), float(query.get("to", "inf"))
                # What a history has is asked for by its time; the rest is at hand.
                known = one.batches if "from" in query or "to" in query else one.batches[-AT_HAND:]
                listed = [batch for batch in reversed(known) if start <= batch["time"] <= end][:int(query.get("limit", 500))]
                return self.json({"batches": [{key: batch[key] for key in ("runId", "batchId", "time")} for batch in listed]})
            progress = one.progress(parts[3], int(parts[4])) if len(parts) == 5 and parts[4].isdigit() else None
            # As it came, with what is null.
            return self.answer(200, json.dumps(progress).encode(), "application/json") if progress else self.error(404, "not_found", "this batch is not kept")

    def events(self, query):
        """Server-sent events from the last one that the browser saw, or from now on."""
        fleet = self.fleet
        self.head(200, "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        sent, cuts = fleet.sequence, fleet.cuts
        last = self.headers.get("Last-Event-ID")
        out = f"retry: {self.server.retry}\n\n"
        if last:
            start, _, number = last.partition("-")
            oldest = fleet.events[0][0] if fleet.events else 0
            if start == str(fleet.start) and number.isdigit() and int(number) + 1 >= oldest:
                sent = int(number)
            else:
                out += f"id: {fleet.event_id(sent)}\nevent: reset\ndata: {{}}\n\n"
        try:
            self.wfile.write(out.encode())
            while True:
                with fleet.lock:
                    fleet.lock.wait_for(lambda: fleet.sequence > sent or fleet.cuts > cuts, timeout=15)
                    events = [event for event in fleet.events if event[0] > sent]
                if fleet.cuts > cuts:
                    return
                text = "" if events else ": still here\n\n"
                for sequence, kind, data, only in events:
                    sent = sequence
                    if only is None or only == query:
                        text += f"id: {fleet.event_id(sequence)}\nevent: {kind}\ndata: {encoded(data)}\n\n"
                self.wfile.write(text.encode())
                self.wfile.flush()
        except OSError:
            return


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A browser that leaves in the middle of an answer is no error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--interval", type=float, default=5.0, help="seconds between the batches of a query")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--retry", type=int, default=500, help="milliseconds after which a browser connects again")
    arguments = parser.parse_args()
    Handler.fleet = SimulatedFleet(arguments.queries, arguments.seed, arguments.interval)
    server = Server(("127.0.0.1", arguments.port), Handler)
    server.retry = arguments.retry
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{arguments.port}/", flush=True)
    while True:
        time.sleep(1)
        Handler.fleet.advance()


if __name__ == "__main__":
    main()
