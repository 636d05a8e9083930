"""A small archive for queries: the same rows as Python objects, in SQLite and in PostgreSQL.

Rows lie at the poles, about longitude 0/360, at random, and nowhere; names have quotes, wildcards and foreign letters.
Policies 1 and 2 are the viewer's; rows of policy 3 and removed rows must never be seen.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.vo.tables import Column, PublishedTable, SkyPosition, SkyRegion
from search.adql import geometry
from search.adql.translate import Schema

TEXT = {"datatype": "char", "arraysize": "*"}
PRODUCTS = (
    Column(name="obs_id", **TEXT, ucd="meta.id"),
    Column(name="target_name", **TEXT, ucd="meta.id;src", description="name of the target"),
    Column(name="dataproduct_type", **TEXT),
    Column(name="calib_level", datatype="int", ucd="meta.code"),
    Column(name="access_estsize", datatype="long", unit="kbyte"),
    Column(name="size", datatype="int"),
    Column(name="s_ra", datatype="double", unit="deg", ucd="pos.eq.ra", utype="char.ra", description="right ascension"),
    Column(name="s_dec", datatype="double", unit="deg", ucd="pos.eq.dec"),
    Column(name="s_fov", datatype="double", unit="deg"),
    Column(name="s_region", datatype="char", arraysize="*", xtype="adql:REGION", ucd="pos.outline"),
    Column(name="t_min", datatype="double", unit="d", ucd="time.start"),
    Column(name="t_max", datatype="double", unit="d", ucd="time.end"),
    Column(name="em_min", datatype="double", unit="m", ucd="em.wl"),
    Column(name="obs_release_date", datatype="char", arraysize="*", xtype="timestamp"),
    Column(name="good", datatype="boolean"),
    Column(name="access_url", **TEXT, expression="{public_url} || '/data/' || key"),
    Column(
        name="data_rights",
        **TEXT,
        expression="CASE WHEN obs_release_date <= {now} THEN 'public' ELSE 'proprietary' END",
    ),
)
CONFIG = (
    Column(name="obs_id", **TEXT),
    Column(name="zenith", datatype="double", unit="deg"),
    Column(name="n_tels", datatype="short"),
)
SOURCES = (
    Column(name="id", datatype="int", source="id"),
    Column(name="name", **TEXT, source="label"),
    Column(name="ra", datatype="double", unit="deg"),
    Column(name="dec", datatype="double", unit="deg"),
    Column(name="flux", datatype="float", unit="mJy"),
)
UPLOAD = (
    Column(name="ID", datatype="int", source="c1"),
    Column(name="Ra J2000", datatype="double", unit="deg", source="c2"),
    Column(name="Dec J2000", datatype="double", unit="deg", source="c3"),
    Column(name="place", datatype="double", arraysize="2", xtype="point", source="c4"),
)
FILTER = "removed_at IS NULL"
TABLES = (
    PublishedTable(
        name="ivoa.obscore",
        physical="product",
        columns=PRODUCTS,
        policy_column="policy_id",
        row_filter=FILTER,
        aliases=("cta.vo_obscore",),
        positions=(SkyPosition(ra="s_ra", dec="s_dec", rtree="product_position"),),
        regions=(SkyRegion(column="s_region", inner="region_inner", rtree="product_region"),),
    ),
    PublishedTable(
        name="arc.obsconfig", physical="product", columns=CONFIG, policy_column="policy_id", row_filter=FILTER
    ),
    PublishedTable(
        name="cat.sources",
        physical="sources",
        columns=SOURCES,
        positions=(SkyPosition(ra="ra", dec="dec", rtree="sources_position"),),
    ),
)
MINE = PublishedTable(name="tap_upload.mine", physical="tap_upload_1", columns=UPLOAD)
SCHEMA = Schema(TABLES)
NOW = "2026-03-01T00:00:00"
PUBLIC_URL = "https://archive.example"


@dataclass(frozen=True)
class Right:
    column: str
    operator: str
    values: tuple[int, ...]


CONDITIONS = {"product": (Right("policy_id", "in", (1, 2)),)}
OPTIONS: dict[str, Any] = {
    "conditions": CONDITIONS,
    "now": NOW,
    "public_url": PUBLIC_URL,
    "authority": "example.org",
    "resolve_name": {"Crab Nebula": (83.6333, 22.0145)}.get,
    "uploads": [MINE],
}

NAMES = ("Crab Nebula", "PKS 2155-304", "pks 1510-089", "100%_sure", "O'Brien's star", 'the "best"', "Ångström", None)
TYPES = ("event", "image", "spectrum", None)


def _region(number: int, ra: float, dec: float, generator: random.Random) -> str | None:
    size = generator.choice([0.001, 0.5, 2.0, 5.0])
    kind = number % 7
    if kind == 0:
        return f"Circle ICRS {ra:.6f} {dec:.6f} {size}"
    if kind == 1:
        return f"Box ICRS {ra:.6f} {dec:.6f} {size} {2 * size}"
    if kind == 2:
        return f"Position ICRS {ra:.6f} {dec:.6f}"
    if kind == 3:
        return f"Union ICRS (Circle {ra:.6f} {dec:.6f} {size} Circle {(ra + 20) % 360:.6f} {dec:.6f} 1)"
    if kind == 4:
        return generator.choice([None, "no region at all", "Circle FK4 10 10 1", "Polygon ICRS 1 1 2 2"])
    corners = []
    for turn in range(5):
        reach = size * generator.uniform(0.3, 1.0)
        corner = _moved(ra, dec, math.radians(72 * turn), reach)
        corners.append(f"{corner[0]:.6f} {corner[1]:.6f}")
    return "Polygon ICRS " + " ".join(corners)


def _moved(ra: float, dec: float, bearing: float, reach: float) -> tuple[float, float]:
    a, d, r = math.radians(ra), math.radians(dec), math.radians(reach)
    end = math.asin(math.sin(d) * math.cos(r) + math.cos(d) * math.sin(r) * math.cos(bearing))
    turn = math.atan2(math.sin(bearing) * math.sin(r) * math.cos(d), math.cos(r) - math.sin(d) * math.sin(end))
    return (math.degrees(a + turn) % 360, math.degrees(end))


def _places(generator: random.Random) -> list[tuple[float | None, float | None]]:
    places: list[tuple[float | None, float | None]] = [
        (0.0, 90.0),
        (123.0, -90.0),
        (0.0, 0.0),
        (180.0, 0.0),
        (360.0, 10.0),
    ]
    places += [(263.6333, -22.0145), (83.6333, 22.0145), (None, None), (10.0, None), (11.0, None), (12.0, None)]
    places += [(generator.uniform(0, 360), generator.choice([89.9, -89.7, 89.0])) for _ in range(30)]
    places += [(generator.uniform(359, 361) % 360, generator.uniform(-2, 2)) for _ in range(60)]
    places += [(generator.gauss(83.6, 2) % 360, generator.gauss(22, 2)) for _ in range(100)]
    places += [(generator.uniform(0, 360), math.degrees(math.asin(generator.uniform(-1, 1)))) for _ in range(200)]
    return places


def products() -> list[dict[str, Any]]:
    """All rows, those included that no viewer may see."""
    generator = random.Random(20260301)
    rows = []
    for number, (ra, dec) in enumerate(_places(generator)):
        region = None if ra is None or dec is None else _region(number, ra, dec, generator)
        cap = geometry.region_cap(region) if region else None
        x, y, z = (None, None, None) if ra is None or dec is None else geometry.vector(ra, dec)
        rows.append(
            {
                "id": number + 1,
                "key": f"k{number}",
                "policy_id": 1 + number % 3,
                "removed_at": "2026-01-01" if number % 10 == 9 else None,
                "obs_id": f"obs-{number // 2:03}",
                "target_name": NAMES[number % len(NAMES)],
                "dataproduct_type": TYPES[number % len(TYPES)],
                "calib_level": number % 5,
                "access_estsize": None if number % 11 == 0 else number * 10_000_000_000,
                "size": number,
                "s_ra": ra,
                "s_dec": dec,
                "s_fov": round(generator.uniform(0.1, 5), 3),
                "s_region": region,
                "t_min": 58000.0 + number / 4,
                "t_max": 58000.5 + number / 4,
                "em_min": 1e-18 * (1 + number),
                "obs_release_date": f"20{20 + number % 10}-01-02T03:04:05",
                "good": None if number % 6 == 0 else number % 2 == 0,
                "zenith": round(generator.uniform(0, 60), 2),
                "n_tels": number % 4 + 1,
                "x": x,
                "y": y,
                "z": z,
                "region_x": cap and cap.x,
                "region_y": cap and cap.y,
                "region_z": cap and cap.z,
                "region_radius": cap and cap.radius,
                "region_inner": cap and cap.inner,
            }
        )
    return rows


def sources() -> list[dict[str, Any]]:
    generator = random.Random(7)
    rows = []
    for number in range(40):
        ra, dec = generator.gauss(83.6, 2) % 360, generator.gauss(22, 2)
        x, y, z = geometry.vector(ra, dec)
        rows.append(
            {"id": number, "label": f"src {number}", "ra": ra, "dec": dec, "flux": number / 8, "x": x, "y": y, "z": z}
        )
    return rows


def mine() -> list[dict[str, Any]]:
    places = [(83.6333, 22.0145), (0.0, 0.0), (0.0, 89.95), (123.4, -89.9), (200.0, 20.0), (None, None)]
    return [
        {"c1": i, "c2": ra, "c3": dec, "c4": None if ra is None else f"{ra} {dec}"}
        for i, (ra, dec) in enumerate(places, 1)
    ]


PRODUCT_TYPES = {
    "id": "INTEGER PRIMARY KEY",
    "policy_id": "INTEGER",
    "calib_level": "INTEGER",
    "access_estsize": "BIGINT",
    "size": "INTEGER",
    "good": "BOOLEAN",
    "n_tels": "SMALLINT",
}
REALS = ("s_ra", "s_dec", "s_fov", "t_min", "t_max", "em_min", "zenith", "x", "y", "z")
REALS += ("region_x", "region_y", "region_z", "region_radius", "region_inner", "ra", "dec", "c2", "c3")
MORE_TYPES = {"flux": "REAL", "c1": "INTEGER"}


def create_sql(name: str, rows: Sequence[dict[str, Any]]) -> str:
    """CREATE TABLE in the words that both databases know."""
    kinds = PRODUCT_TYPES | dict.fromkeys(REALS, "DOUBLE PRECISION") | MORE_TYPES
    columns = ", ".join(f'"{column}" {kinds.get(column, "TEXT")}' for column in rows[0])
    return f'CREATE TABLE "{name}" ({columns})'


def contents() -> dict[str, list[dict[str, Any]]]:
    return {"product": products(), "sources": sources(), "tap_upload_1": mine()}


VISIBLE = [row for row in products() if row["policy_id"] in (1, 2) and row["removed_at"] is None]
