"""Joins of every kind."""

from tests.adql.corpus.cases import FROM, Case, V, near_sources, sizes

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
        [(near_sources(0.5),)],
    ),
    (
        "SELECT COUNT(*) FROM cat.sources s JOIN ivoa.obscore o ON 1 = CONTAINS(POINT(s.ra, s.dec), CIRCLE(o.s_ra, o.s_dec, 0.5))",
        [(near_sources(0.5),)],
    ),
    (
        "SELECT COUNT(*) FROM cat.sources s, ivoa.obscore o WHERE 1 = CONTAINS(POINT(o.s_ra, o.s_dec), CIRCLE(s.ra, s.dec, 0.5))",
        [(near_sources(0.5),)],
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
