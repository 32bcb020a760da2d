"""What the row scripts share: real programs to torment, events to feed, and the comparison of what went in with what came out.

A row is an executable file beside this one, named after its fault. It prints one last line `F02 | how provoked | runs | violations`
and ends with 1 when there was a violation; a row that this machine cannot run prints `F02 | not run: what is missing` and ends with 77.
Everything it starts listens on the loopback interface or in a network of its own, and ends with it.
"""
import argparse
import atexit
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The exit code of a row that lacks something, which is neither a pass nor a violation.
NOT_RUN = 77
started = []


def stop_everything():
    # Once begun it is gone through, whatever signal comes again.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for process in started:
        if process.poll() is None:
            # One that is stopped by SIGSTOP takes no other signal.
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


atexit.register(stop_everything)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def say(text):
    print(text, file=sys.stderr, flush=True)


def fail(text):
    say(f"{os.path.basename(sys.argv[0])}: {text}")
    sys.exit(2)


def wait_for(condition, seconds, what):
    """Asks until the condition gives something, and returns that."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            fail(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


class Row:
    """One row's run: its counted runs and the violations found."""

    def __init__(self, row, description, **options):
        parser = argparse.ArgumentParser(description=description)
        for name, (default, meaning) in options.items():
            parser.add_argument(
                "--" + name, type=type(default), default=default, help=f"{meaning} (default {default})")
        parser.add_argument("--seed", type=int, default=None, help="repeats the choices of an earlier run")
        parser.add_argument("--port", type=int, default=int(os.environ.get("RELIABILITY_PORT", "19600")),
                            help="the broker's port on the loopback interface (default RELIABILITY_PORT or 19600)")
        self.options = parser.parse_args()
        self.row = row
        self.runs = 0
        self.violations = []
        self.seed = self.options.seed if self.options.seed is not None else random.SystemRandom().randrange(1 << 32)
        self.random = random.Random(self.seed)
        self.folder = tempfile.mkdtemp(prefix=f"streamgauge-{row}-")
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        say(f"{row}: seed {self.seed}")

    def path(self, name):
        return os.path.join(self.folder, name)

    def violation(self, text):
        self.violations.append(text)
        say(f"{self.row}: VIOLATION: {text}")

    def check(self, holds, text):
        if not holds:
            self.violation(text)

    def not_run(self, missing):
        print(f"{self.row} | not run: {missing}", flush=True)
        sys.exit(NOT_RUN)

    def end(self, how):
        say(f"{self.row}: seed {self.seed}")
        print(f"{self.row} | {how} | {self.runs} | {len(self.violations)}", flush=True)
        sys.exit(1 if self.violations else 0)


# Programs


def streamgauge():
    """The program as users have it: a release build, made here unless STREAMGAUGE names one."""
    given = os.environ.get("STREAMGAUGE")
    if given:
        return given
    build = ["swift", "build", "--package-path", ROOT, "--configuration", "release", "--product", "streamgauge"]
    subprocess.run(build, check=True, stdout=sys.stderr)
    folder = subprocess.run(build + ["--show-bin-path"], check=True, capture_output=True, text=True).stdout.strip()
    os.environ["STREAMGAUGE"] = os.path.join(folder, "streamgauge")
    return os.environ["STREAMGAUGE"]


def accepts(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), timeout=1).close()
        return True
    except OSError:
        return False


