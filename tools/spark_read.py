"""What Spark reads of a Delta table: run by tools/delta.py with the Python that has Spark.

python spark_read.py TABLE JARS  →  one line of JSON: rows, sums by datastream, least and most time
"""

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as f


def main() -> None:
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.jars", ",".join(str(path) for path in Path(sys.argv[2]).glob("*.jar")))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config(
            "spark.sql.catalog.spark_catalog",
            "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        )
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    table = session.read.format("delta").load(sys.argv[1])
    grouped = table.groupBy("datastream").agg(
        f.count("*").alias("rows"),
        f.sum("result").alias("total"),
        f.min(f.unix_micros("time")).alias("first"),
        f.max(f.unix_micros("time")).alias("last"),
        f.count("exact").alias("exact"),
    )
    rows = [list(row) for row in grouped.orderBy("datastream").collect()]
    print(json.dumps({"rows": table.count(), "streams": rows}))
    session.stop()


if __name__ == "__main__":
    main()
