"""The corpus: queries that must be answered, queries that are wrong, queries that mean harm.

A valid case is ``(query, expected)``: a number of rows, the rows, a set of values of the first column, or None where
the agreement of the two databases is the test.
"""

from typing import Any

import numpy as np

from tests.adql import sky
from tests.adql.world import VISIBLE, sources

V = VISIBLE
Case = tuple[str, Any]
FROM = "FROM ivoa.obscore"


def sizes(keep: Any) -> set[int]:
    return {row["size"] for row in V if keep(row)}


def _near_sources(radius: float) -> int:
    rows, stars = sky.placed(), sources()
    return sum(
        int((sky.separation([r["s_ra"] for r in rows], [r["s_dec"] for r in rows], s["ra"], s["dec"]) <= radius).sum())
        for s in stars
    )


LANGUAGE: list[Case] = [
    (f"SELECT * {FROM}", len(V)),
    (f"SELECT obs_id {FROM}", len(V)),
    ("select OBS_ID from IVOA.OBSCORE", len(V)),
    (f"SELECT ALL obs_id {FROM}", len(V)),
    (f'SELECT "size" {FROM}', {row["size"] for row in V}),
    ("SELECT obs_id FROM cta.vo_obscore", len(V)),
    ("SELECT obs_id FROM obscore", len(V)),
    ('SELECT "obs_id" FROM "ivoa"."obscore"', len(V)),
    (f"SELECT obs_id {FROM};", len(V)),
    (f"SELECT obs_id {FROM} -- a comment", len(V)),
    (f"SELECT obs_id -- a comment ' \" ;\n{FROM}\n", len(V)),
    (f'SELECT TOP 5 "size" {FROM} ORDER BY 1', [(s,) for s in sorted(r["size"] for r in V)[:5]]),
    (
        f'SELECT TOP 5 "size" {FROM} ORDER BY 1 DESC OFFSET 2',
        [(s,) for s in sorted((r["size"] for r in V), reverse=True)[2:7]],
    ),
    (f'SELECT "size" {FROM} ORDER BY "size" OFFSET 100000', 0),
    (f"SELECT TOP 0 * {FROM}", 0),
    (f'SELECT "size" {FROM} ORDER BY s_ra, "size"', None),
    (f'SELECT "size" {FROM} ORDER BY target_name DESC, "size" DESC', None),
    (f'SELECT "size", target_name {FROM} ORDER BY target_name, "size"', None),
    (
        f'SELECT TOP 3 "size" AS n {FROM} ORDER BY n DESC',
        [(s,) for s in sorted((r["size"] for r in V), reverse=True)[:3]],
    ),
    (f'SELECT TOP 3 "size" * 2 AS n {FROM} ORDER BY n', [(2 * s,) for s in sorted(r["size"] for r in V)[:3]]),
    (f"SELECT o.obs_id {FROM} AS o", len(V)),
    (f"SELECT o.* {FROM} o", len(V)),
    ("SELECT ivoa.obscore.obs_id, obscore.s_ra FROM ivoa.obscore", len(V)),
    (
        f"SELECT DISTINCT dataproduct_type {FROM} ORDER BY dataproduct_type DESC",
        [("spectrum",), ("image",), ("event",), (None,)],
    ),
    (f"SELECT DISTINCT calib_level {FROM}", {0, 1, 2, 3, 4}),
    (f"SELECT DISTINCT TOP 2 calib_level {FROM} ORDER BY 1 DESC", [(4,), (3,)]),
    (f"SELECT COUNT(*) {FROM}", [(len(V),)]),
    (f"SELECT COUNT(s_dec), COUNT(DISTINCT calib_level) {FROM}", [(sum(r["s_dec"] is not None for r in V), 5)]),
    (f"SELECT COUNT(ALL target_name) {FROM}", [(sum(r["target_name"] is not None for r in V),)]),
    (
        f"SELECT MIN(t_min), MAX(t_min), SUM(calib_level), AVG(t_min) {FROM}",
        [
            (
                min(r["t_min"] for r in V),
                max(r["t_min"] for r in V),
                sum(r["calib_level"] for r in V),
                float(np.mean([r["t_min"] for r in V])),
            )
        ],
    ),
    (f"SELECT SUM(access_estsize), AVG(calib_level) {FROM}", None),
    (f"SELECT MIN(target_name), MAX(target_name) {FROM}", [("100%_sure", "Ångström")]),
    (
        f"SELECT calib_level, COUNT(*) AS n {FROM} GROUP BY calib_level ORDER BY calib_level",
        [(k, sum(r["calib_level"] == k for r in V)) for k in range(5)],
    ),
    (f"SELECT calib_level AS c, COUNT(*) {FROM} GROUP BY c HAVING COUNT(*) > 45 ORDER BY COUNT(*) DESC, c", None),
    (f"SELECT FLOOR(t_min) AS night, COUNT(*) {FROM} GROUP BY FLOOR(t_min) ORDER BY night", None),
    (f"SELECT FLOOR(t_min) AS night, COUNT(*) {FROM} GROUP BY 1 ORDER BY 2 DESC, 1", None),
    (f"SELECT MAX(t_min) - MIN(t_min) AS span {FROM} HAVING COUNT(*) > 1", 1),
    (
        f'SELECT "size" {FROM} WHERE calib_level = 2 AND s_fov > 1',
        sizes(lambda r: r["calib_level"] == 2 and r["s_fov"] > 1),
    ),
    (
        f'SELECT "size" {FROM} WHERE calib_level <> 2 OR NOT s_fov > 1',
        sizes(lambda r: r["calib_level"] != 2 or not r["s_fov"] > 1),
    ),
    (f'SELECT "size" {FROM} WHERE calib_level != 2', sizes(lambda r: r["calib_level"] != 2)),
    (f'SELECT "size" {FROM} WHERE NOT (NOT (calib_level = 2))', sizes(lambda r: r["calib_level"] == 2)),
    (f'SELECT "size" {FROM} WHERE t_min BETWEEN 58010 AND 58020.5', sizes(lambda r: 58010 <= r["t_min"] <= 58020.5)),
    (
        f'SELECT "size" {FROM} WHERE t_min NOT BETWEEN 58010 AND 58020.5',
        sizes(lambda r: not 58010 <= r["t_min"] <= 58020.5),
    ),
    (f'SELECT "size" {FROM} WHERE calib_level IN (1, 3)', sizes(lambda r: r["calib_level"] in (1, 3))),
    (f'SELECT "size" {FROM} WHERE calib_level NOT IN (1, 2.0, 3)', sizes(lambda r: r["calib_level"] in (0, 4))),
    (
        f"SELECT \"size\" {FROM} WHERE target_name IN ('Crab Nebula', 'O''Brien''s star')",
        sizes(lambda r: r["target_name"] in ("Crab Nebula", "O'Brien's star")),
    ),
    (f'SELECT "size" {FROM} WHERE target_name = \'the "best"\'', sizes(lambda r: r["target_name"] == 'the "best"')),
    (f"SELECT \"size\" {FROM} WHERE target_name LIKE 'P%'", sizes(lambda r: (r["target_name"] or "").startswith("P"))),
    (f"SELECT \"size\" {FROM} WHERE target_name LIKE 'p%'", sizes(lambda r: (r["target_name"] or "").startswith("p"))),
    (f"SELECT \"size\" {FROM} WHERE target_name LIKE '___%!%_sure'", 0),
    (f"SELECT \"size\" {FROM} WHERE target_name LIKE '100__sure'", sizes(lambda r: r["target_name"] == "100%_sure")),
    (
        f"SELECT \"size\" {FROM} WHERE target_name NOT LIKE '%e%'",
        sizes(lambda r: r["target_name"] is not None and "e" not in r["target_name"]),
    ),
    (f"SELECT \"size\" {FROM} WHERE target_name LIKE '%[*?]%'", 0),
    (f"SELECT \"size\" {FROM} WHERE target_name LIKE '%\\%'", 0),
    (f"SELECT \"size\" {FROM} WHERE target_name LIKE '_ngstr_m'", sizes(lambda r: r["target_name"] == "Ångström")),
    (
        f"SELECT \"size\" {FROM} WHERE target_name ILIKE 'pks%'",
        sizes(lambda r: (r["target_name"] or "").lower().startswith("pks")),
    ),
    (
        f"SELECT \"size\" {FROM} WHERE target_name NOT ILIKE '%NEBULA'",
        sizes(lambda r: r["target_name"] is not None and not r["target_name"].lower().endswith("nebula")),
    ),
    (f'SELECT "size" {FROM} WHERE target_name LIKE target_name', sizes(lambda r: r["target_name"] is not None)),
    (
        f"SELECT \"size\" {FROM} WHERE LOWER(target_name) = 'crab nebula'",
        sizes(lambda r: r["target_name"] == "Crab Nebula"),
    ),
    (f"SELECT DISTINCT UPPER(target_name), LOWER(target_name) {FROM}", 8),
    (f'SELECT "size" {FROM} WHERE target_name IS NULL', sizes(lambda r: r["target_name"] is None)),
    (
        f'SELECT "size" {FROM} WHERE s_ra IS NOT NULL AND s_dec IS NULL',
        sizes(lambda r: r["s_ra"] is not None and r["s_dec"] is None),
    ),
    (f'SELECT "size" {FROM} WHERE s_region IS NULL', sizes(lambda r: r["s_region"] is None)),
    (f'SELECT "size" {FROM} WHERE target_name = NULL', 0),
    (
        f"SELECT \"size\" {FROM} WHERE target_name < 'a'",
        sizes(lambda r: r["target_name"] is not None and r["target_name"] < "a"),
    ),
    (
        f"SELECT \"size\" {FROM} WHERE target_name BETWEEN 'a' AND 'z'",
        sizes(lambda r: r["target_name"] is not None and "a" <= r["target_name"] <= "z"),
    ),
    (
        f"SELECT \"size\" {FROM} WHERE obs_release_date > '2024-06-01'",
        sizes(lambda r: r["obs_release_date"] > "2024-06-01"),
    ),
    (
        f"SELECT \"size\" {FROM} WHERE obs_release_date > CAST('2024-01-02 03:04:05' AS TIMESTAMP)",
        sizes(lambda r: r["obs_release_date"] > "2024-01-02T03:04:05"),
    ),
    (f"SELECT \"size\" {FROM} WHERE dataproduct_type = 'eventlist'", sizes(lambda r: r["dataproduct_type"] == "event")),
    (
        f"SELECT \"size\" {FROM} WHERE dataproduct_type IN ('EventList', 'image')",
        sizes(lambda r: r["dataproduct_type"] in ("event", "image")),
    ),
    (f'SELECT "size" {FROM} WHERE good = 1', sizes(lambda r: r["good"] is True)),
    (f"SELECT \"size\" {FROM} WHERE data_rights = 'public'", sizes(lambda r: r["obs_release_date"] <= "2026-03-01")),
    (
        f'SELECT TOP 1 access_url {FROM} ORDER BY "size"',
        [(f"https://archive.example/data/k{min(r['size'] for r in V)}",)],
    ),
    (f'SELECT "size" + 1, "size" - 1, "size" * 2, "size" / 2, -"size", +"size" {FROM}', None),
    (f'SELECT "size" {FROM} WHERE "size" + 2 * 3 = 16', sizes(lambda r: r["size"] == 10)),
    (f'SELECT "size" {FROM} WHERE ("size" + 2) * 3 = 36', sizes(lambda r: r["size"] == 10)),
    (f'SELECT "size" {FROM} WHERE 100 - 50 - 40 = "size"', sizes(lambda r: r["size"] == 10)),
    (f'SELECT s_ra / 0, "size" / 0, MOD("size", 0) {FROM}', len(V)),
    (
        f'SELECT 9007199254740993 AS big, 1e-12 AS small, .5 AS half, 12. AS twelve, 1.2E+3 {FROM} WHERE "size" = 0',
        [(9007199254740993, 1e-12, 0.5, 12.0, 1200.0)],
    ),
    (f"SELECT TOP 1 'it''s', '%', '\\', '?', ':x' {FROM}", [("it's", "%", "\\", "?", ":x")]),
    (
        f'SELECT "size" {FROM} WHERE target_name = \'Crab Nebula\' AND t_min * 1e300 * 1e300 > 0 AND 1 / "size" > 9',
        None,
    ),
    (f'SELECT access_estsize * 9000000000000 + 1, s_ra + "size", "size" - s_fov {FROM}', len(V)),
    (f"SELECT obs_id || ' of ' || target_name {FROM}", None),
    (f"SELECT TOP 1 NULL, COALESCE(NULL, 'x') {FROM}", [(None, "x")]),
    (f"SELECT COALESCE(target_name, 'none'), COALESCE(s_dec, 0) {FROM}", None),
]