class Broker:
    """noida-db in a process of its own; what it has acknowledged outlives SIGTERM."""

    def __init__(self, row, name="broker", host="127.0.0.1", prefix=()):
        """The host is where it listens, and what it tells clients; the prefix is put before its command."""
        self.port, self.data, self.log = row.options.port, row.path(name), row.path(name + ".log")
        self.program, self.process, self.bounces = self.find(), None, 0
        self.host, self.prefix, self.address = host, prefix, f"{host}:{self.port}"
        if self.accepts():
            fail(f"port {self.port} is taken; choose another with --port")

    def accepts(self):
        return accepts(self.port, self.host)

    @staticmethod
    def find():
        def look():
            for folder, _, files in os.walk(os.path.join(ROOT, ".dev", "broker-venv")):
                if "noida-db" in files and "site-packages" in folder:
                    return os.path.join(folder, "noida-db")
            return None
        if look() is None:
            # It installs the broker before it starts it.
            script = os.path.join(ROOT, "scripts", "dev-broker")
            subprocess.run([script, "--", "true"], check=True, stdout=sys.stderr,
                           env={k: v for k, v in os.environ.items() if k != "KAFKA_BOOTSTRAP_SERVERS"})
        return look() or fail("there is no noida-db below .dev/broker-venv")

    def start(self):
        os.makedirs(self.data, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, self.program, "start", "--only", "kafka", "--host", self.host, "--kafka-port", str(self.port),
                 "--data-dir", self.data],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        started.append(self.process)

        def ready():
            if self.process.poll() is not None:
                fail(f"the broker ended at once: {open(self.log, errors='replace').read()[-500:]}")
            return self.accepts()
        wait_for(ready, 60, "the broker to accept connections")
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def bounce(self, seconds_down):
        self.stop()
        time.sleep(seconds_down)
        self.start()
        self.bounces += 1

    def wait_until_written(self):
        """Until its data files have stood still for a second: it writes what it has acknowledged a while later."""
        def modified(path):
            try:
                return os.stat(path).st_mtime
            except FileNotFoundError:
                # It writes files beside the old ones and puts them into their places.
                return 0

        def newest():
            return max((modified(os.path.join(folder, file)) for folder, _, files in os.walk(self.data) for file in files),
                       default=0)
        begin = time.time()
        wait_for(lambda: time.time() - max(newest(), begin) > 1, 60, "the broker to write its data")

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


class Program:
    """A `streamgauge` that runs, fed through its standard input; output and errors go to files."""

    def __init__(self, row, *arguments, name="program"):
        self.out_path, self.error_path = row.path(name + ".out"), row.path(name + ".err")
        with open(self.out_path, "wb") as out, open(self.error_path, "wb") as error:
            self.process = subprocess.Popen(
                [streamgauge(), *arguments], stdin=subprocess.PIPE, stdout=out, stderr=error)
        started.append(self.process)

    def feed(self, lines):
        """Writes the lines; false when the program reads no more."""
        try:
            self.process.stdin.write(b"".join(lines))
            self.process.stdin.flush()
            return True
        except (BrokenPipeError, ValueError):
            return False

    def close_input(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.close_input()

    def wait(self, seconds):
        """The exit code; None when it has not ended by then."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    @property
    def output(self):
        return open(self.out_path, errors="replace").read()

    @property
    def errors(self):
        return open(self.error_path, errors="replace").read()

    def memory_kb(self, field="VmRSS"):
        """A field of /proc/PID/status in kB; None when the process is gone."""
        try:
            with open(f"/proc/{self.process.pid}/status") as status:
                found = re.search(rf"{field}:\s+(\d+) kB", status.read())
                return int(found.group(1)) if found else None
        except OSError:
            return None


def run(*arguments, seconds=300):
    """Runs `streamgauge` to its end; gives exit code, output and errors."""
    done = subprocess.run([streamgauge(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def count(noun, text):
    """The number before a noun in a summary such as `sent 3 events, refused 0 lines, left 0 events`: noun is `sent`."""
    found = re.search(rf"\b{noun}\s+([\d,]+)", text)
    return int(found.group(1).replace(",", "")) if found else None


# Events


class Query:
    """A query's run that makes progress events, numbered by their batch."""

    def __init__(self, rng, name):
        self.id, self.run_id = (str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(2))
        self.name, self.made = name, 0

    def next(self):
        batch = self.made
        self.made += 1
        second, millisecond = divmod(batch, 1000)
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_767_600_000 + second))
        return (
            f'{{"id":"{self.id}","runId":"{self.run_id}","name":"{self.name}","timestamp":"{moment}.{millisecond:03}Z",'
            f'"batchId":{batch},"batchDuration":12,"numInputRows":{batch % 977},"inputRowsPerSecond":10.5,'
            '"processedRowsPerSecond":81.25,"durationMs":{"addBatch":9,"triggerExecution":12},"stateOperators":[],'
            '"sources":[{"description":"FileStreamSource[file:/data]","startOffset":{"logOffset":1},'
            '"endOffset":{"logOffset":2},"latestOffset":null,"numInputRows":1,"inputRowsPerSecond":10.5,'
            '"processedRowsPerSecond":81.25}],"sink":{"description":"memory","numOutputRows":1}}\n'
        ).encode()


