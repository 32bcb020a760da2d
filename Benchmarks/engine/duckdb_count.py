"""The activity count as a DuckDB batch on two threads: duckdb_count.py DATA REPEAT

Prints one JSON line: the system, the rows, and the seconds of each repetition in one process.
"""
import json
import sys
import time

import duckdb

data, repeat = sys.argv[1], int(sys.argv[2])
connection = duckdb.connect()
connection.execute("set threads=2")
columns = (
    "{Arrival_Time:'BIGINT',Creation_Time:'BIGINT',Device:'VARCHAR',Index:'BIGINT',Model:'VARCHAR',"
    "User:'VARCHAR',gt:'VARCHAR',x:'DOUBLE',y:'DOUBLE',z:'DOUBLE'}"
)
source = f"read_json('{data}/*.json', format='newline_delimited', columns={columns})"
seconds = []
for _ in range(repeat):
    begin = time.time()
    counts = connection.execute(f"select gt, count(*) from {source} group by gt").fetchall()
    seconds.append(time.time() - begin)
print(json.dumps({
    "system": "DuckDB " + duckdb.__version__, "rows": sum(n for _, n in counts), "seconds": seconds,
    "counts": dict(sorted(counts))}))
