"""How long a query takes from ADQL to SQL: ``python benchmarks/adql_translate.py`` (target: median below 1 ms)."""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from search.adql.translate import translate
from tests.adql import world
from tests.adql.corpus.corpus import VALID

ROUNDS = 20


def main() -> None:
    for dialect in ("sqlite", "postgresql"):
        times = []
        for query, _ in VALID:
            best = min(_once(query, dialect) for _ in range(ROUNDS))
            times.append((best * 1000, query))
        times.sort()
        median = statistics.median(value for value, _ in times)
        print(f"{dialect}: {len(times)} queries, median {median:.2f} ms, p95 {times[int(len(times) * 0.95)][0]:.2f} ms")
        print(f"  slowest {times[-1][0]:.2f} ms: {times[-1][1][:100]}")


def _once(query: str, dialect: str) -> float:
    start = time.perf_counter()
    translate(query, world.SCHEMA, dialect, **world.OPTIONS)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