FUNCTIONS: list[Case] = [
    (f"SELECT ABS(s_dec), CEILING(s_dec), FLOOR(s_dec), ROUND(s_dec), TRUNCATE(s_dec) {FROM}", None),
    (f"SELECT ROUND(s_dec, 2), TRUNCATE(s_dec, 1), ROUND(s_ra, -1), TRUNCATE(s_ra, -2) {FROM}", None),
    (
        f"SELECT TOP 1 ROUND(2.5), ROUND(-2.5), TRUNCATE(-2.7), ROUND(123.456, -1), CEILING(5) / 2 {FROM}",
        [(3.0, -3.0, -2.0, 120.0, 2.5)],
    ),
    (f"SELECT SIN(s_ra), COS(s_ra), TAN(s_dec), COT(s_fov), ATAN(s_ra), ATAN2(s_dec, s_ra) {FROM}", None),
    (f"SELECT DEGREES(s_ra), RADIANS(s_ra), PI(), SQRT(s_fov), POWER(s_fov, 2), EXP(-s_fov) {FROM}", None),
    (
        f"SELECT TOP 1 LOG(10), LOG10(100), EXP(1), POWER(2, 10), SQRT(2), PI() {FROM}",
        [(float(np.log(10)), 2.0, float(np.e), 1024.0, float(np.sqrt(2)), float(np.pi))],
    ),
    (f"SELECT TOP 1 LOG(0), LOG10(-1), SQRT(-1), ACOS(2), ASIN(-2), POWER(-8, 0.5) {FROM}", [(None,) * 6]),
    (
        f"SELECT TOP 1 ACOS(1), ASIN(1), MOD(7, 3), MOD(-7, 3), MOD(7.5, 2) {FROM}",
        [(0.0, float(np.pi / 2), 1, -1, 1.5)],
    ),
    (f"SELECT COUNT(*) {FROM} WHERE RAND() BETWEEN 0 AND 1 AND RAND(5) >= 0", [(len(V),)]),
    (
        f"SELECT TOP 1 CAST(12.9 AS INTEGER), CAST(-12.9 AS BIGINT), CAST('42' AS SMALLINT), CAST('1.5' AS DOUBLE PRECISION) {FROM}",
        [(12, -12, 42, 1.5)],
    ),
    (
        f'SELECT CAST(s_dec AS INTEGER), CAST(s_dec AS VARCHAR), CAST(s_dec AS REAL), CAST("size" AS CHAR(2)) {FROM}',
        None,
    ),
    (
        f"SELECT CAST(target_name AS INTEGER), CAST(obs_id AS DOUBLE PRECISION), CAST(access_estsize AS SMALLINT) {FROM}",
        len(V),
    ),
    (f"SELECT CAST(target_name AS VARCHAR(3)), CAST(\"size\" AS VARCHAR) || 'x' {FROM}", None),
    (
        f"SELECT TOP 1 CAST('2026-03-01' AS TIMESTAMP), CAST(CAST('2026-03-01T10:00:00.50Z' AS TIMESTAMP) AS VARCHAR) {FROM}",
        [("2026-03-01T00:00:00", "2026-03-01T10:00:00.5")],
    ),
    (f"SELECT CAST(target_name AS TIMESTAMP), CAST(obs_release_date AS TIMESTAMP) {FROM}", None),
    (
        f"SELECT TOP 1 CAST(1e15 AS VARCHAR), CAST(83.0 AS VARCHAR), CAST(0.00001 AS VARCHAR), CAST(1.5e300 AS VARCHAR) {FROM}",
        None,
    ),
    (
        f"SELECT TOP 1 IN_UNIT(s_ra, 'arcmin'), IN_UNIT(em_min, 'nm'), IN_UNIT(t_min, 's') {FROM} ORDER BY \"size\"",
        [(V[0]["s_ra"] * 60, V[0]["em_min"] * 1e9, V[0]["t_min"] * 86400)],
    ),
    (
        f"SELECT TOP 1 ivo_healpix_index(0, 1, 1), ivo_healpix_index(17, 1, 1), ivo_healpix_index(17, 359, -1) {FROM}",
        [(4, 81609757711, 73009064944)],
    ),
    (f"SELECT ivo_healpix_index(6, s_ra, s_dec), ivo_healpix_index(3, POINT(s_ra, s_dec)) {FROM}", None),
    (
        f"SELECT TOP 1 ivo_healpix_center(0, 6), ivo_healpix_center(17, ivo_healpix_index(17, 23.4, 56.7)) {FROM}",
        [((180.0, 0.0), (23.399843462947466, 56.70016214363192))],
    ),
    (
        f"SELECT TOP 1 ivo_interval_overlaps(-3,-2,2,3), ivo_interval_overlaps(-2,55.3,2,3), ivo_interval_overlaps(2,3,-2,55.3), ivo_interval_overlaps(-2,2,2,3), ivo_interval_overlaps(-2,55.3,3,2) {FROM}",
        [(0, 1, 1, 1, 0)],
    ),
    (
        f"SELECT TOP 1 ivo_hashlist_has('Red#green#blue', 'red'), ivo_hashlist_has('Red#green#blue', 're'), ivo_hashlist_has('Red#green#blue', 'red#green') {FROM}",
        [(1, 0, 0)],
    ),
    (f"SELECT TOP 1 ivo_nocasematch('ABcabc', 'ab__bc'), ivo_nocasematch('abcabc', 'abcab') {FROM}", [(1, 0)]),
    (
        f"SELECT TOP 1 ivo_hasword('shown that a primordial', 'shown soup'), ivo_hasword('shown that a primordial', 'A Shown') {FROM}",
        [(0, 1)],
    ),
    (
        f"SELECT \"size\" {FROM} WHERE 1 = ivo_hasword(target_name, 'nebula')",
        sizes(lambda r: r["target_name"] == "Crab Nebula"),
    ),
    (
        f"SELECT TOP 1 ivo_to_mjd(CAST('2000-01-02T12:00:00' AS TIMESTAMP)), ivo_to_mjd('1910-12-31T06:00:00'), ivo_to_mjd(NULL) {FROM}",
        [(51545.5, 19036.25, None)],
    ),
    (
        f"SELECT TOP 1 ivo_to_jd(CAST('2000-01-02T12:00:00' AS TIMESTAMP)), ivo_to_jd('1910-12-31T06:00:00') {FROM}",
        [(2451546.0, 2419036.75)],
    ),
    (f"SELECT ivo_to_mjd(obs_release_date) {FROM}", None),
    (
        f"SELECT TOP 1 ivo_hms_to_degrees('3:34:45.4'), ivo_hms_to_degrees('3h34m45.4s'), ivo_dms_to_degrees('42:9:6.768'), ivo_dms_to_degrees('-00:15:00'), ivo_dms_to_degrees('x') {FROM}",
        [(53.689166666666665, 53.689166666666665, 42.15188, -0.25, None)],
    ),
    (
        f"SELECT TOP 1 ivo_hms_to_degrees('033445.4'), ivo_dms_to_degrees('+420906.768') {FROM}",
        [(53.689166666666665, 42.15188)],
    ),
    (
        f"SELECT TOP 1 ivo_epoch_prop_pos(7.606083572, 11.79044105, 125, 300, -428.8, 52.51, 2016.0, 1992.25) {FROM}",
        [((7.604061404627978, 11.7932703828279),)],
    ),
    (
        f"SELECT calib_level, ivo_string_agg(target_name, ', ') {FROM} WHERE \"size\" < 60 GROUP BY calib_level ORDER BY 1",
        None,
    ),
    (f"SELECT TOP 1 COORD1(ivo_simbadpoint('Crab Nebula')) {FROM}", [(83.6333,)]),
]

