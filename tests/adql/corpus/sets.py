"""Set operations, derived and common tables."""

from tests.adql.corpus.cases import Case, V

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
