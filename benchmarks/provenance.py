"""How fast the provenance room is with 1,000,000 entities and 300,000 activities.

    DISTILLER_DATA=/tmp/bench python benchmarks/provenance.py [--entities 1000000] [--activities 300000]

Makes a store of its own in the data folder (SQLite) or in DATABASE_URL (PostgreSQL), fills it inside the database, and
prints what was promised beside what was measured (medians, s).
"""

# ruff: noqa: E402 - Django is set up before its models are imported
import argparse
import json
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")

import django

django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from gateway.access.rights import ANONYMOUS, Viewer
from provenance import capture
from provenance.documents import formats
from provenance.documents.source import Source
from provenance.graph import Walk, walk
from provenance.importers.batch import Sender
from provenance.importers.reading import import_document
from provenance.models import Activity, Entity
from provenance.records import AgentRecord
from provenance.statements import Contents

HUB = 10_000


def run(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def fill(entities: int, activities: int) -> None:
    """Activity ``a7`` used two entities made shortly before it and made three; the rest are raw data."""
    policy = capture.public_policy().pk
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
    agent = capture.record_agent(AgentRecord(id="user-1", name="Alice"), capture.public_policy())
    empty = "'' AS location, '' AS value, NULL, NULL, '' AS comment, NULL"
    run(
        "INSERT INTO provenance_entity (identifier, name, kind, location, value, generated_at_time, invalidated_at_time,"
        " comment, description_id, policy_id, sha256, size, content_type, level, obs_publisher_did, verified_at,"
        f" verified_ok) {numbers} SELECT 'e' || i, 'product ' || i, 'dataset', {empty}, {policy}, '', NULL,"
        " 'application/fits', 'DL3', 'ivo://bench/arc?e' || i, NULL, NULL FROM n",
        entities,
    )
    run(
        "INSERT INTO provenance_activity (identifier, name, start_time, end_time, comment, description_id, policy_id)"
        f" {numbers} SELECT 'a' || i, 'step ' || i, NULL, NULL, '', NULL, {policy} FROM n",
        activities,
    )
    raw = max(entities - 3 * activities, 10)
    for shift in range(3):
        run(
            f"INSERT INTO provenance_wasgeneratedby (entity_id, activity_id, role, type, policy_id) {numbers}"
            f" SELECT 'e' || ({raw} + 3 * (i - 1) + {shift} + 1), 'a' || i, 'result', 'Main', {policy} FROM n",
            (entities - raw) // 3,
        )
    for shift, stride in ((0, 31), (1, 57)):
        run(
            f"INSERT INTO provenance_used (activity_id, entity_id, role, type, policy_id) {numbers}"
            f" SELECT 'a' || i, 'e' || ({raw} + 3 * (i - 1) - (i * {stride} %% ({raw} - 1)) - {shift}), 'input{shift}',"
            f" 'Main', {policy} FROM n",
            activities,
        )
    run(
        f"INSERT INTO provenance_wasassociatedwith (activity_id, agent_id, role, policy_id) {numbers}"
        f" SELECT 'a' || i, '{agent.pk}', 'Operator', {policy} FROM n",
        activities,
    )
    for shift in range(2):
        run(
            f"INSERT INTO provenance_parameter (activity_id, number, name, value, policy_id) {numbers}"
            f" SELECT 'a' || i, {shift}, 'setting{shift}', 'value ' || (i %% 100), {policy} FROM n",
            activities,
        )
    hub(policy)
    run("ANALYZE")


def hub(policy: int) -> None:
    """One run that made 10,000 products."""
    Activity.objects.create(pk="hub", name="hub", policy_id=policy)
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
    run(
        "INSERT INTO provenance_entity (identifier, name, kind, location, value, comment, policy_id, sha256,"
        f" content_type, level, obs_publisher_did) {numbers} SELECT 'hub-' || i, 'of the hub', 'dataset', '', '', '',"
        f" {policy}, '', '', '', '' FROM n",
        HUB,
    )
    run(
        f"INSERT INTO provenance_wasgeneratedby (entity_id, activity_id, role, type, policy_id) {numbers}"
        f" SELECT 'hub-' || i, 'hub', 'result', 'Main', {policy} FROM n",
        HUB,
    )


def median(action: Callable[[int], object], times: int = 15) -> tuple[float, float]:
    """(elapsed, of which this process worked): on a busy machine the two differ."""
    elapsed, worked = [], []
    for number in range(times):
        start, begun = time.perf_counter(), time.process_time()
        action(number)
        elapsed.append(time.perf_counter() - start)
        worked.append(time.process_time() - begun)
    return statistics.median(elapsed), statistics.median(worked)


def report(what: str, promised: float, measured: tuple[float, float]) -> None:
    elapsed, worked = (1000 * value for value in measured)
    verdict = "ok  " if elapsed <= 1000 * promised else "OVER"
    print(f"{verdict} {what:58s} {elapsed:8.1f} ms, {worked:8.1f} of it work (promised {promised * 1000:,.0f})")


def log(number: int) -> bytes:
    """A ctapipe log of 1,000 activities, each reading what the one before it wrote."""
    moment = "2026-01-{:02d}T{:02d}:{:02d}:{:02d}"

    def at(second: int) -> dict[str, str]:
        day, rest = divmod(second, 86_400)
        return {"time_utc": moment.format(day + 1, rest // 3600, rest // 60 % 60, rest % 60)}

    return json.dumps(
        [
            {
                "activity_name": "ctapipe-process",
                "activity_uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{number}/{n}")),
                "exit_code": 0,
                "start": at(20 * n),
                "stop": at(20 * n + 10),
                "config": {"Tool": {"n": n, "method": "ImPACT"}},
                "system": {"ctapipe_version": "0.28.0"},
                "input": [{"url": f"/d/{number}/{n - 1}.h5", "role": "dl1", "reference_meta": None}],
                "output": [{"url": f"/d/{number}/{n}.h5", "role": "dl2", "reference_meta": None}],
            }
            for n in range(1000)
        ]
    ).encode()


def document(graph, name: str, model: str = "W3C") -> bytes:
    return formats.find(name).write(Source(graph, Contents(limit=20_000)), model)


def measure(entities: int) -> None:
    some = [("entity", f"e{entities - 1000 * n - 5}") for n in range(15)]
    depth10 = Walk(depth=10, limit=10_000)
    sizes = [len(walk([ref], ANONYMOUS, depth10).nodes) for ref in some]
    print(f"     ancestors to depth 10: {min(sizes)} to {max(sizes)} nodes")
    report("ancestors to depth 10", 0.05, median(lambda n: walk([some[n]], ANONYMOUS, depth10)))
    client = Client(SERVER_NAME="localhost")
    client.get("/provenance/entity/e5/")
    report("provenance page", 0.2, median(lambda n: client.get(f"/provenance/entity/{some[n][1]}/")))
    report(
        "provenance page of the hub", 0.2, median(lambda _n: client.get("/provenance/activity/hub/?direction=forth"))
    )
    five = "/provsap?ID={}&DEPTH=14&AGENTS=0&RESPONSEFORMAT="
    size = len(walk([some[0]], ANONYMOUS, Walk(depth=14, agents=False)).nodes)
    print(f"     ProvSAP at depth 14: {size} nodes")
    report(
        "ProvSAP of some 500 records, PROV-JSON",
        0.3,
        median(lambda n: client.get(five.format(some[n][1]) + "PROV-JSON"), 7),
    )
    report("ProvSAP, SVG", 1.0, median(lambda n: client.get(five.format(some[n][1]) + "PROV-SVG"), 5))
    address = "/provsap?ID=hub&DIRECTION=FORTH&RESPONSEFORMAT=PROV-SVG"
    report("ProvSAP, SVG of a hub of 10,000 edges (hard limit 10 s)", 1.0, median(lambda _n: client.get(address), 5))
    report(
        "ProvSAP of the hub: 413 with the count", 3.0, median(lambda _n: client.get(address.replace("SVG", "JSON")), 3)
    )
    big = walk([("activity", "hub")], ANONYMOUS, Walk(direction="FORTH", limit=5000, fan=4999))
    big.truncated = False
    report("some 10,000 records written as PROV-JSON, W3C", 1.0, median(lambda _n: document(big, "PROV-JSON"), 3))
    report(
        "some 10,000 records written as PROV-JSON, IVOA", 1.0, median(lambda _n: document(big, "PROV-JSON", "IVOA"), 3)
    )
    sender = Sender(Viewer(is_staff=True), capture.public_policy(), trusted=True)
    report("import of 1,000 activities", 10.0, median(lambda n: import_document(log(n + int(time.time())), sender), 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=1_000_000)
    parser.add_argument("--activities", type=int, default=300_000)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    if not Entity.objects.filter(pk="e1").exists():
        start = time.perf_counter()
        with transaction.atomic():
            fill(options.entities, options.activities)
        print(f"     filled in {time.perf_counter() - start:.0f} s on {connection.vendor}")
    measure(options.entities)


if __name__ == "__main__":
    main()