GEOMETRY: list[Case] = [
    (
        f"SELECT \"size\" {FROM} WHERE 1 = CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', 83.6333, 22.0145, 2))",
        sky.in_cone(83.6333, 22.0145, 2),
    ),
    (
        f'SELECT "size" {FROM} WHERE CONTAINS(POINT(s_ra, s_dec), CIRCLE(POINT(83.6333, 22.0145), 2)) = 1',
        sky.in_cone(83.6333, 22.0145, 2),
    ),
    (
        f'SELECT "size" {FROM} WHERE 0 <> CONTAINS(POINT(s_ra, s_dec), CIRCLE(83.6333, 22.0145, 2))',
        sky.in_cone(83.6333, 22.0145, 2),
    ),
    (
        f'SELECT "size" {FROM} WHERE INTERSECTS(CIRCLE(83.6333, 22.0145, 2), POINT(s_ra, s_dec)) = 1',
        sky.in_cone(83.6333, 22.0145, 2),
    ),
    (f'SELECT "size" {FROM} WHERE DISTANCE(s_ra, s_dec, 83.6333, 22.0145) <= 2', sky.in_cone(83.6333, 22.0145, 2)),
    (
        f'SELECT "size" {FROM} WHERE DISTANCE(POINT(83.6333, 22.0145), POINT(s_ra, s_dec)) < 2',
        sky.in_cone(83.6333, 22.0145, 2),
    ),
    (f'SELECT "size" {FROM} WHERE 2 > DISTANCE(s_ra, s_dec, 83.6333, 22.0145)', sky.in_cone(83.6333, 22.0145, 2)),
    (
        f'SELECT "size" {FROM} WHERE DISTANCE(s_ra, s_dec, 83.6333, 22.0145) BETWEEN 0 AND 2',
        sky.in_cone(83.6333, 22.0145, 2),
    ),
    (f'SELECT "size" {FROM} WHERE DISTANCE(s_ra, s_dec, 0, 0) < 1', sky.in_cone(0, 0, 1)),
    (f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(360, 0, 1))', sky.in_cone(0, 0, 1)),
    (f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(17, 90, 0.5))', sky.in_cone(0, 90, 0.5)),
    (
        f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(250, -89.9, 0.5))',
        sky.in_cone(250, -89.9, 0.5),
    ),
    (f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(0, 0, 90))', sky.in_cone(0, 0, 90)),
    (f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(0, 0, 150))', sky.in_cone(0, 0, 150)),
    (f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(0, 0, 180))', sky.in_cone(0, 0, 180)),
    (f'SELECT "size" {FROM} WHERE DISTANCE(s_ra, s_dec, 263.6333, -22.0145) >= 179', sky.in_cone(83.6333, 22.0145, 1)),
    (f'SELECT "size" {FROM} WHERE DISTANCE(s_ra, s_dec, 83.6333, 22.0145) < 1e-9', sky.in_cone(83.6333, 22.0145, 0)),
    (
        f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(83.6333, 22.0145, 0))',
        sky.in_cone(83.6333, 22.0145, 0),
    ),
    (
        f'SELECT "size" {FROM} WHERE CONTAINS(POINT(s_ra, s_dec), CIRCLE(83.6333, 22.0145, 2)) = 0',
        {r["size"] for r in sky.placed()} - sky.in_cone(83.6333, 22.0145, 2),
    ),
    (
        f'SELECT "size" {FROM} WHERE NOT (1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(83.6333, 22.0145, 2)))',
        {r["size"] for r in sky.placed()} - sky.in_cone(83.6333, 22.0145, 2),
    ),
    (
        f'SELECT "size" {FROM} WHERE DISTANCE(s_ra, s_dec, 83.6333, 22.0145) > 2',
        {r["size"] for r in sky.placed()} - sky.in_cone(83.6333, 22.0145, 2),
    ),
    (
        f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(0, 0, 1)) OR DISTANCE(s_ra, s_dec, 83.6333, 22.0145) < 1',
        sky.in_cone(0, 0, 1) | sky.in_cone(83.6333, 22.0145, 1),
    ),
    (f'SELECT "size" {FROM} WHERE DISTANCE(s_ra, s_dec, 83.6333, 22.0145) < s_fov', None),
    (f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(83.6333, 22.0145), CIRCLE(s_ra, s_dec, s_fov / 2))', None),
    (
        f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(83.6333, 22.0145), CIRCLE(s_ra, s_dec, 2))',
        sky.in_cone(83.6333, 22.0145, 2),
    ),
    (
        f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), POLYGON(80, 20, 87, 20, 87, 25, 83, 22, 80, 25))',
        sky.positions_in_polygon([(80, 20), (87, 20), (87, 25), (83, 22), (80, 25)]),
    ),
    (
        f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), POLYGON(80, 25, 83, 22, 87, 25, 87, 20, 80, 20))',
        sky.positions_in_polygon([(80, 20), (87, 20), (87, 25), (83, 22), (80, 25)]),
    ),
    (
        f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), POLYGON(POINT(359, -1), POINT(1, -1), POINT(1, 1), POINT(359, 1)))',
        sky.positions_in_polygon([(359, -1), (1, -1), (1, 1), (359, 1)]),
    ),
    (
        f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), POLYGON(0, 88, 90, 88, 180, 88, 270, 88))',
        sky.positions_in_polygon([(0, 88), (90, 88), (180, 88), (270, 88)]),
    ),
    (
        f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), POLYGON(10, -89.8, 130, -89.8, 250, -89.8))',
        sky.positions_in_polygon([(10, -89.8), (130, -89.8), (250, -89.8)]),
    ),
    (
        f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), BOX(83.6, 22, 3, 2))',
        sky.positions_in_polygon(sky._corners("Box 83.6 22 3 2")),
    ),
    (
        f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), BOX(POINT(0, 0), 3, 2))',
        sky.positions_in_polygon(sky._corners("Box 0 0 3 2")),
    ),
    (
        f"SELECT \"size\" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), REGION('Circle ICRS 83.6333 22.0145 2'))",
        sky.in_cone(83.6333, 22.0145, 2),
    ),
    (
        f"SELECT \"size\" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), REGION('Union ICRS (Circle 0 0 1 Circle 83.6333 22.0145 1)'))",
        sky.in_cone(0, 0, 1) | sky.in_cone(83.6333, 22.0145, 1),
    ),
    (f'SELECT "size" {FROM} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), s_region)', None),
    (f'SELECT "size" {FROM} WHERE 1 = CONTAINS(CIRCLE(s_ra, s_dec, 0.01), s_region)', None),
    (f'SELECT "size" {FROM} WHERE 1 = CONTAINS(s_region, CIRCLE(83.6333, 22.0145, 4))', None),
    (f'SELECT "size" {FROM} WHERE 1 = CONTAINS(s_region, POLYGON(75, 15, 92, 15, 92, 30, 75, 30))', None),
    (f'SELECT "size" {FROM} WHERE 1 = INTERSECTS(s_region, POLYGON(80, 20, 87, 20, 87, 25, 83, 22, 80, 25))', None),
    (f'SELECT "size" {FROM} WHERE 0 = INTERSECTS(s_region, POLYGON(80, 20, 87, 20, 87, 25, 83, 22, 80, 25))', None),
    (f'SELECT "size" {FROM} WHERE 1 = INTERSECTS(POLYGON(0, 88, 90, 88, 180, 88, 270, 88), s_region)', None),
    (f'SELECT "size" {FROM} WHERE 1 = CONTAINS(CIRCLE(83.6333, 22.0145, 0.1), s_region)', None),
    (f'SELECT "size", AREA(s_region), CENTROID(s_region) {FROM}', None),
    (f'SELECT "size", POINT(s_ra, s_dec), CIRCLE(s_ra, s_dec, s_fov), s_region {FROM}', None),
    (
        f'SELECT "size", POLYGON(s_ra, s_dec, s_ra + 1, s_dec, s_ra, s_dec / 2), BOX(s_ra, s_dec, 1, 2) {FROM} WHERE s_dec BETWEEN -80 AND 80',
        None,
    ),
    (
        f"SELECT COORD1(POINT(s_ra, s_dec)), COORD2(CENTROID(CIRCLE(s_ra, s_dec, 1))), COORDSYS(POINT(1, 2)), AREA(CIRCLE(s_ra, s_dec, 1)) {FROM}",
        None,
    ),
    (
        f"SELECT CONTAINS(POINT(s_ra, s_dec), CIRCLE(83.6333, 22.0145, 2)) AS held, COUNT(*) {FROM} GROUP BY CONTAINS(POINT(s_ra, s_dec), CIRCLE(83.6333, 22.0145, 2)) ORDER BY held",
        None,
    ),
    (f"SELECT DISTANCE(s_ra, s_dec, 83.6333, 22.0145) AS d {FROM} ORDER BY d", None),
    (
        f"SELECT TOP 1 AREA(CIRCLE(0, 0, 180)), AREA(POLYGON(0, 0, 90, 0, 0, 90)), AREA(POINT(1, 1)), DISTANCE(0, 0, 180, 0), DISTANCE(POINT(0, 89), POINT(180, 89)) {FROM}",
        [(41252.96124941927, 5156.620156177409, 0.0, 180.0, 2.0)],
    ),
    (f"SELECT TOP 1 CENTROID(POLYGON(10, 10, 20, 10, 20, 20, 10, 20)), CENTROID(BOX(0, 0, 2, 2)) {FROM}", None),
    (
        f"SELECT TOP 1 CONTAINS(POINT(0, 1), CIRCLE(0, 0, 1)), CONTAINS(POINT(195, -15), POLYGON(10, 10, 20, 10, 20, 20, 10, 20)), INTERSECTS(POLYGON(0, 0, 2, 0, 2, 2, 0, 2), POLYGON(-1, 0.9, 3, 0.9, 3, 1.1, -1, 1.1)) {FROM}",
        [(1, 0, 1)],
    ),
    (
        f"SELECT TOP 1 CONTAINS(CAST('83.6 22' AS POINT), CAST('83.6 22 1' AS CIRCLE)), AREA(CAST('0 0 90 0 0 90' AS POLYGON)) {FROM}",
        [(1, 5156.620156177409)],
    ),
    (
        f"SELECT TOP 1 INTERSECTS(CIRCLE(0, 0, 10), CIRCLE(20, 0, 10)), CONTAINS(CIRCLE(0, 0, 1), CIRCLE(0, 0, 1)), CONTAINS(POLYGON(0, 0, 1, 0, 1, 1), POLYGON(0, 0, 1, 0, 1, 1)) {FROM}",
        [(1, 1, 1)],
    ),
    (f"SELECT TOP 1 COUNT(*) {FROM} WHERE DISTANCE(s_ra, s_dec, 0, 0) < -1", [(0,)]),
]

