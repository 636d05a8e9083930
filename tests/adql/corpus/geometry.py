"""Geometry: in agreement with astropy and numpy."""

from tests.adql import sky
from tests.adql.corpus.cases import FROM, Case

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
