"""What the rows about the monitor share: a `streamgauge serve` that hears queries over a broker, and requests to it."""
import os
import re
import socket
import threading
import time
import urllib.request

from rig import ROOT, Feeder, Program, Query, wait_for


class Monitor:
    """A server that watches queries which send an event a second each."""

    def __init__(self, row, queries, *options):
        self.row = row
        self.broker = Program(row, "broker", "--port", str(row.options.port), name="broker")
        self.brokers = wait_for(
            lambda: re.search(r"KAFKA_BOOTSTRAP_SERVERS=(\S+)", self.broker.output), 30, "the broker").group(1)
        self.queries = [Query(row.random, f"query_{index}") for index in range(queries)]
        self.program = Program(row, "serve", "--bootstrap-servers", self.brokers, "--from-beginning", "--listen", "127.0.0.1:0",
                               *options, name="serve")
        self.port = int(wait_for(
            lambda: re.search(r"listening on http://127\.0\.0\.1:(\d+)", self.program.output), 30, "the server").group(1))
        self.address = f"http://127.0.0.1:{self.port}"
        self.forwarder = Program(row, "forward", "-", "--bootstrap-servers", self.brokers, "--no-spool", name="forward")
        self.feeder = Feeder(self.forwarder, self.queries, per_second=queries)
        self.feeder.start()
        wait_for(lambda: f'"total":{queries},' in self.get("/api/v1/queries?limit=1").replace(": ", ":"), 60, "all queries")

    def get(self, path):
        """The body of an answer."""
        return urllib.request.urlopen(self.address + path, timeout=30).read().decode()

    def connect(self, seconds=30):
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def exchange(self, request, seconds=30):
        """What comes back for some bytes until the other side closes; None where it does not."""
        connection = self.connect(seconds)
        try:
            connection.sendall(request if isinstance(request, bytes) else request.encode())
        except OSError:
            pass
        parts, end = [], time.monotonic() + seconds
        try:
            while part := connection.recv(1 << 16):
                parts.append(part)
                if time.monotonic() > end:
                    raise TimeoutError
        except TimeoutError:
            connection.close()
            return None
        except OSError:
            pass
        connection.close()
        return b"".join(parts).decode(errors="replace")

    def memory_mb(self, field="VmRSS"):
        return (self.program.memory_kb(field) or 0) / 1024

    def end(self):
        self.feeder.stop()
        self.forwarder.close_input()
        self.forwarder.wait(60)
        self.program.process.terminate()
        return self.program.wait(30)


class Probe(threading.Thread):
    """Asks for the server's health every 20 ms over a connection of its own each time, as a person's browser or a scraper would."""

    def __init__(self, monitor, path="/healthz"):
        super().__init__(daemon=True)
        self.monitor, self.path = monitor, path
        self.stopped, self.milliseconds, self.failures = threading.Event(), [], 0

    def run(self):
        while not self.stopped.is_set():
            begin = time.monotonic()
            try:
                answer = self.monitor.exchange(
                    f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.monitor.port}\r\nConnection: close\r\n\r\n")
            except OSError:
                answer = None
            if answer and answer.startswith("HTTP/1.1 200"):
                self.milliseconds.append((time.monotonic() - begin) * 1000)
            else:
                self.failures += 1
            time.sleep(0.02)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stopped.set()
        self.join(60)

    def percentile(self, share):
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")


def tool(name):
    """A program of the path; None where it is not installed."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            return path
    return None


__all__ = ["ROOT", "Monitor", "Probe", "tool"]