JOINS: list[Case] = [
    ("SELECT a.obs_id, b.zenith FROM ivoa.obscore AS a JOIN arc.obsconfig AS b ON a.obs_id = b.obs_id", None),
    ("SELECT * FROM ivoa.obscore NATURAL JOIN arc.obsconfig", None),
    ("SELECT obs_id, zenith FROM ivoa.obscore JOIN arc.obsconfig USING (obs_id) WHERE zenith < 20", None),
    ("SELECT obs_id, o.obs_id, c.obs_id FROM ivoa.obscore o LEFT OUTER JOIN arc.obsconfig c USING (obs_id)", None),
    (
        'SELECT o."size", s.name FROM ivoa.obscore o LEFT JOIN cat.sources s ON o."size" = s.id ORDER BY o."size"',
        len(V),
    ),
    ('SELECT o."size", s.name FROM ivoa.obscore o RIGHT JOIN cat.sources s ON o."size" = s.id', 40),
    ('SELECT o."size", s.name FROM ivoa.obscore o FULL OUTER JOIN cat.sources s ON o."size" = s.id', None),
    # A full join by anything but equality, of plain tables, of constants, and of joins.
    ("SELECT a.id, b.id FROM cat.sources a FULL JOIN cat.sources b ON a.id < b.id - 30", None),
    ("SELECT a.id, b.one FROM cat.sources a FULL JOIN (SELECT 1 AS one FROM cat.sources) b ON b.one <= b.one", 1600),
    ('SELECT a.id, o."size" FROM cat.sources a FULL JOIN ivoa.obscore o ON 1 = 0', 40 + len(V)),
    (
        "SELECT a.id, b.id, c.id FROM cat.sources a FULL JOIN cat.sources b ON a.id = b.id AND a.flux > 2"
        " FULL JOIN cat.sources c ON b.id > c.id + 35 WHERE c.id > 3 OR c.id IS NULL",
        None,
    ),
    ('SELECT o.obs_id, s.name FROM ivoa.obscore o, cat.sources s WHERE o."size" = s.id', None),
    ("SELECT COUNT(*) FROM cat.sources a, cat.sources b", [(1600,)]),
    (
        "SELECT COUNT(*) FROM cat.sources a JOIN cat.sources b ON DISTANCE(a.ra, a.dec, b.ra, b.dec) < 1 AND a.id < b.id",
        None,
    ),
    (
        "SELECT COUNT(*) FROM ivoa.obscore o JOIN cat.sources s ON DISTANCE(o.s_ra, o.s_dec, s.ra, s.dec) <= 0.5",
        [(_near_sources(0.5),)],
    ),
    (
        "SELECT COUNT(*) FROM cat.sources s JOIN ivoa.obscore o ON 1 = CONTAINS(POINT(s.ra, s.dec), CIRCLE(o.s_ra, o.s_dec, 0.5))",
        [(_near_sources(0.5),)],
    ),
    (
        "SELECT COUNT(*) FROM cat.sources s, ivoa.obscore o WHERE 1 = CONTAINS(POINT(o.s_ra, o.s_dec), CIRCLE(s.ra, s.dec, 0.5))",
        [(_near_sources(0.5),)],
    ),
    (
        'SELECT s.id, o."size" FROM cat.sources s JOIN ivoa.obscore o ON 1 = CONTAINS(POINT(s.ra, s.dec), o.s_region)',
        None,
    ),
    (
        'SELECT s.id, o."size" FROM cat.sources s JOIN ivoa.obscore o ON 1 = INTERSECTS(o.s_region, CIRCLE(s.ra, s.dec, 0.2))',
        None,
    ),
    (
        'SELECT m.id, o."size" FROM tap_upload.mine AS m JOIN ivoa.obscore AS o ON DISTANCE(m."Ra J2000", m."Dec J2000", o.s_ra, o.s_dec) < 0.5',
        None,
    ),
    (
        'SELECT m.id, o."size" FROM tap_upload.mine AS m JOIN ivoa.obscore AS o ON 1 = CONTAINS(m.place, CIRCLE(o.s_ra, o.s_dec, o.s_fov))',
        None,
    ),
    (
        'SELECT m.id, m.place, COORD1(m.place), o."size" FROM tap_upload.mine m LEFT JOIN ivoa.obscore o ON DISTANCE(m.place, POINT(o.s_ra, o.s_dec)) < 0.3',
        None,
    ),
    ("SELECT * FROM tap_upload.mine", 6),
    (
        'SELECT a."size", b."size" FROM ivoa.obscore a JOIN ivoa.obscore b ON 1 = INTERSECTS(a.s_region, b.s_region) WHERE a."size" < b."size" AND a.calib_level = 1 AND b.calib_level = 2',
        None,
    ),
    (
        'SELECT x.obs_id FROM (ivoa.obscore AS x JOIN arc.obsconfig AS y ON x.obs_id = y.obs_id), cat.sources AS z WHERE z.id = x."size"',
        None,
    ),
    (
        "SELECT q.n FROM (SELECT calib_level, COUNT(*) AS n FROM ivoa.obscore GROUP BY calib_level) AS q WHERE q.n > 40 ORDER BY n",
        None,
    ),
    (
        'SELECT q.s_ra FROM (SELECT TOP 10 s_ra, s_dec, "size" FROM ivoa.obscore ORDER BY "size" DESC) q WHERE 1 = CONTAINS(POINT(q.s_ra, q.s_dec), CIRCLE(0, 0, 180)) ORDER BY 1',
        None,
    ),
    (f'SELECT "size" {FROM} WHERE "size" IN (SELECT id FROM cat.sources WHERE flux > 2)', None),
    (f'SELECT "size" {FROM} WHERE "size" NOT IN (SELECT id FROM cat.sources)', sizes(lambda r: r["size"] >= 40)),
    (
        f'SELECT o."size" {FROM} o WHERE EXISTS (SELECT s.id FROM cat.sources s WHERE s.id = o."size")',
        sizes(lambda r: r["size"] < 40),
    ),
    (
        f'SELECT o."size" {FROM} o WHERE NOT EXISTS (SELECT * FROM cat.sources s WHERE s.id = o."size")',
        sizes(lambda r: r["size"] >= 40),
    ),
    (
        f'SELECT o."size" {FROM} o WHERE EXISTS (SELECT * FROM cat.sources s WHERE DISTANCE(s.ra, s.dec, o.s_ra, o.s_dec) < 0.2)',
        None,
    ),
]

