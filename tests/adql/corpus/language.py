"""The mandatory language."""

import numpy as np

from tests.adql.corpus.cases import FROM, Case, V, sizes

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
