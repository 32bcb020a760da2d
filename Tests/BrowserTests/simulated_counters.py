"""The counters of a simulated state store: a few, or as many as those of one that counts everything."""

OPERATIONS = ["Checkpoint", "Commit", "Compact", "Delete", "Download", "Fill", "Flush", "Get", "Iterate", "Load",
              "Lock", "Merge", "Pause", "Put", "Scan", "Seek", "Snapshot", "Unpin", "Upload", "Write"]
MEASURES = ["BytesCopied", "BytesRead", "CacheHits", "CacheMisses", "Count", "Errors", "FilesCopied", "FilesReused", "Latency", "Retries"]


def counters(batch_id, state_rows, more=0):
    """The store's own counters after a batch."""
    names = [f"rocksdb{operation}{measure}" for operation in OPERATIONS for measure in MEASURES][:more]
    many = {name: (batch_id * (place + 3) % 89) * 10 ** (place % 4) for place, name in enumerate(names)}
    return many | {"loadedMapCacheHitCount": batch_id * 7, "loadedMapCacheMissCount": 0, "rocksdbGetLatency": batch_id * 31 % 97, "stateOnCurrentVersionSizeBytes": state_rows * 180}