SETS: list[Case] = [
    ('SELECT id FROM cat.sources UNION SELECT "size" FROM ivoa.obscore WHERE "size" < 50 ORDER BY 1', None),
    ("SELECT id FROM cat.sources UNION ALL SELECT id FROM cat.sources", 80),
    ('SELECT id FROM cat.sources INTERSECT SELECT "size" FROM ivoa.obscore', None),
    ('SELECT id FROM cat.sources EXCEPT SELECT "size" FROM ivoa.obscore ORDER BY id DESC', None),
    (
        "SELECT calib_level FROM ivoa.obscore EXCEPT ALL SELECT TOP 10 calib_level FROM ivoa.obscore WHERE calib_level = 1",
        len(V) - 10,
    ),
    ("SELECT calib_level FROM ivoa.obscore INTERSECT ALL SELECT id FROM cat.sources", 5),
    (
        "SELECT id FROM cat.sources WHERE id < 3 UNION SELECT id FROM cat.sources WHERE id < 10 INTERSECT SELECT id FROM cat.sources WHERE id > 7 ORDER BY 1",
        [(0,), (1,), (2,), (8,), (9,)],
    ),
    (
        "(SELECT id FROM cat.sources WHERE id < 3 UNION SELECT id FROM cat.sources WHERE id < 10) INTERSECT SELECT id FROM cat.sources WHERE id > 7 ORDER BY 1",
        [(8,), (9,)],
    ),
    (
        "SELECT id FROM cat.sources WHERE id < 5 EXCEPT SELECT id FROM cat.sources WHERE id < 3 UNION SELECT id FROM cat.sources WHERE id = 1 ORDER BY 1 DESC",
        [(4,), (3,), (1,)],
    ),
    (
        "(SELECT TOP 2 id FROM cat.sources ORDER BY id DESC) UNION (SELECT TOP 1 id FROM cat.sources ORDER BY id) ORDER BY id OFFSET 1",
        [(38,), (39,)],
    ),
    (
        "SELECT target_name FROM ivoa.obscore UNION SELECT MAX(name) FROM cat.sources UNION SELECT LOWER(name) FROM cat.sources ORDER BY 1",
        None,
    ),
    ("SELECT target_name AS n FROM ivoa.obscore INTERSECT SELECT 'Crab Nebula' FROM cat.sources", [("Crab Nebula",)]),
    ('SELECT id, NULL AS note FROM cat.sources UNION SELECT "size", target_name FROM ivoa.obscore', None),
    ("SELECT id FROM cat.sources UNION SELECT flux FROM cat.sources", None),
    ("WITH bright AS (SELECT * FROM cat.sources WHERE flux > 3) SELECT COUNT(*) FROM bright", [(15,)]),
    (
        "WITH a AS (SELECT id FROM cat.sources), b (n) AS (SELECT id FROM a WHERE id < 5) SELECT b.n FROM a JOIN b ON a.id = b.n ORDER BY n",
        [(0,), (1,), (2,), (3,), (4,)],
    ),
    (
        "WITH crab AS (SELECT * FROM ivoa.obscore WHERE target_name = 'Crab Nebula') SELECT c.obs_id, d.zenith FROM crab c JOIN arc.obsconfig d ON c.obs_id = d.obs_id",
        None,
    ),
    (
        "WITH a AS (SELECT id, name FROM cat.sources) SELECT a.name FROM a WHERE a.id IN (SELECT id FROM a WHERE id < 2) ORDER BY 1",
        [("src 0",), ("src 1",)],
    ),
]