class Feeder(threading.Thread):
    """Feeds events of some queries in turns at a rate until it is told to stop or has fed a number."""

    def __init__(self, program, queries, per_second, limit=None):
        super().__init__(daemon=True)
        self.program, self.queries, self.per_second, self.limit = program, queries, per_second, limit
        self.fed, self.stopped, self.times, self.longest_write = 0, threading.Event(), [], 0.0
        self.refused = False

    def run(self):
        begin = time.monotonic()
        while not self.stopped.is_set() and (self.limit is None or self.fed < self.limit):
            due = int((time.monotonic() - begin) * self.per_second) - self.fed
            if self.limit is not None:
                due = min(due, self.limit - self.fed)
            if due <= 0:
                time.sleep(0.002)
                continue
            due = min(due, 200)
            lines = [self.queries[(self.fed + index) % len(self.queries)].next() for index in range(due)]
            before = time.monotonic()
            if not self.program.feed(lines):
                self.refused = True
                return
            self.longest_write = max(self.longest_write, time.monotonic() - before)
            self.fed += due
            self.times.append((time.monotonic(), self.fed))

    def stop(self):
        self.stopped.set()
        self.join(60)

    def fed_before(self, moment):
        """How many had been taken by the program's input at a moment."""
        return max((fed for at, fed in self.times if at <= moment), default=0)


# What came out


def consumed(broker, topic="streaming-metrics", options=()):
    """Every record of the topic, in its order, as (run id, batch id); the options are the command's, such as those of TLS."""
    code, output, errors = run(
        "consume", "--bootstrap-servers", broker.address, "--topic", topic, "--from-beginning", "--until-end",
        "--no-deduplicate", "--format", "json", "--set", "receive.message.max.bytes=1000000000", *options)
    if code != 0:
        if "there is no topic" in errors:
            return []
        fail(f"consume ended with {code}: {errors[-500:]}")
    records = []
    for line in output.splitlines():
        event = json.loads(line)
        records.append((event["runId"], event["batchId"]))
    return records


def deliver_spool(broker, folder):
    """Sends what earlier processes left in a spool."""
    code, output, errors = run("spool", "drain", folder, "--bootstrap-servers", broker.address)
    if code != 0:
        fail(f"spool drain ended with {code}: {output} {errors[-500:]}")


def spooled(folder):
    """What a spool holds, as `spool inspect` says."""
    code, output, errors = run("spool", "inspect", folder, "--format", "json")
    if code != 0:
        fail(f"spool inspect ended with {code}: {errors[-500:]}")
    return json.loads(output)


def batches_by_run(records):
    """The batches of each run, in the order they came, repetitions included."""
    seen = {}
    for run_id, batch in records:
        seen.setdefault(run_id, []).append(batch)
    return seen


def compare(row, queries, records, what=""):
    """Nothing lost, nothing that was never fed, each run in order; returns how many records are repetitions."""
    seen = batches_by_run(records)
    repeated = 0
    for query in queries:
        batches = seen.pop(query.run_id, [])
        first = list(dict.fromkeys(batches))
        repeated += len(batches) - len(first)
        lost = sorted(set(range(query.made)) - set(first))
        row.check(not lost, f"{what}{len(lost)} of {query.made} events of {query.name} are lost, the first is batch {lost[:1]}")
        row.check(first == sorted(first), f"{what}events of {query.name} came in another order")
        row.check(not set(first) - set(range(query.made)), f"{what}events of {query.name} came that were never fed")
    row.check(not seen, f"{what}events of {len(seen)} unknown runs came")
    return repeated
