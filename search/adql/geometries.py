"""The geometry functions of ADQL 2.1, section 4: tree to ``Geometry`` to SQL."""

from collections.abc import Callable, Sequence
from typing import cast

from search.adql import geometry, tree
from search.adql.dialects import Dialect
from search.adql.errors import Misplaced
from search.adql.scope import Field, TableSource
from search.adql.shapes import Geometry, GeometryKind, Reach, Shapes, constant
from search.adql.values import CIRCLE, DISTANCE, INT, POINT, POLYGON, REGION, SHAPES, TEXT, Value, typed

METAS = {"point": POINT, "circle": CIRCLE, "polygon": POLYGON, "region": REGION}
ICRS = frozenset({"", "ICRS", "ICRS GEOCENTER", "ICRS BARYCENTER", "ICRS TOPOCENTER", "UNKNOWNFRAME"})
MAX_VERTICES = 45
"""of a polygon whose vertices are not all literals: PostgreSQL's functions take at most 100 arguments"""
AREA = typed("double", unit="deg**2", ucd="phys.angArea")
LONGITUDE = typed("double", unit="deg", ucd="pos.eq.ra")
LATITUDE = typed("double", unit="deg", ucd="pos.eq.dec")


class Geometries:
    """The part of ``Expressions`` that knows shapes."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.shapes = Shapes(dialect)
        self.touched: list[str] = []
        """aliases of the tables whose columns were read, in order"""
        self.since = 0
        self._builders: dict[str, Callable[[tree.Call], Value]] = {
            "POINT": self._point,
            "CIRCLE": self._circle,
            "POLYGON": self._polygon,
            "BOX": self._box,
            "REGION": self._region,
            "CENTROID": self._centroid,
            "AREA": self._area,
            "COORD1": lambda node: self._coordinate(node, 1),
            "COORD2": lambda node: self._coordinate(node, 2),
            "COORDSYS": self._coordsys,
            "DISTANCE": self._distance,
            "CONTAINS": self._truth,
            "INTERSECTS": self._truth,
        }

    def value(self, node: tree.Expression) -> Value:
        raise NotImplementedError

    def number(self, node: tree.Expression) -> Value:
        raise NotImplementedError

    # --- shapes as values ---

    def shape_value(self, shape: Geometry) -> Value:
        return Value("", "geometry", METAS[shape.kind], geometry=shape)

    def column_shape(self, found: Field) -> Value:
        """A column of region or shape type. DALI's numbers become STC-S by the shape's name before them."""
        sql = found.sql()
        kind = cast(GeometryKind, SHAPES[found.meta.xtype.lower()])
        alias = found.source.alias if found.source else ""
        self.touched.append(alias)
        text = sql if found.meta.datatype in ("char", "unicodeChar") else f"('{kind} ' || {sql})"
        region = None
        if isinstance(found.source, TableSource):
            place = found.source.entry.regions.get(found.meta.source or found.meta.name)
            region = (found.source, place) if place else None
        shape = Geometry(kind, text=text, region=region, sources=frozenset({alias}))
        return Value(sql, "geometry", found.meta, geometry=shape)

    def shape_of(self, value: Value, at: int) -> Geometry:
        """The shape of a value. Raises Misplaced if it is none."""
        if value.geometry is None:
            raise Misplaced("A geometry is wanted here: POINT, CIRCLE, POLYGON, BOX, REGION or a region column.", at)
        return value.geometry

    def shape_text(self, value: Value) -> str:
        return self.shapes.text(value.geometry) if value.geometry is not None else value.sql

    def all_sources(self) -> frozenset[str]:
        """The tables read since the current function call began."""
        return frozenset(self.touched[self.since :])

    def output(self, value: Value) -> str:
        """SQL of a value as a result column."""
        if value.geometry is None or value.sql:
            return value.sql
        return self.shapes.output(value.geometry)

    def coordinate(self, shape: Geometry, which: int) -> str:
        """SQL of longitude (1) or latitude (2) of a point."""
        if isinstance(shape.constant, geometry.Point):
            number = shape.constant.longitude if which == 1 else shape.constant.latitude
            return self.dialect.double(number)
        if shape.longitude and shape.kind == "point":
            return shape.longitude if which == 1 else shape.latitude
        return self.dialect.call(f"coord{which}", self.shapes.text(shape))

    # --- the functions ---

    def geometry_call(self, node: tree.Call) -> Value | None:
        """The value of a geometry function; None for a function of another kind."""
        self.since = len(self.touched)
        builder = self._builders.get(node.name)
        if builder is None:
            return None
        try:
            return builder(node)
        except geometry.BadShape as error:
            raise Misplaced(f"{node.name}: {error}.", node.at) from None

    def _after_system(self, node: tree.Call) -> tuple[tree.Expression, ...]:
        """The arguments without the old coordinate system, which must be ICRS."""
        if node.arguments and isinstance(first := node.arguments[0], tree.String):
            if first.value.strip().upper() not in ICRS:
                raise Misplaced(f"Coordinates are ICRS here; {first.value!r} is not served.", first.at)
            return node.arguments[1:]
        return node.arguments

    def _arity(self, node: tree.Call, arguments: Sequence[object], *counts: int) -> None:
        if len(arguments) not in counts:
            wanted = " or ".join(map(str, counts))
            raise Misplaced(f"{node.name} takes {wanted} arguments here; these are {len(arguments)}.", node.at)

    def _numbers(self, node: tree.Call, arguments: Sequence[tree.Expression]) -> list[Value]:
        """The arguments as numbers; points count as two."""
        values: list[Value] = []
        for argument in arguments:
            value = self.value(argument)
            if value.geometry is not None and value.geometry.kind == "point":
                shape = value.geometry
                known = shape.constant if isinstance(shape.constant, geometry.Point) else None
                pair = (known.longitude, known.latitude) if known else (None, None)
                values += [
                    Value(self.coordinate(shape, i + 1), "double", DISTANCE, constant=pair[i], geometry=shape)
                    for i in (0, 1)
                ]
            elif value.numeric:
                values.append(value)
            else:
                raise Misplaced(f"{node.name} is made of numbers and points.", argument.at)
        return values

    def _double(self, value: Value) -> str:
        if isinstance(value.constant, int | float):
            return self.dialect.double(float(value.constant))
        return value.sql if value.kind == "double" else self.dialect.as_double(value.sql)

    def _position(self, longitude: Value, latitude: Value) -> Geometry:
        """A point from two numbers; it remembers the sky index if they are its columns."""
        if longitude.geometry is not None and longitude.geometry is latitude.geometry:
            return longitude.geometry
        known = _constants((longitude, latitude))
        if known:
            return constant(geometry.Point(*known))
        position = None
        a, d = longitude.field, latitude.field
        if a is not None and d is not None and isinstance(a.source, TableSource) and a.source is d.source:
            names = (a.meta.source or a.meta.name, d.meta.source or d.meta.name)
            place = a.source.entry.positions.get(names)
            position = (a.source, place) if place else None
        return Geometry(
            "point",
            longitude=self._double(longitude),
            latitude=self._double(latitude),
            sources=frozenset(self.touched[self._mark :]),
            position=position,
        )

    _mark = 0

    def _begin(self) -> None:
        self._mark = len(self.touched)

    def _point(self, node: tree.Call) -> Value:
        self._begin()
        arguments = self._after_system(node)
        self._arity(node, arguments, 2)
        return self.shape_value(self._position(*(self.number(argument) for argument in arguments)))

    def _circle(self, node: tree.Call) -> Value:
        mark = len(self.touched)
        numbers = self._numbers(node, self._after_system(node))
        self._arity(node, numbers, 3)
        self._mark = mark
        known = _constants(numbers)
        if known:
            return self.shape_value(constant(geometry.Circle(geometry.Point(known[0], known[1]), known[2])))
        centre = self._position(numbers[0], numbers[1])
        fixed = numbers[2].constant
        if isinstance(fixed, int | float) and not 0 <= fixed <= 180:
            raise Misplaced("CIRCLE: the radius must lie from 0 to 180 degrees.", node.at)
        return self.shape_value(
            Geometry(
                "circle",
                longitude=self.coordinate(centre, 1),
                latitude=self.coordinate(centre, 2),
                radius=self._double(numbers[2]),
                fixed=float(fixed) if isinstance(fixed, int | float) else None,
                sources=frozenset(self.touched[mark:]),
                position=centre.position,
            )
        )

    def _polygon(self, node: tree.Call) -> Value:
        mark = len(self.touched)
        numbers = self._numbers(node, self._after_system(node))
        if len(numbers) < 6 or len(numbers) % 2:
            raise Misplaced("POLYGON takes three or more points or pairs of numbers.", node.at)
        known = _constants(numbers)
        if known:
            return self.shape_value(constant(geometry.from_numbers("polygon", known)))
        if len(numbers) > 2 * MAX_VERTICES:
            raise Misplaced(f"POLYGON takes {MAX_VERTICES} vertices at most unless all are literals.", node.at)
        text = self.dialect.call("polygon", *map(self._double, numbers))
        return self.shape_value(Geometry("polygon", text=text, sources=frozenset(self.touched[mark:])))

    def _box(self, node: tree.Call) -> Value:
        mark = len(self.touched)
        numbers = self._numbers(node, self._after_system(node))
        self._arity(node, numbers, 4)
        known = _constants(numbers)
        if known:
            return self.shape_value(constant(geometry.from_numbers("box", known)))
        text = self.dialect.call("box", *map(self._double, numbers))
        return self.shape_value(Geometry("polygon", text=text, sources=frozenset(self.touched[mark:])))

    def _region(self, node: tree.Call) -> Value:
        if len(node.arguments) != 1 or not isinstance(text := node.arguments[0], tree.String):
            raise Misplaced("REGION takes one text, such as REGION('Circle ICRS 83.6 22 2.5').", node.at)
        return self.shape_value(constant(geometry.read(text.value)))

    def _one(self, node: tree.Call) -> Geometry:
        self._arity(node, node.arguments, 1)
        return self.shape_of(self.value(node.arguments[0]), node.arguments[0].at)

    def _centroid(self, node: tree.Call) -> Value:
        shape = self._one(node)
        if shape.constant is not None:
            return self.shape_value(constant(geometry.centroid(shape.constant)))
        text = self.dialect.call("centroid", self.shapes.text(shape))
        return self.shape_value(Geometry("point", text=text, sources=shape.sources))

    def _area(self, node: tree.Call) -> Value:
        shape = self._one(node)
        if shape.constant is not None:
            return Value(self.dialect.double(geometry.area(shape.constant)), "double", AREA)
        return Value(self.dialect.call("area", self.shapes.text(shape)), "double", AREA)

    def _coordinate(self, node: tree.Call, which: int) -> Value:
        shape = self._one(node)
        if shape.kind != "point":
            raise Misplaced(f"{node.name} takes a point; write {node.name}(CENTROID(…)).", node.at)
        return Value(self.coordinate(shape, which), "double", LONGITUDE if which == 1 else LATITUDE)

    def _coordsys(self, node: tree.Call) -> Value:
        self._one(node)
        return Value("'ICRS'", "text", TEXT)

    def _pair(self, node: tree.Call) -> tuple[Geometry, Geometry]:
        self._arity(node, node.arguments, 2)
        first, second = (self.shape_of(self.value(argument), argument.at) for argument in node.arguments)
        return first, second

    def _points(self, node: tree.Call) -> tuple[Geometry, Geometry]:
        """The two points of DISTANCE, in either of its forms."""
        if len(node.arguments) == 4:
            numbers = []
            marks = []
            for argument in node.arguments:
                marks.append(len(self.touched))
                numbers.append(self.number(argument))
            marks.append(len(self.touched))
            self._mark = marks[2]
            second = self._position(numbers[2], numbers[3])
            kept, self.touched = self.touched, self.touched[: marks[2]]
            self._mark = marks[0]
            first = self._position(numbers[0], numbers[1])
            self.touched = kept
            return first, second
        first, second = self._pair(node)
        if first.kind != "point" or second.kind != "point":
            raise Misplaced("DISTANCE takes two points or four numbers.", node.at)
        return first, second

    def _distance(self, node: tree.Call) -> Value:
        first, second = self._points(node)
        if isinstance(first.constant, geometry.Point) and isinstance(second.constant, geometry.Point):
            apart = geometry.separation(
                first.constant.longitude, first.constant.latitude, second.constant.longitude, second.constant.latitude
            )
            return Value(self.dialect.double(apart), "double", DISTANCE)
        numbers = (self.coordinate(shape, which) for shape in (first, second) for which in (1, 2))
        return Value(self.dialect.call("separation", *numbers), "double", DISTANCE)

    def _overlap(self, node: tree.Call, positive: bool) -> str:
        try:
            first, second = self._pair(node)
        except geometry.BadShape as error:
            raise Misplaced(f"{node.name}: {error}.", node.at) from None
        test = self.shapes.contains if node.name == "CONTAINS" else self.shapes.intersects
        return test(first, second, positive)

    def _truth(self, node: tree.Call) -> Value:
        condition = self._overlap(node, False)
        return Value(f"(CASE WHEN {condition} THEN 1 WHEN NOT {condition} THEN 0 END)", "integer", INT)

    # --- predicates that the index can answer ---

    def predicate(self, node: tree.Expression, operator: str, other: tree.Expression, positive: bool) -> str | None:
        """``CONTAINS(…) = 1`` and ``DISTANCE(…) < r`` as conditions; None for every other comparison."""
        if not isinstance(node, tree.Call):
            return None
        if node.name in ("CONTAINS", "INTERSECTS") and operator in ("=", "<>"):
            if not (isinstance(other, tree.Number) and other.text in ("0", "1")):
                return None
            wanted = (other.text == "1") == (operator == "=")
            return self._overlap(node, positive) if wanted else f"(NOT {self._overlap(node, False)})"
        if node.name == "DISTANCE" and operator in ("<", "<=", ">", ">="):
            return self._near(node, operator, other, positive)
        return None

    def _near(self, node: tree.Call, operator: str, other: tree.Expression, positive: bool) -> str:
        try:
            first, second = self._points(node)
        except geometry.BadShape as error:
            raise Misplaced(f"{node.name}: {error}.", node.at) from None
        mark = len(self.touched)
        value = self.number(other)
        fixed = float(value.constant) if isinstance(value.constant, int | float) else None
        radius = Reach(self._double(value), fixed, frozenset(self.touched[mark:]))
        if operator in ("<", "<="):
            return self.shapes.near(first, second, radius, operator == "<", positive)
        return f"(NOT {self.shapes.near(first, second, radius, operator == '>=', False)})"


def _constants(values: Sequence[Value]) -> list[float] | None:
    """The numbers, if all are literals."""
    known = [float(value.constant) for value in values if isinstance(value.constant, int | float)]
    return known if len(known) == len(values) else None