VALID: list[Case] = LANGUAGE + FUNCTIONS + GEOMETRY + JOINS + SETS

# (query, words of the message, line, column); 0 where the place does not matter
WRONG: list[tuple[str, str, int, int]] = [
    ("", "ends too early", 1, 1),
    ("SELECT", "ends too early", 1, 7),
    ("SELECT FROM ivoa.obscore", "FROM is a reserved word", 1, 8),
    ("SELECT size FROM ivoa.obscore", 'SIZE is a reserved word: write "size"', 1, 8),
    ("SELECT obs_id,\n  level\nFROM ivoa.obscore", 'LEVEL is a reserved word: write "level"', 2, 3),
    ("SELECT obs_id, FROM ivoa.obscore", "reserved word", 1, 16),
    ("SELECT obs_id ivoa.obscore", "", 1, 0),
    ("SELECT obs_id FROM", "ends too early", 1, 19),
    ("SELECT obs_id FROM ivoa.obscore WHERE", "ends too early", 1, 38),
    ("SELECT obs_id FROM ivoa.obscore WHERE obs_id", "condition", 1, 39),
    (
        "SELECT obs_id FROM ivoa.obscore WHERE CONTAINS(POINT(s_ra, s_dec), CIRCLE(1, 1, 1))",
        "compare it with 1 or 0",
        1,
        39,
    ),
    ("SELECT obs_id FROM ivoa.obscore WHERE calib_level = 'high'", "different kinds", 1, 51),
    ("SELECT obs_id FROM ivoa.obscore WHERE target_name = 5", "different kinds", 1, 0),
    ("SELECT obs_id FROM ivoa.obscore LIMIT 5", "TOP", 1, 0),
    ("SELECT obs_id FROM ivoa.obscore CROSS JOIN cat.sources", "CROSS JOIN", 1, 33),
    ("SELECT CASE WHEN 1=1 THEN 1 END FROM ivoa.obscore", "no CASE", 1, 8),
    ("SELECT obsid FROM ivoa.obscore", "Did you mean obs_id", 1, 8),
    ("SELECT o.obs_id FROM ivoa.obscore", "No table o", 1, 8),
    ("SELECT o.nothing FROM ivoa.obscore o", "no column o.nothing", 1, 8),
    ("SELECT obs_id FROM ivoa.obscor", "no table ivoa.obscor", 1, 20),
    ("SELECT obs_id FROM tap.obscore", "Did you mean ivoa.obscore", 1, 20),
    ("SELECT obs_id FROM ivoa.obscore, arc.obsconfig", "more than one table", 1, 8),
    ('SELECT "OBS_ID" FROM ivoa.obscore', "no column OBS_ID", 1, 8),
    ("SELECT obs_id, COUNT(*) FROM ivoa.obscore", "must stand in GROUP BY", 1, 8),
    ("SELECT *, COUNT(*) FROM ivoa.obscore", "must stand in GROUP BY", 0, 0),
    ("SELECT obs_id FROM ivoa.obscore GROUP BY calib_level", "must stand in GROUP BY", 1, 8),
    ("SELECT calib_level FROM ivoa.obscore GROUP BY calib_level ORDER BY t_min", "must stand in GROUP BY", 1, 68),
    ("SELECT obs_id FROM ivoa.obscore WHERE COUNT(*) > 1", "SELECT list", 1, 39),
    ("SELECT MAX(MIN(t_min)) FROM ivoa.obscore", "SELECT list", 1, 12),
    ("SELECT SUM(target_name) FROM ivoa.obscore", "needs numbers", 1, 12),
    ("SELECT target_name + 1 FROM ivoa.obscore", "needs numbers", 1, 8),
    ("SELECT s_ra || 'x' FROM ivoa.obscore", "joins texts", 1, 8),
    ("SELECT SQRT(target_name) FROM ivoa.obscore", "wants a number", 1, 13),
    ("SELECT SQRT(1, 2) FROM ivoa.obscore", "takes 1 arguments", 1, 8),
    ("SELECT nosuch(1) FROM ivoa.obscore", "no function nosuch", 1, 8),
    ("SELECT ivo_histogram(s_ra, 0, 1, 9) FROM ivoa.obscore", "Count by bin instead", 1, 8),
    ("SELECT ivo_geom_transform('ICRS', 'FK5', POINT(1, 2)) AS p FROM ivoa.obscore", "positions here are ICRS", 1, 8),
    ("SELECT ivo_normal_random(0, 1) FROM ivoa.obscore", "uniform random", 1, 8),
    ("SELECT ~calib_level FROM ivoa.obscore", "Bitwise operators", 1, 8),
    ("SELECT CIRCLE(1, 2) FROM ivoa.obscore", "takes 3 arguments", 1, 8),
    ("SELECT CIRCLE(1, 91, 2) FROM ivoa.obscore", "no position", 1, 8),
    ("SELECT CIRCLE(1, 2, -3) FROM ivoa.obscore", "no radius", 1, 8),
    ("SELECT POLYGON(1, 2, 3, 4) FROM ivoa.obscore", "three or more", 1, 8),
    ("SELECT POLYGON(1, 1, 1, 1, 1, 1) FROM ivoa.obscore", "three different vertices", 1, 8),
    ("SELECT POLYGON(0, 0, 180, 0, 90, 0) FROM ivoa.obscore", "opposite points", 1, 8),
    ("SELECT POINT('GALACTIC', 1, 2) FROM ivoa.obscore", "ICRS", 1, 14),
    ("SELECT REGION('Blob 1 2') FROM ivoa.obscore", "not known", 1, 8),
    ("SELECT REGION(target_name) FROM ivoa.obscore", "takes one text", 1, 8),
    ("SELECT COORD1(s_region) FROM ivoa.obscore", "takes a point", 1, 8),
    ("SELECT obs_id FROM ivoa.obscore WHERE s_region = 'x'", "different kinds", 0, 0),
    ("SELECT CAST('x' AS INTEGER) FROM ivoa.obscore", "no INTEGER", 1, 8),
    ("SELECT CAST(1e10 AS INTEGER) FROM ivoa.obscore", "no INTEGER", 1, 8),
    ("SELECT CAST('2026-02-30' AS TIMESTAMP) FROM ivoa.obscore", "no TIMESTAMP", 1, 8),
    ("SELECT CAST(1 AS BLOB) FROM ivoa.obscore", "", 1, 0),
    ("SELECT IN_UNIT(s_ra, 'parsec') FROM ivoa.obscore", "IN_UNIT cannot", 1, 22),
    ("SELECT IN_UNIT(calib_level, 'deg') FROM ivoa.obscore", "needs a column with a unit", 1, 16),
    ("SELECT IN_UNIT(s_ra, target_name) FROM ivoa.obscore", "must be a text", 1, 22),
    ("SELECT ivo_simbadpoint('Nowhere 1') FROM ivoa.obscore", "could not be resolved", 1, 24),
    ("SELECT obs_id FROM ivoa.obscore ORDER BY 2", "no column 2", 1, 42),
    ("SELECT DISTINCT obs_id FROM ivoa.obscore ORDER BY t_min", "columns of the result", 1, 51),
    ("SELECT obs_id FROM ivoa.obscore UNION SELECT obs_id, s_ra FROM ivoa.obscore", "joins 1 columns with 2", 1, 33),
    ("SELECT obs_id FROM ivoa.obscore UNION SELECT s_ra FROM ivoa.obscore", "different kinds", 1, 33),
    ("SELECT o.obs_id FROM ivoa.obscore o, arc.obsconfig o", "Two tables are called o", 1, 0),
    ("SELECT obs_id FROM ivoa.obscore NATURAL JOIN arc.obsconfig USING (obs_id)", "NATURAL", 1, 33),
    ("SELECT obs_id FROM ivoa.obscore JOIN cat.sources USING (obs_id)", "no column obs_id", 1, 57),
    (
        "SELECT obs_id FROM ivoa.obscore WHERE obs_id IN (SELECT obs_id, s_ra FROM ivoa.obscore)",
        "must have 1 column",
        1,
        50,
    ),
    ("SELECT obs_id FROM ivoa.obscore WHERE s_ra = (SELECT MAX(s_ra) FROM ivoa.obscore)", "", 1, 0),
    ("SELECT 'abc FROM ivoa.obscore", "never closed", 1, 8),
    ('SELECT "abc FROM ivoa.obscore', "never closed", 1, 8),
    ("SELECT 0x1F FROM ivoa.obscore", "hexadecimal", 1, 8),
    ("SELECT 1e999 FROM ivoa.obscore", "too large", 1, 8),
    ("SELECT TOP -1 * FROM ivoa.obscore", "", 1, 12),
    ("SELECT TOP 99999999999999999999 * FROM ivoa.obscore", "too large", 1, 12),
    ("SELECT ((obs_id) FROM ivoa.obscore", "", 1, 18),
    ("SELECT obs_id FROM ivoa.obscore WHERE s_ra % 2 = 0", "MOD", 1, 44),
    ("SELECT obs_id FROM ivoa.obscore WHERE calib_level & 1 = 1", "Bitwise", 1, 51),
    ("SELECT obs_id FROM ivoa.obscore WHERE obs_id = ’x’", "straight quote", 1, 48),
    ("SELECT obs_id FROM (SELECT obs_id FROM ivoa.obscore)", "ends too early", 1, 53),
    ("WITH a AS (SELECT id FROM a) SELECT id FROM a", "no table a", 1, 27),
    (
        "WITH a AS (SELECT id FROM cat.sources), a AS (SELECT id FROM cat.sources) SELECT id FROM a",
        "defined twice",
        1,
        41,
    ),
    ("WITH a (x, y) AS (SELECT id FROM cat.sources) SELECT x FROM a", "2 names for 1", 1, 9),
    ("SELECT obs_id AS date FROM ivoa.obscore", 'write "date"', 1, 18),
    ("SELECT 1", "ends too early", 1, 9),
    ("SELECT LOWER(DISTINCT target_name) FROM ivoa.obscore", "DISTINCT", 1, 8),
]

