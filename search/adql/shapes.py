"""Geometry in SQL: what a shape is made of, the exact tests, and the way to the sky index.

A shape is a constant (computed here, once), a position or circle whose numbers are SQL, or any SQL that gives STC-S
text. Positions become unit vectors: two of them lie within r when the square of the chord between them is at most
(2 sin r/2)². An index condition is only ever added where a row that fails it could not be an answer (``positive``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.vo.tables import SkyPosition, SkyRegion
from search.adql import geometry
from search.adql.dialects import Dialect, chord2, quoted
from search.adql.scope import TableSource

GeometryKind = Literal["point", "circle", "polygon", "region"]

MARGIN = 2e-7
"""the R*Tree keeps 32-bit floats"""
CAUTION = 1e-9
"""degrees by which the caps must agree before they decide without the exact test"""
LONG = 400
"""characters of SQL beyond which an operand is not repeated in a formula"""


@dataclass(frozen=True, slots=True)
class Geometry:
    """``constant``, or ``longitude`` and ``latitude`` (and ``radius``) in SQL, or ``text`` (SQL of STC-S)."""

    kind: GeometryKind
    constant: geometry.Shape | None = None
    longitude: str = ""
    latitude: str = ""
    radius: str = ""
    text: str = ""
    fixed: float | None = None
    """the radius, where it is a literal"""
    sources: frozenset[str] = frozenset()
    """aliases of the tables whose columns it is made of"""
    position: tuple[TableSource, SkyPosition] | None = None
    region: tuple[TableSource, SkyRegion] | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """A distance in degrees: SQL, the number where it is a literal, and the tables it hangs on."""

    sql: str
    fixed: float | None = None
    sources: frozenset[str] = frozenset()

    def plus(self, other: "Reach") -> "Reach":
        if self.fixed == 0.0:
            return other
        known = self.fixed is not None and other.fixed is not None
        fixed = (self.fixed or 0.0) + (other.fixed or 0.0) if known else None
        return Reach(f"({self.sql})+({other.sql})", fixed, self.sources | other.sources)


NOTHING = Reach("0", 0.0)


@dataclass(frozen=True, slots=True)
class Bound:
    """The cap that encloses a shape, in SQL: unit vector, radius and inner radius in degrees."""

    x: str
    y: str
    z: str
    radius: str
    inner: str
    cap: geometry.Cap | None = None

    @property
    def axes(self) -> tuple[str, str, str]:
        return (self.x, self.y, self.z)


def constant(shape: geometry.Shape) -> Geometry:
    names: dict[type, GeometryKind] = {geometry.Point: "point", geometry.Circle: "circle", geometry.Polygon: "polygon"}
    return Geometry(names.get(type(shape), "region"), constant=shape)


class Shapes:
    """Builds the SQL for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    # --- forms of a shape ---

    def text(self, shape: Geometry) -> str:
        """SQL that gives the shape as STC-S."""
        if shape.constant is not None:
            return self.dialect.string(geometry.write(shape.constant))
        if shape.text:
            return shape.text
        if shape.kind == "circle":
            return self.dialect.call("circle", shape.longitude, shape.latitude, shape.radius)
        return self.dialect.call("point", shape.longitude, shape.latitude)

    def output(self, shape: Geometry) -> str:
        """SQL for a result column: DALI's numbers, or STC-S for regions."""
        if shape.kind == "region":
            return self.text(shape)
        if shape.constant is not None and not isinstance(shape.constant, geometry.Union):
            return self.dialect.string(" ".join(map(repr, geometry.numbers_of(shape.constant))))
        return self.dialect.call("dali", self.text(shape))

    def axes(self, shape: Geometry) -> tuple[str, str, str] | None:
        """The unit vector of a point or of a circle's centre."""
        if shape.constant is not None:
            centre = shape.constant.centre if isinstance(shape.constant, geometry.Circle) else shape.constant
            if not isinstance(centre, geometry.Point):
                return None
            x, y, z = (self.dialect.double(value) for value in centre.vector)
            return x, y, z
        if shape.position is not None:
            source, place = shape.position
            return source.hidden(place.x), source.hidden(place.y), source.hidden(place.z)
        if not shape.longitude or len(shape.longitude) + len(shape.latitude) > LONG:
            return None
        a, d = f"radians({shape.longitude})", f"radians({shape.latitude})"
        return f"cos({d})*cos({a})", f"cos({d})*sin({a})", f"sin({d})"

    def bound(self, shape: Geometry) -> Bound | None:
        """The enclosing cap, where it can be told in SQL."""
        if shape.constant is not None:
            cap = geometry.cap(shape.constant)
            x, y, z, radius, inner = (self.dialect.double(v) for v in (*cap.vector, cap.radius, cap.inner))
            return Bound(x, y, z, radius, inner, cap)
        if shape.region is not None:
            source, place = shape.region
            inner = source.hidden(place.inner) if place.inner else str(geometry.NONE)
            x, y, z, radius = (source.hidden(name) for name in (place.x, place.y, place.z, place.radius))
            return Bound(x, y, z, radius, inner)
        axes = self.axes(shape)
        if axes is None or len(shape.radius) > LONG:
            return None
        radius = shape.radius or "0"
        return Bound(*axes, radius, radius)

    # --- exact tests ---

    def chord2(self, a: tuple[str, str, str], b: tuple[str, str, str]) -> str:
        terms = (f"(({p})-({q}))*(({p})-({q}))" for p, q in zip(a, b, strict=True))
        return f"({'+'.join(terms)})"

    def limit(self, radius: str) -> str:
        """The square of the chord of a radius in SQL, edge included."""
        capped = f"{self.dialect.least}(({radius})+{geometry.EDGE}, 180)"
        return f"4.0*power(sin(radians({capped})/2), 2)"

    def within(self, a: Geometry, circle: Geometry) -> str | None:
        """Is point ``a`` in ``circle``? None where only the function on texts can tell."""
        p, q = self.axes(a), self.axes(circle)
        if p is None or q is None or len(circle.radius) > LONG:
            return None
        chord = self.chord2(p, q)
        if isinstance(circle.constant, geometry.Circle):
            if circle.constant.radius >= 180.0:
                return f"({chord} <= 5.0)"
            return f"({chord} <= {self.dialect.double(chord2(circle.constant.radius + geometry.EDGE))})"
        return f"(({circle.radius}) >= 0 AND {chord} <= {self.limit(circle.radius)})"

    def contains(self, inner: Geometry, outer: Geometry, positive: bool) -> str:
        """The condition CONTAINS(inner, outer) = 1."""
        if inner.constant is not None and outer.constant is not None:
            return "1=1" if geometry.contains(inner.constant, outer.constant) else "1=0"
        exact = self.within(inner, outer) if inner.kind == "point" and outer.kind == "circle" else None
        if exact is None:
            exact = self._by_caps("contains", inner, outer)
        return self._indexed(inner, outer, exact) if positive else exact

    def intersects(self, a: Geometry, b: Geometry, positive: bool) -> str:
        """The condition INTERSECTS(a, b) = 1."""
        if a.kind == "point":
            return self.contains(a, b, positive)
        if b.kind == "point":
            return self.contains(b, a, positive)
        if a.constant is not None and b.constant is not None:
            return "1=1" if geometry.intersects(a.constant, b.constant) else "1=0"
        exact = self._by_caps("intersects", a, b)
        return self._indexed(a, b, exact) if positive else exact

    def _by_caps(self, function: str, a: Geometry, b: Geometry) -> str:
        """The exact function on texts; for region columns it is asked only where the caps cannot tell."""
        exact = self.dialect.call(function, self.text(a), self.text(b))
        if not (a.region or b.region) or (p := self.bound(a)) is None or (q := self.bound(b)) is None:
            return f"({exact} = 1)"
        half = f"{self.dialect.least}(1.0, sqrt({self.chord2(p.axes, q.axes)})/2)"
        apart = f"degrees(2*asin({half}))"
        if function == "contains":
            yes, no = f"{apart} + {p.radius} <= {q.inner}", f"{apart} + {p.inner} > {q.radius}"
        else:
            yes, no = f"{apart} <= {p.inner} + {q.inner}", f"{apart} > {p.radius} + {q.radius}"
        wrong = "".join(f"WHEN NOT ({r} BETWEEN 0 AND 180) THEN NULL " for r in (a.radius, b.radius) if r)
        return f"(CASE {wrong}WHEN {no} + {CAUTION} THEN 0 WHEN {yes} - {CAUTION} THEN 1 ELSE {exact} END = 1)"

    def near(self, a: Geometry, b: Geometry, radius: Reach, strict: bool, positive: bool) -> str:
        """DISTANCE(a, b) < radius (``strict``) or <=."""
        p, q = self.axes(a), self.axes(b)
        operator = "<" if strict else "<="
        if p is None or q is None or len(radius.sql) > LONG:
            apart = self.dialect.call("distance", self.text(a), self.text(b))
            return f"({apart} {operator} {radius.sql})"
        chord = self.chord2(p, q)
        if radius.fixed is None:
            capped = f"{self.dialect.least}({radius.sql}, 180.0)"
            limit = f"4.0*power(sin(radians({capped})/2), 2)" if strict else self.limit(radius.sql)
            exact = f"(({radius.sql}) >= 0 AND {chord} {operator} {limit})"
        elif radius.fixed < 0:
            exact = f"({chord} < 0)"
        elif radius.fixed > 180.0:
            exact = f"({chord} <= 5.0)"
        else:
            limit = self.dialect.double(chord2(radius.fixed if strict else radius.fixed + geometry.EDGE))
            exact = f"({chord} {operator} {limit})"
        if not positive:
            return exact
        for one, other in self._candidates(a, b):
            probe = self._probe(one, other, radius)
            if probe:
                return f"({probe} AND {exact})"
        return exact

    # --- the index ---

    def _indexed(self, a: Geometry, b: Geometry, exact: str) -> str:
        for one, other in self._candidates(a, b):
            bound = self.bound(other)
            if bound is None:
                continue
            own = NOTHING
            if one.radius:
                own = Reach(one.radius, one.fixed, frozenset() if one.fixed is not None else one.sources)
            fixed = bound.cap.radius if bound.cap else other.fixed if other.radius else None
            probe = self._probe(one, other, own.plus(Reach(bound.radius, fixed, other.sources)))
            if probe:
                return f"({probe} AND {exact})"
        return exact

    def _candidates(self, a: Geometry, b: Geometry) -> list[tuple[Geometry, Geometry]]:
        """Which operand's index to ask, best first: of two tables the later one of FROM, the inner of the loop."""
        found = [(p, q) for p, q in ((a, b), (b, a)) if p.position or p.region]
        return sorted(found, key=lambda pair: _owner(pair[0]).number, reverse=True)

    def _probe(self, one: Geometry, other: Geometry, reach: Reach) -> str:
        """The index condition: the cell of ``one`` touches the box of ``reach`` round the centre of ``other``.

        None (empty) where the box hangs on the very row that is looked for.
        """
        if _owner(one).alias in other.sources | reach.sources:
            return ""
        if other.constant is not None and reach.fixed is not None:
            cap = geometry.cap(other.constant)
            if reach.fixed >= 120.0:
                return ""
            half = chord2(reach.fixed) ** 0.5 + MARGIN
            low = [self.dialect.double(axis - half) for axis in cap.vector]
            high = [self.dialect.double(axis + half) for axis in cap.vector]
            return self._box(one, low, high)
        bound = self.bound(other)
        if bound is None:
            return ""
        around = f"2*sin(radians({self.dialect.least}({reach.sql}, 180.0))/2)+{MARGIN}"
        if reach.fixed is not None:
            around = self.dialect.double(chord2(reach.fixed) ** 0.5 + MARGIN)
        return self._box(one, [f"{x}-({around})" for x in bound.axes], [f"{x}+({around})" for x in bound.axes])

    def _box(self, one: Geometry, low: list[str], high: list[str]) -> str:
        source, place = _owner(one), (one.position or one.region or (None, None))[1]
        assert place is not None
        if self.dialect.name == "sqlite":
            if not place.rtree:
                return ""
            pairs = zip("xyz", low, high, strict=True)
            tests = " AND ".join(f"{axis}1 >= {least} AND {axis}0 <= {most}" for axis, least, most in pairs)
            return f"{source.hidden(place.id)} IN (SELECT id FROM {quoted(place.rtree)} WHERE {tests})"
        names = (place.x, place.y, place.z, *([place.radius] if isinstance(place, SkyRegion) else []))
        cells = place_boxes(*map(source.hidden, names))
        return " AND ".join(f"{cell} && {box}" for cell, box in zip(cells, boxes(low, high), strict=True))


def _owner(shape: Geometry) -> TableSource:
    owner = shape.position or shape.region
    assert owner is not None
    return owner[0]


def boxes(low: Sequence[str], high: Sequence[str]) -> tuple[str, str]:
    """What lies between two corners as PostgreSQL's boxes, which are flat: one of x and y, one of z.

    NULL where a coordinate is. They are compared with a tolerance of 1e-6, which an exact test must follow.
    """
    (x0, y0, z0), (x1, y1, z1) = low, high
    return f"box(point({x0}, {y0}), point({x1}, {y1}))", f"box(point({z0}, 0), point({z1}, 0))"


def place_boxes(x: str, y: str, z: str, radius: str = "") -> tuple[str, str]:
    """The boxes of a point, or round a cap, as PostgreSQL's index has them."""
    axes = (x, y, z)
    if not radius:
        return boxes(axes, axes)
    half = f"(2*sin(radians({radius})/2))"
    return boxes([f"{axis}-{half}" for axis in axes], [f"{axis}+{half}" for axis in axes])
