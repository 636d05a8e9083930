"""Queries of every shape, made at random from a grammar of what strangers may ask: Hypothesis shrinks what fails."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gateway.vo.tables import PublishedTable, published
from search.tap import tap_schema

NUMBERS, TEXTS = "number", "text"
UPLOAD = "TAP_UPLOAD.mine"
SKY = "ivoa.obscore"
OBSCORE = {
    NUMBERS: ["calib_level", "s_ra", "s_dec", "t_min", "em_min", "em_max", "access_estsize", "t_xel"],
    TEXTS: ["obs_id", "target_name", "obs_publisher_did", "proposal_id", "data_rights", "obs_title",
            "obs_collection", "access_url"],
}  # fmt: skip


def columns_by_kind(table: PublishedTable) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {NUMBERS: [], TEXTS: []}
    for column in table.columns:
        if column.name in RESERVED_NAMES or (column.arraysize and column.datatype != "char"):
            continue
        found[TEXTS if column.datatype == "char" else NUMBERS].append(column.name)
    return found


RESERVED_NAMES = {"value", "time", "size", "min", "max", "level"}
TABLES: dict[str, dict[str, list[str]]] = {
    **{table.name: columns_by_kind(table) for _, table in published.items()},
    **{table.name: columns_by_kind(table) for table in tap_schema.OWN_TABLES},
    SKY: OBSCORE,
    "cta.vo_obscore": {NUMBERS: ["s_ra", "t_min"], TEXTS: ["obs_publisher_did", "target_name"]},
    UPLOAD: {NUMBERS: ["n", "ra"], TEXTS: ["word"]},
}
FAVOURITES = [SKY] * 12 + ["provenance.parameter", UPLOAD, "arc.proposal"] * 2 + list(TABLES)
WORDS = ["Crab Nebula", "nightshade", "%night%", "%", "", "1e999", "proprietary", "P-1", "9", "not a date", "_", "é'é"]
LITERALS = ["0", "1", "-1", "2", "7", "0.5", "83.6", "22.0", "1e308", "1e-308", "9223372036854775807", "359.9"]
ONE = [
    "ABS",
    "CEILING",
    "FLOOR",
    "SQRT",
    "EXP",
    "LOG",
    "LOG10",
    "SIN",
    "COS",
    "TAN",
    "COT",
    "ASIN",
    "ACOS",
    "ATAN",
    "RADIANS",
    "DEGREES",
    "ROUND",
    "TRUNCATE",
]
TWO = ["POWER", "MOD", "ATAN2"]
SHAPES = ("CIRCLE(83.6, 22.0, 3)", "CIRCLE(0, 0, 180)", "CIRCLE(0, 90, 0.5)", "BOX(0, 0, 2, 2)",
          "POLYGON(80, 20, 90, 20, 85, 25)", "s_region")  # fmt: skip


@dataclass
class Named:
    """A relation in scope: its name and its columns by kind."""

    name: str
    columns: dict[str, list[str]]
    sky: bool = False


@dataclass
class Query:
    """Text, and the kinds of its columns."""

    text: str
    kinds: list[str]
    common: list[str] = field(default_factory=list)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Maker:
    """Draws one query."""

    def __init__(self, draw: DrawFn) -> None:
        self.draw = draw
        self.count = 0
        self.subqueries_left = 3
        self.common: list[str] = []
        self.known: list[Named] = []

    def one_of(self, *options: object) -> object:
        return self.draw(st.sampled_from(options))

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) < percent

    def name(self) -> str:
        self.count += 1
        return f"t{self.count}"

    # --- values ---

    def column(self, scope: list[Named], kind: str) -> str | None:
        found = [f"{one.name}.{column}" for one in scope for column in one.columns[kind]]
        return self.draw(st.sampled_from(found)) if found else None

    def number(self, scope: list[Named], depth: int = 2) -> str:
        column = self.column(scope, NUMBERS)
        if depth == 0 or self.chance(35):
            return column if column and self.chance(80) else str(self.one_of(*LITERALS))
        inner = [self.number(scope, depth - 1) for _ in range(2)]
        text = self.text(scope, 0)
        return str(
            self.one_of(
                f"({inner[0]} {self.one_of('+', '-', '*', '/', '/')} {inner[1]})",
                f"{self.one_of(*ONE)}({inner[0]})",
                f"{self.one_of(*TWO)}({inner[0]}, {inner[1]})",
                f"COALESCE({inner[0]}, {inner[1]})",
                f"CAST({self.digits(scope)} AS {self.one_of('INTEGER', 'BIGINT', 'DOUBLE PRECISION', 'SMALLINT')})",
                f"CAST({inner[0]} AS {self.one_of('INTEGER', 'SMALLINT', 'REAL')})",
                f"ivo_to_mjd({text})",
                f"DISTANCE({inner[0]}, {self.latitude(scope)}, 83.6, 22)",
            )
        )

    def digits(self, scope: list[Named]) -> str:
        """A text that may be a number; now and then one that cannot be, which is an error for everyone."""
        if self.chance(4):
            return quoted(str(self.one_of(*WORDS)))
        return self.column(scope, TEXTS) or quoted("7")

    def latitude(self, scope: list[Named]) -> str:
        return "91" if self.chance(4) else self.column(scope, NUMBERS) or "22.0"

    def text(self, scope: list[Named], depth: int = 1) -> str:
        column = self.column(scope, TEXTS)
        if depth == 0 or self.chance(50):
            return column if column and self.chance(80) else quoted(str(self.one_of(*WORDS)))
        inner, number = self.text(scope, 0), self.number(scope, 0)
        return str(
            self.one_of(
                f"LOWER({inner})",
                f"UPPER({inner})",
                f"({inner} || {self.text(scope, 0)})",
                f"CAST({number} AS VARCHAR)",
                f"COALESCE({inner}, 'none')",
            )
        )

    def value(self, scope: list[Named], kind: str, depth: int = 2) -> str:
        return self.number(scope, depth) if kind == NUMBERS else self.text(scope, min(depth, 1))

    # --- conditions ---

    def condition(self, scope: list[Named], depth: int = 2) -> str:
        if depth and self.chance(35):
            a, b = self.condition(scope, depth - 1), self.condition(scope, depth - 1)
            return str(self.one_of(f"({a} AND {b})", f"({a} OR {b})", f"NOT ({a})"))
        sky = [one for one in scope if one.sky]
        choice = self.draw(st.integers(0, 9))
        if choice == 0 and sky:
            return self.shape(sky[0].name)
        if choice == 1 and depth and self.subqueries_left:
            self.subqueries_left -= 1
            return self.subquery(scope)
        if choice == 2:
            return f"{self.text(scope)} {self.one_of('', 'NOT ')}{self.one_of('LIKE', 'ILIKE')} {quoted(str(self.one_of(*WORDS)))}"
        if choice == 3:
            kind = str(self.one_of(NUMBERS, TEXTS))
            return f"{self.value(scope, kind, 1)} IS {self.one_of('', 'NOT ')}NULL"
        if choice == 4:
            return f"{self.number(scope, 1)} BETWEEN {self.number(scope, 0)} AND {self.number(scope, 0)}"
        if choice == 5:
            return f"{self.text(scope, 0)} IN ({', '.join(quoted(str(self.one_of(*WORDS))) for _ in range(2))})"
        kind = str(self.one_of(NUMBERS, NUMBERS, TEXTS))
        sign = self.one_of("=", "<", ">", "<=", ">=", "<>")
        return f"{self.value(scope, kind)} {sign} {self.value(scope, kind, 1)}"

    def shape(self, name: str) -> str:
        shape = "CIRCLE(83.6, 22.0, -1)" if self.chance(4) else str(self.one_of(*SHAPES))
        shape = shape.replace("s_region", f"{name}.s_region")
        point = f"POINT({name}.s_ra, {name}.s_dec)"
        return str(
            self.one_of(
                f"1 = CONTAINS({point}, {shape})",
                f"1 = INTERSECTS({name}.s_region, {shape})",
                f"0 = CONTAINS({point}, {shape})",
                f"DISTANCE({point}, POINT(83.6, 22)) < {self.one_of('1', '100', '-1')}",
                f"AREA({name}.s_region) > {self.one_of('0', '10')}",
                f"COORD1(CENTROID({name}.s_region)) < 180",
            )
        )

    def subquery(self, scope: list[Named]) -> str:
        outer = self.draw(st.sampled_from(scope))
        source, inner = self.table()
        where = self.condition([*inner, *scope], 0)
        kind = str(self.one_of(TEXTS, NUMBERS))
        mine, theirs = self.column([outer], kind), self.column(inner, kind)
        if mine is None or theirs is None:
            return f"EXISTS (SELECT 1 FROM {source} WHERE {where})"
        return str(
            self.one_of(
                f"EXISTS (SELECT 1 FROM {source} WHERE {theirs} = {mine})",
                f"{mine} {self.one_of('', 'NOT ')}IN (SELECT {theirs} FROM {source} WHERE {where})",
            )
        )

    # --- relations ---

    def table(self) -> tuple[str, list[Named]]:
        if self.known and self.chance(30):
            one = self.draw(st.sampled_from(self.known))
            alias = self.name()
            return f"{one.name} AS {alias}", [Named(alias, one.columns)]
        if self.subqueries_left and self.chance(15):
            self.subqueries_left -= 1
            return self.derived()
        table, alias = self.draw(st.sampled_from(FAVOURITES)), self.name()
        return f"{table} AS {alias}", [Named(alias, TABLES[table], table == SKY)]

    def derived(self) -> tuple[str, list[Named]]:
        query, alias = self.select(1), self.name()
        return f"({query.text}) AS {alias}", [Named(alias, self.outputs(query))]

    @staticmethod
    def outputs(query: Query) -> dict[str, list[str]]:
        made: dict[str, list[str]] = {NUMBERS: [], TEXTS: []}
        for number, kind in enumerate(query.kinds):
            made[kind].append(f"o{number}")
        return made

    def tables(self, depth: int) -> tuple[str, list[Named]]:
        text, scope = self.table()
        joins = self.draw(st.integers(0, depth))
        for number in range(joins):
            other, more = self.table()
            kind = str(self.one_of(TEXTS, NUMBERS))
            a, b = self.column(scope, kind), self.column(more, kind)
            scope = [*scope, *more]
            on = f"{a} = {b}" if a and b else self.condition(scope, 0)
            # A comma binds less than JOIN: what follows it could not name what stands before it.
            last = [","] if number == joins - 1 else []
            join = self.one_of("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", *last)
            text = f"{text}, {other}" if join == "," else f"{text} {join} {other} ON {on}"
        return text, scope

    # --- queries ---

    def select(self, depth: int = 2, kinds: list[str] | None = None) -> Query:
        source, scope = self.tables(min(depth, 2))
        where = f" WHERE {self.condition(scope)}" if self.chance(70) else ""
        if kinds is None and self.chance(40):
            return self.grouped(source, scope, where)
        wanted = kinds or [str(self.one_of(NUMBERS, TEXTS)) for _ in range(self.draw(st.integers(1, 3)))]
        values = ", ".join(f"{self.value(scope, kind)} AS o{n}" for n, kind in enumerate(wanted))
        distinct = "DISTINCT " if self.chance(25) else ""
        return Query(f"SELECT {distinct}{values} FROM {source}{where}", wanted)

    def grouped(self, source: str, scope: list[Named], where: str) -> Query:
        aggregates = []
        for _ in range(self.draw(st.integers(1, 2))):
            function = self.one_of("COUNT", "SUM", "AVG", "MIN", "MAX", "COUNT(*)", "COUNT DISTINCT")
            number = self.number(scope, 1)
            aggregates.append(
                "COUNT(*)" if function == "COUNT(*)"
                else f"COUNT(DISTINCT {self.text(scope, 0)})" if function == "COUNT DISTINCT"
                else f"{function}({number})"
            )  # fmt: skip
        key = self.column(scope, TEXTS) if self.chance(60) else None
        having = f" HAVING {aggregates[0]} > {self.one_of('0', '1', '3')}" if self.chance(30) else ""
        parts = [*([f"{key} AS o0"] if key else []), *(f"{a} AS o{n + bool(key)}" for n, a in enumerate(aggregates))]
        kinds = [*([TEXTS] if key else []), *[NUMBERS] * len(aggregates)]
        group = f" GROUP BY {key}" if key else ""
        return Query(f"SELECT {', '.join(parts)} FROM {source}{where}{group}{having}", kinds)

    def whole(self) -> Query:
        for _ in range(self.draw(st.integers(0, 1))):
            query, name = self.select(1), self.name()
            self.common.append(f"{name} AS ({query.text})")
            self.known.append(Named(name, self.outputs(query)))
        query = self.select()
        if self.chance(20):
            other = self.select(1, query.kinds)
            word = self.one_of("UNION", "UNION ALL", "EXCEPT", "INTERSECT", "EXCEPT ALL")
            query = Query(f"{query.text} {word} {other.text}", query.kinds)
        if self.chance(50):
            # by all columns, so that rows of the same place are the same
            columns = ", ".join(f"o{n}{self.one_of('', ' DESC')}" for n in range(len(query.kinds)))
            query = Query(f"{query.text} ORDER BY {columns}", query.kinds)
            if self.chance(60) and " UNION " not in query.text:
                top = f"TOP {self.one_of(1, 2, 5)} "
                head, word, tail = query.text.partition("SELECT ")
                distinct = "DISTINCT " if tail.startswith("DISTINCT ") else ""
                query = Query(f"{head}{word}{distinct}{top}{tail.removeprefix(distinct)}", query.kinds)
            if self.chance(20):
                query = Query(f"{query.text} OFFSET {self.one_of(1, 3)}", query.kinds)
        start = f"WITH {', '.join(self.common)} " if self.common else ""
        return Query(start + query.text, query.kinds)


@st.composite
def queries(draw: DrawFn) -> str:
    """A query; now and then one with a word too many or too few."""
    text = Maker(draw).whole().text
    if draw(st.integers(0, 19)) == 0:
        words = text.split(" ")
        place = draw(st.integers(0, len(words) - 1))
        words[place] = draw(st.sampled_from(["", "(", "SELECT", "nightshade", "password"]))
        text = " ".join(words)
    return text
