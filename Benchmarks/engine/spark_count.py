"""The activity count as a Spark streaming query, tuned for two cores: spark_count.py DATA REPEAT

Two shuffle partitions, a warm JVM, available-now trigger, complete mode, memory sink, checkpoint on. Prints one JSON line: the
system, the rows, and the seconds of each repetition from start() to the end of the query.
"""
import json
import os
import shutil
import sys
import tempfile
import time

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
from pyspark.sql import SparkSession  # noqa: E402

data, repeat = sys.argv[1], int(sys.argv[2])
work = tempfile.mkdtemp(prefix="spark-count-")
spark = (SparkSession.builder.master("local[2]").appName("count")
         .config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1")
         .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.memory", "4g")
         .config("spark.sql.shuffle.partitions", "2").config("spark.local.dir", work)
         .config("spark.sql.warehouse.dir", work + "/warehouse").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
schema = ("Arrival_Time bigint, Creation_Time bigint, Device string, Index bigint, Model string, User string, "
          "gt string, x double, y double, z double")
seconds, rows = [], 0
for n in range(repeat):
    frame = spark.readStream.schema(schema).option("maxFilesPerTrigger", 10).json(data)
    begin = time.time()
    query = (frame.groupBy("gt").count().writeStream.outputMode("complete").format("memory").queryName(f"q{n}")
             .option("checkpointLocation", f"{work}/checkpoint{n}").trigger(availableNow=True).start())
    query.awaitTermination()
    seconds.append(time.time() - begin)
    rows = sum(p.numInputRows for p in query.recentProgress)
counts = {r["gt"]: r["count"] for r in spark.table("q0").collect()}
print(json.dumps({"system": "Spark " + spark.version, "rows": rows, "seconds": seconds,
                  "counts": dict(sorted(counts.items()))}))
spark.stop()
shutil.rmtree(work, ignore_errors=True)
