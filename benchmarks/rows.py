"""Synthetic ObsCore rows: 60 % round 120 sources with Zipf weights, 25 % along the galactic plane, 15 % uniform.

``python -m benchmarks.rows COUNT > rows.csv`` writes them with a header, for another service to hold the same.
"""

import csv
import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

COLUMNS = [
    "key",
    "policy_id",
    "storage_key",
    "file_name",
    "sha256",
    "suspect",
    "parts",
    "header",
    "terms",
    "created",
    "x",
    "y",
    "z",
    "region_x",
    "region_y",
    "region_z",
    "region_radius",
    "region_inner",
    "dataproduct_type",
    "calib_level",
    "obs_collection",
    "obs_id",
    "obs_publisher_did",
    "access_format",
    "access_estsize",
    "target_name",
    "s_ra",
    "s_dec",
    "s_fov",
    "s_region",
    "s_resolution",
    "s_xel1",
    "s_xel2",
    "t_min",
    "t_max",
    "t_exptime",
    "t_resolution",
    "t_xel",
    "em_min",
    "em_max",
    "em_res_power",
    "em_xel",
    "o_ucd",
    "facility_name",
    "instrument_name",
    "dataproduct_subtype",
    "target_class",
    "obs_creation_date",
    "obs_creator_name",
    "obs_title",
    "publisher_id",
    "data_rights",
    "obs_release_date",
    "s_ucd",
    "s_unit",
    "s_pixel_scale",
    "s_calib_status",
    "t_calib_status",
    "em_ucd",
    "em_unit",
    "em_calib_status",
    "proposal_id",
    "simulated",
]


def positions(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right ascension, declination (deg) and the number of the source, in an order that keeps neighbours together."""
    random = np.random.default_rng(seed)
    sources = random.uniform(0, 360, 120), np.degrees(np.arcsin(random.uniform(-1, 1, 120)))
    weights = 1 / np.arange(1, 121)
    which = random.choice(120, count, p=weights / weights.sum())
    kind = random.random(count)
    dec = np.clip(sources[1][which] + random.normal(0, 1.5, count), -90, 90)
    ra = sources[0][which] + random.normal(0, 1.5, count) / np.maximum(np.cos(np.radians(dec)), 0.05)
    plane = kind > 0.6
    ra = np.where(plane, random.uniform(0, 360, count), ra)
    band = 60 * np.sin(np.radians(ra - 280)) + random.normal(0, 3, count)
    dec = np.where(plane, np.clip(band, -90, 90), dec)
    uniform = kind > 0.85
    dec = np.where(uniform, np.degrees(np.arcsin(random.uniform(-1, 1, count))), dec)
    ra = ra % 360
    order = np.lexsort((ra, np.round(dec)))
    return ra[order].round(6), dec[order].round(6), which[order]


def make(count: int, policy: int, seed: int = 1) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of ``COLUMNS``."""
    ras, decs, which = positions(count, seed)
    random = np.random.default_rng(seed + 1)
    starts = (53000 + random.random(count) * 7000).round(8)
    lengths = (1000 + random.random(count) * 1000).round(3)
    radii = (1 + random.random(count) * 3).round(3)
    for i, (ra, dec, source, start, length, radius) in enumerate(
        zip(ras.tolist(), decs.tolist(), which.tolist(), starts.tolist(), lengths.tolist(), radii.tolist(), strict=True)
    ):
        cos_dec = math.cos(math.radians(dec))
        vector = (
            cos_dec * math.cos(math.radians(ra)),
            cos_dec * math.sin(math.radians(ra)),
            math.sin(math.radians(dec)),
        )
        key = f"bench.run-{i}"
        yield (
            key, policy, "", "", "", "", "[]", "{}", "", "2026-01-01 00:00:00", *vector, *vector, radius, radius,
            "event", 2, "bench", f"run-{i}", f"ivo://distiller.example/arc?{key}", "application/fits", 1000 + i % 5000,
            f"Source {source}", ra, dec, 2 * radius, f"Circle ICRS {ra} {dec} {radius}", 360.0, -1, -1, start,
            start + length / 86400, length, length, -1, 1.23984e-20, 4.13281e-17, 8.0, -1, "phot.count", "H.E.S.S.",
            "H.E.S.S.", "event-list", "blazar", "2026-01-01T00:00:00", "A collaboration", f"Run {i} on Source {source}",
            "ivo://distiller.example/arc", "public", "2020-01-01T00:00:00", "pos.eq", "deg", 72.0, "calibrated",
            "calibrated", "em.energy", "TeV", "calibrated", f"P-{source}", 1,
        )  # fmt: skip


if __name__ == "__main__":
    first = COLUMNS.index("dataproduct_type")
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS[first:])
    writer.writerows(row[first:] for row in make(int(sys.argv[1]), 1))
