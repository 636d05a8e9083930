"""Functions and operators."""

import numpy as np

from tests.adql.corpus.cases import FROM, Case, V, sizes

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
        f"SELECT TOP 1 ivo_hasword('-AGN, Blazar.', 'blazar agn'), ivo_hasword('blazars', 'blazar'), ivo_hasword('x', '. '), ivo_hasword(' ', 'x'), ivo_hasword('Ünd éA', 'éa'), ivo_hasword(NULL, 'x'), ivo_hasword('x', NULL) {FROM}",
        [(1, 0, 1, 0, 1, None, None)],
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
