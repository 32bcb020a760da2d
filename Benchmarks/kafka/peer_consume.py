"""The Python yardstick for the consumer: confluent-kafka takes the records, msgspec makes typed values of them.

    python peer_consume.py BOOTSTRAP COUNT [--headers]        (PyPI: confluent-kafka msgspec)

With --headers it looks at each record's headers too, where the sequence number and the query's name are. Prints the line that consume.c prints.
"""
import resource
import sys
import time

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition


class StateOperator(msgspec.Struct):
    operatorName: str = ""
    numRowsTotal: int = 0
    numRowsUpdated: int = 0
    allUpdatesTimeMs: int = 0
    numRowsRemoved: int = 0
    allRemovalsTimeMs: int = 0
    commitTimeMs: int = 0
    memoryUsedBytes: int = 0
    numRowsDroppedByWatermark: int = 0
    numShufflePartitions: int = 0
    numStateStoreInstances: int = 0
    customMetrics: dict[str, int] = {}


class Source(msgspec.Struct):
    description: str = ""
    startOffset: msgspec.Raw = msgspec.Raw(b"null")
    endOffset: msgspec.Raw = msgspec.Raw(b"null")
    latestOffset: msgspec.Raw = msgspec.Raw(b"null")
    numInputRows: int = 0
    inputRowsPerSecond: float = 0
    processedRowsPerSecond: float = 0
    metrics: dict[str, str] = {}


class Sink(msgspec.Struct):
    description: str = ""
    numOutputRows: int = -1


class Progress(msgspec.Struct):
    id: str
    runId: str
    timestamp: str
    name: str | None = None
    batchId: int = 0
    batchDuration: int = 0
    numInputRows: int = 0
    inputRowsPerSecond: float = 0
    processedRowsPerSecond: float = 0
    durationMs: dict[str, int] = {}
    eventTime: dict[str, str] = {}
    stateOperators: list[StateOperator] = []
    sources: list[Source] = []
    sink: Sink | None = None
    observedMetrics: dict[str, msgspec.Raw] = {}


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


servers, wanted = sys.argv[1], int(sys.argv[2])
with_headers = "--headers" in sys.argv[3:]
topic = "streaming-metrics"
begin, cpu = time.monotonic(), cpu_seconds()
consumer = Consumer({"bootstrap.servers": servers, "group.id": "peer", "enable.auto.commit": False, "log_level": 0,
                     "receive.message.max.bytes": 1000000000, "queued.min.messages": 1})
partitions = consumer.list_topics(topic, 30).topics[topic].partitions
consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
decoder = msgspec.json.Decoder(Progress)
taken = size = rows = looked = 0
while taken < wanted:
    for message in consumer.consume(500, 1):
        if message.error():
            sys.exit(f"cannot consume: {message.error()}")
        value = message.value()
        if with_headers:
            looked += len(message.headers() or ())
        taken, size, rows = taken + 1, size + len(value), rows + decoder.decode(value).numInputRows
    if time.monotonic() - begin > 120:
        sys.exit("the topic is shorter than COUNT")
seconds, cpu = time.monotonic() - begin, cpu_seconds() - cpu
consumer.close()
print(f"messages={taken} bytes={size / taken:.0f} seconds={seconds:.3f} msg_s={taken / seconds:.0f} "
      f"cpu_us={cpu / taken * 1e6:.3f} check={rows} headers={looked}")