DEEP = 5_000
HOSTILE: list[str] = [
    "SELECT obs_id FROM ivoa.obscore; DROP TABLE product",
    "SELECT obs_id FROM ivoa.obscore; SELECT 1",
    "DROP TABLE product",
    "INSERT INTO product VALUES (1)",
    "UPDATE product SET policy_id = 1",
    "DELETE FROM product",
    "CREATE TABLE x (y INTEGER)",
    "PRAGMA table_info(product)",
    "ATTACH DATABASE '/tmp/x' AS x",
    "EXPLAIN SELECT obs_id FROM ivoa.obscore",
    "SELECT * FROM auth_user",
    'SELECT * FROM "auth_user"',
    "SELECT * FROM main.auth_user",
    "SELECT * FROM product",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM main.sqlite_master",
    "SELECT * FROM pg_catalog.pg_user",
    "SELECT * FROM pg_shadow",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM product_position",
    "SELECT policy_id FROM ivoa.obscore",
    'SELECT "policy_id" FROM ivoa.obscore',
    "SELECT key FROM ivoa.obscore",
    'SELECT "key" FROM ivoa.obscore',
    'SELECT "#x" FROM ivoa.obscore WHERE DISTANCE(s_ra, s_dec, 1, 1) < 1',
    "SELECT x FROM ivoa.obscore",
    "SELECT rowid FROM ivoa.obscore",
    "SELECT t1.obs_id FROM ivoa.obscore",
    "SELECT c1 FROM (SELECT obs_id FROM ivoa.obscore) AS q",
    "SELECT load_extension('x') FROM ivoa.obscore",
    "SELECT readfile('/etc/passwd') FROM ivoa.obscore",
    "SELECT pg_sleep(10) FROM ivoa.obscore",
    "SELECT pg_read_file('/etc/passwd') FROM ivoa.obscore",
    "SELECT current_setting('x') FROM ivoa.obscore",
    "SELECT set_config('role', 'postgres', false) FROM ivoa.obscore",
    "SELECT randomblob(1000000000) FROM ivoa.obscore",
    "SELECT adql_contains('x', 'y') FROM ivoa.obscore",
    "SELECT adql.contains('x', 'y') FROM ivoa.obscore",
    "SELECT obs_id FROM ivoa.obscore /* comment */",
    "SELECT obs_id FROM ivoa.obscore # comment",
    "SELECT obs_id FROM ivoa.obscore WHERE 1",
    "SELECT obs_id FROM ivoa.obscore WHERE TRUE",
    "SELECT obs_id FROM ivoa.obscore WHERE obs_id = $$x$$",
    "SELECT obs_id FROM ivoa.obscore WHERE obs_id = ?",
    "SELECT obs_id FROM ivoa.obscore WHERE obs_id = %s",
    "SELECT obs_id FROM ivoa.obscore WHERE obs_id = :name",
    "SELECT obs_id::text FROM ivoa.obscore",
    "SELECT obs_id INTO OUTFILE '/tmp/x' FROM ivoa.obscore",
    "SELECT CURRENT_USER FROM ivoa.obscore",
    "SELECT (SELECT password FROM auth_user) FROM ivoa.obscore",
    "SELECT obs_id FROM ivoa.obscore UNION SELECT password FROM auth_user",
    "SELECT obs_id FROM ivoa.obscore WHERE EXISTS (SELECT * FROM auth_user)",
    "WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r",
    "WITH r AS (SELECT id FROM cat.sources UNION ALL SELECT id + 1 FROM r) SELECT * FROM r",
    "WITH "
    + ", ".join(
        f"w{i} AS (SELECT a.id FROM {'cat.sources' if i == 0 else f'w{i - 1}'} a, {'cat.sources' if i == 0 else f'w{i - 1}'} b)"
        for i in range(20)
    )
    + " SELECT COUNT(*) FROM w19",
    "SELECT COUNT(*) FROM " + ", ".join(f"cat.sources a{i}" for i in range(70)),
    "SELECT obs_id FROM ivoa.obscore WHERE " + "NOT " * DEEP + "1 = 1",
    "SELECT " + "- " * DEEP + "1 FROM ivoa.obscore",
    "SELECT " + "ABS(" * DEEP + "1" + ")" * DEEP + " FROM ivoa.obscore",
    "SELECT " + "+".join(["1"] * 20_000) + " FROM ivoa.obscore",
    "SELECT * FROM " + "(SELECT * FROM " * 500 + "cat.sources" + ") AS q" * 500,
    " UNION ".join(["SELECT id FROM cat.sources"] * 2_000),
    "(" * DEEP + "SELECT id FROM cat.sources" + ")" * DEEP + " UNION",
    "SELECT " + ", ".join(["*"] * 500) + " FROM ivoa.obscore",
    "SELECT DISTANCE(" + "POINT(DISTANCE(" * 40 + "1",
    "SELECT obs_id FROM ivoa.obscore WHERE obs_id = '" + "x" * 5_000_000 + "'",
    "(" * 100_000,
    "SELECT id FROM cat.sources WHERE id IN (" + "1," * 90_000 + "1)",
    "SELECT obs_id FROM ivoa.obscore WHERE obs_id = 'a\0b'",
]
