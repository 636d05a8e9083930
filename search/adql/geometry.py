"""Shapes on the sphere: the one reference for both engines.

Everything is done with unit vectors, so that the poles and longitude 0/360 are places like any other. Angles are in
degrees. A polygon's inside is the smaller of the two parts that its edges (arcs of great circles) make, whatever the
winding. Edges and circles belong to the shape (ADQL 2.1, section 4.2.10); ``EDGE`` is how near counts as on it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

Vector = tuple[float, float, float]

EDGE = 1e-11
"""degrees (36 nano-arcseconds) within which a point lies on an edge"""
_EDGE = math.radians(EDGE)
SPHERE = 129600.0 / math.pi
"""square degrees of the whole sphere"""
NONE = -360.0
"""an inner radius that no sum makes positive"""


class BadShape(ValueError):
    """The numbers make no shape; the text says why."""


def vector(longitude: float, latitude: float) -> Vector:
    """The unit vector of a position in degrees."""
    a, d = math.radians(longitude), math.radians(latitude)
    c = math.cos(d)
    return (c * math.cos(a), c * math.sin(a), math.sin(d))


def position(v: Vector) -> tuple[float, float]:
    """Longitude (0 to 360) and latitude of a vector, in degrees."""
    longitude = math.degrees(math.atan2(v[1], v[0])) % 360.0
    return (0.0 if longitude == 360.0 else longitude, math.degrees(math.atan2(v[2], math.hypot(v[0], v[1]))))


def dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def norm(a: Vector) -> float:
    return math.sqrt(dot(a, a))


def minus(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def plus(a: Vector, b: Vector) -> Vector:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def scale(a: Vector, factor: float) -> Vector:
    return (a[0] * factor, a[1] * factor, a[2] * factor)


def unit(a: Vector) -> Vector:
    return scale(a, 1.0 / norm(a))


def normal(a: Vector, b: Vector) -> Vector:
    """2 a × b, with all its digits for near and for opposite vectors."""
    return cross(minus(a, b), plus(a, b))


def angle(a: Vector, b: Vector) -> float:
    """Radians between two unit vectors, precise at 0 and at 180 degrees."""
    ax, ay, az = a
    bx, by, bz = b
    apart = math.sqrt((ax - bx) ** 2 + (ay - by) ** 2 + (az - bz) ** 2)
    return 2.0 * math.atan2(apart, math.sqrt((ax + bx) ** 2 + (ay + by) ** 2 + (az + bz) ** 2))


def separation(longitude1: float, latitude1: float, longitude2: float, latitude2: float) -> float:
    """Degrees between two positions in degrees."""
    return math.degrees(angle(vector(longitude1, latitude1), vector(longitude2, latitude2)))


@dataclass(frozen=True)
class Point:
    longitude: float
    latitude: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.longitude) and -90.0 <= self.latitude <= 90.0):
            raise BadShape(
                f"({self.longitude:.12g}, {self.latitude:.12g}) is no position: latitudes run from -90 to 90"
            )

    @property
    def vector(self) -> Vector:
        return vector(self.longitude, self.latitude)


@dataclass(frozen=True)
class Circle:
    """All points within ``radius`` (0 to 180 degrees) of the centre."""

    centre: Point
    radius: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.radius <= 180.0:
            raise BadShape(f"{self.radius:.12g} is no radius: it must lie from 0 to 180 degrees")


@dataclass(frozen=True)
class Polygon:
    """``vertices``: unit vectors, three or more, neighbours neither equal nor opposite; ``corners``: the same in
    degrees, as they were given; ``middle`` and ``reach``: a cap (radians) that holds all vertices."""

    vertices: tuple[Vector, ...]
    corners: tuple[tuple[float, float], ...] = field(compare=False)
    middle: Vector = field(compare=False)
    reach: float = field(compare=False)

    def edges(self) -> Iterator[tuple[Vector, Vector]]:
        vertices = self.vertices
        return zip(vertices, vertices[1:] + vertices[:1], strict=True)


@dataclass(frozen=True)
class Union:
    """Any of its members. Made by STC-S only."""

    members: tuple["Simple", ...]


Simple = Point | Circle | Polygon
Shape = Point | Circle | Polygon | Union


def polygon(corners: Sequence[tuple[float, float]]) -> Polygon:
    """The polygon of these positions in degrees; neighbours that are equal are taken once."""
    for corner in corners:
        Point(*corner)
    kept: list[tuple[Vector, tuple[float, float]]] = []
    for corner in corners:
        vertex = vector(*corner)
        if not kept or angle(kept[-1][0], vertex) > _EDGE:
            kept.append((vertex, corner))
    while len(kept) > 1 and angle(kept[0][0], kept[-1][0]) <= _EDGE:
        kept.pop()
    if len(kept) < 3:
        raise BadShape("a polygon needs three different vertices")
    vertices = tuple(v for v, _ in kept)
    middle = _mean(vertices)
    reach = max(angle(middle, v) for v in vertices)
    made = Polygon(vertices, tuple(corner for _, corner in kept), middle, reach)
    if any(math.pi - angle(a, b) <= _EDGE for a, b in made.edges()):
        raise BadShape("two neighbouring vertices are opposite points of the sky: no edge can be drawn between them")
    return made


def _mean(vectors: Sequence[Vector]) -> Vector:
    total: Vector = (0.0, 0.0, 0.0)
    for v in vectors:
        total = plus(total, v)
    return unit(total) if norm(total) > 1e-6 else vectors[0]


def box(centre: Point, width: float, height: float) -> Polygon:
    """The box whose sides cross the great-circle arms of ±width/2, ±height/2 at right angles (STC-S 1.33, Box)."""
    if not (0.0 < width < 180.0 and 0.0 < height < 180.0):
        raise BadShape("the sides of a box must be larger than 0 and smaller than 180 degrees")
    x, y = math.tan(math.radians(width) / 2), math.tan(math.radians(height) / 2)
    a = math.radians(centre.longitude)
    east: Vector = (-math.sin(a), math.cos(a), 0.0)
    north = cross(centre.vector, east)
    corners = ((-x, -y), (x, -y), (x, y), (-x, y))
    return polygon([position(plus(centre.vector, plus(scale(east, u), scale(north, v)))) for u, v in corners])


# --- measures ---


def _excess(a: Vector, b: Vector, c: Vector) -> float:
    """Signed area of a triangle in steradian (Van Oosterom and Strackee 1983), precise for tiny ones."""
    volume = dot(a, cross(minus(b, a), minus(c, a)))
    return 2.0 * math.atan2(volume, 1.0 + dot(a, b) + dot(b, c) + dot(c, a))


def signed_area(shape: Polygon) -> float:
    """Steradian of the inside, from -2π to 2π; positive where it lies on the left of the edges."""
    first, *rest = shape.vertices
    total = sum(_excess(first, b, c) for b, c in pairwise(rest))
    total -= 4.0 * math.pi * round(total / (4.0 * math.pi))
    # Two halves of the sky: the left one is meant.
    return total if total > -2.0 * math.pi + 1e-9 else total + 4.0 * math.pi


def area(shape: Shape) -> float:
    """Square degrees. Members of a union are added up as they are."""
    if isinstance(shape, Point):
        return 0.0
    if isinstance(shape, Circle):
        return SPHERE * math.sin(math.radians(shape.radius) / 2) ** 2
    if isinstance(shape, Union):
        return sum(area(member) for member in shape.members)
    return math.degrees(math.degrees(abs(signed_area(shape))))


def centroid(shape: Shape) -> Point:
    """The centre of mass on the sphere; of a union the mean of its members by area."""
    if isinstance(shape, Point):
        return shape
    if isinstance(shape, Circle):
        return shape.centre
    if isinstance(shape, Union):
        total: Vector = (0.0, 0.0, 0.0)
        for member in shape.members:
            total = plus(total, scale(centroid(member).vector, area(member) or 1e-30))
        return _point(total)
    return _point(_mass(shape))


def _point(v: Vector) -> Point:
    return Point(*position(v)) if norm(v) > 0 else Point(0.0, 0.0)


def _mass(shape: Polygon) -> Vector:
    """∫ r dA over the inside: half the sum of angle × normal over the edges; by triangles where that loses digits."""
    total: Vector = (0.0, 0.0, 0.0)
    size = signed_area(shape)
    if abs(size) <= 1e-15 * sum(angle(a, b) for a, b in shape.edges()):
        return shape.middle  # its edges run to and fro
    sign = math.copysign(1.0, size)
    first = shape.vertices[0]
    if max(angle(first, v) for v in shape.vertices) < 1e-3:
        for b, c in zip(shape.vertices[1:], shape.vertices[2:], strict=False):
            total = plus(total, scale(plus(first, plus(b, c)), sign * _excess(first, b, c)))
        return total
    for a, b in shape.edges():
        total = plus(total, scale(unit(normal(a, b)), sign * angle(a, b)))
    return total


# --- where points lie ---


def to_edge(p: Vector, a: Vector, b: Vector) -> float:
    """Radians from a point to the arc a–b. Written out in single numbers: most of the time of an exact test is here."""
    px, py, pz = p
    ax, ay, az = a
    bx, by, bz = b
    nx = (ay - by) * (az + bz) - (az - bz) * (ay + by)
    ny = (az - bz) * (ax + bx) - (ax - bx) * (az + bz)
    nz = (ax - bx) * (ay + by) - (ay - by) * (ax + bx)
    cx, cy, cz = ny * pz - nz * py, nz * px - nx * pz, nx * py - ny * px
    if ax * cx + ay * cy + az * cz <= 0.0 <= bx * cx + by * cy + bz * cz:
        return math.atan2(abs(nx * px + ny * py + nz * pz), math.sqrt(cx * cx + cy * cy + cz * cz))
    first = (px - ax) ** 2 + (py - ay) ** 2 + (pz - az) ** 2
    second = (px - bx) ** 2 + (py - by) ** 2 + (pz - bz) ** 2
    return 2.0 * math.asin(min(1.0, math.sqrt(min(first, second)) / 2.0))


def _positive(x: float) -> bool:
    return x >= 0.0


def _crosses(p: Vector, q: Vector, m: Vector, a: Vector, b: Vector) -> bool:
    """Does the arc p–q (normal m) cross the edge a–b? Half-open at the edge's ends, so that a vertex counts once."""
    if _positive(dot(m, a)) == _positive(dot(m, b)):
        return False
    n = normal(a, b)
    if _positive(dot(n, p)) == _positive(dot(n, q)):
        return False
    # The planes meet in two opposite points: both arcs must contain the same one.
    meet = cross(m, n)
    return _positive(dot(meet, plus(p, q))) == _positive(dot(meet, plus(a, b)))


def depth(p: Vector, shape: Polygon) -> float:
    """Radians from a point to the boundary of a polygon, negative outside; at an edge never negative."""
    nearest = min(to_edge(p, a, b) for a, b in shape.edges())
    if nearest <= _EDGE:
        return nearest
    if shape.reach >= WIDE:
        held = _in_wide(p, shape)
    elif angle(p, shape.middle) > shape.reach + _EDGE:
        held = False
    else:
        # A point at right angles to the middle is outside: an odd number of edges lie between it and the inside.
        away = _perpendicular(shape.middle)
        m = normal(p, away)
        held = sum(_crosses(p, away, m, a, b) for a, b in shape.edges()) % 2 == 1
    return nearest if held else -nearest


WIDE = math.radians(89.0)
"""reach from which a polygon has no sure outside"""


def _perpendicular(v: Vector) -> Vector:
    """A unit vector at right angles to another, made with the axis that is farthest from it."""
    x, y, z = (abs(component) for component in v)
    if x <= y and x <= z:
        return unit((0.0, v[2], -v[1]))
    return unit((-v[2], 0.0, v[0])) if y <= z else unit((v[1], -v[0], 0.0))


def _in_wide(p: Vector, shape: Polygon) -> bool:
    """Counts the edges between the point and the middle of one edge, whose inner side the signed area tells."""
    edges = list(shape.edges())
    # The edge whose plane is farthest from the point gives the most certain side.
    chosen = max(range(len(edges)), key=lambda i: abs(dot(unit(normal(*edges[i])), p)))
    a, b = edges[chosen]
    middle = unit(plus(a, b))
    m = normal(p, middle)
    crossings = sum(_crosses(p, middle, m, c, d) for i, (c, d) in enumerate(edges) if i != chosen)
    return (_positive(dot(normal(a, b), p)) == _positive(signed_area(shape))) == (crossings % 2 == 0)


def inside(p: Vector, shape: Polygon) -> bool:
    """Is the point in the polygon, edges included?"""
    return depth(p, shape) >= -_EDGE


# --- one shape in another, and overlap ---


def contains(inner: Shape, outer: Shape) -> bool:
    """Does ``inner`` lie wholly in ``outer``, edges included (ADQL 2.1, section 4.2.10)?"""
    if isinstance(inner, Union):
        return all(contains(member, outer) for member in inner.members)
    if isinstance(outer, Union):
        return any(contains(inner, member) for member in outer.members)
    if isinstance(inner, Point):
        return _has_point(inner.vector, outer)
    if isinstance(inner, Circle):
        return _circle_in(inner, outer)
    return _polygon_in(inner, outer)


def _has_point(p: Vector, outer: Simple) -> bool:
    if isinstance(outer, Point):
        return angle(p, outer.vector) <= _EDGE
    if isinstance(outer, Circle):
        return angle(p, outer.centre.vector) <= math.radians(outer.radius) + _EDGE
    return inside(p, outer)


def _circle_in(inner: Circle, outer: Simple) -> bool:
    centre = inner.centre.vector
    radius = math.radians(inner.radius)
    if isinstance(outer, Point):
        return radius <= _EDGE and angle(centre, outer.vector) <= _EDGE
    if isinstance(outer, Circle):
        limit = math.radians(outer.radius)
        return limit >= math.pi - _EDGE or angle(centre, outer.centre.vector) + radius <= limit + _EDGE
    return depth(centre, outer) >= radius - _EDGE


def _polygon_in(inner: Polygon, outer: Simple) -> bool:
    if isinstance(outer, Point):
        return False
    if isinstance(outer, Circle):
        # No part of the polygon may lie in the circle about the opposite point.
        opposite = scale(outer.centre.vector, -1.0)
        rest = math.pi - math.radians(outer.radius)
        return rest <= _EDGE or depth(opposite, inner) <= _EDGE - rest
    if not all(inside(v, outer) for v in inner.vertices):
        return False
    return all(_edge_in(a, b, outer) for a, b in inner.edges())


def _edge_in(a: Vector, b: Vector, outer: Polygon) -> bool:
    """An arc with both ends in the polygon: does it stay in? Looks between all places where it meets the boundary."""
    n = unit(normal(a, b))
    meets = [v for v in outer.vertices if to_edge(v, a, b) <= _EDGE]
    for c, d in outer.edges():
        if _crosses(a, b, n, c, d):
            at = cross(n, normal(c, d))
            if norm(at) > 0:
                at = unit(at)
                meets.append(at if dot(at, plus(a, b)) > 0 else scale(at, -1.0))
    stops = [a, *sorted(meets, key=lambda v: angle(a, v)), b]
    return all(inside(unit(plus(c, d)), outer) for c, d in pairwise(stops))


def intersects(a: Shape, b: Shape) -> bool:
    """Do the shapes have a point in common?"""
    if isinstance(a, Union):
        return any(intersects(member, b) for member in a.members)
    if isinstance(b, Union):
        return any(intersects(a, member) for member in b.members)
    if isinstance(a, Point):
        return _has_point(a.vector, b)
    if isinstance(b, Point):
        return _has_point(b.vector, a)
    if isinstance(a, Polygon):
        return _polygons_meet(a, b) if isinstance(b, Polygon) else _circle_meets(b, a)
    return _circle_meets(a, b)


def _circle_meets(circle: Circle, other: Circle | Polygon) -> bool:
    centre = circle.centre.vector
    radius = math.radians(circle.radius) + _EDGE
    if isinstance(other, Circle):
        return angle(centre, other.centre.vector) <= radius + math.radians(other.radius)
    return depth(centre, other) >= -radius


def _polygons_meet(a: Polygon, b: Polygon) -> bool:
    if any(inside(v, b) for v in a.vertices) or any(inside(v, a) for v in b.vertices):
        return True
    return any(_crosses(p, q, normal(p, q), c, d) for p, q in a.edges() for c, d in b.edges())


# --- the cap that encloses a shape, for the index ---


@dataclass(frozen=True)
class Cap:
    """A circle round a shape: unit vector of its centre, ``radius`` that encloses the shape, and ``inner``, the
    radius of the largest circle about the same centre that lies wholly in the shape (``NONE``: there is none).
    Degrees."""

    x: float
    y: float
    z: float
    radius: float
    inner: float

    @property
    def vector(self) -> Vector:
        return (self.x, self.y, self.z)


def cap(shape: Shape) -> Cap:
    """Between ``inner`` and ``radius`` only the exact test can say whether something touches the shape."""
    if isinstance(shape, Point):
        return Cap(*shape.vector, 0.0, 0.0)
    if isinstance(shape, Circle):
        return Cap(*shape.centre.vector, shape.radius, shape.radius)
    if isinstance(shape, Union):
        return _union_cap(shape)
    centre, radius = shape.middle, math.degrees(shape.reach) + EDGE
    if radius >= 90.0:
        return Cap(*centre, 180.0, NONE)  # only caps up to a hemisphere are convex
    held = math.degrees(depth(centre, shape)) - EDGE
    return Cap(*centre, radius, held if held > 0 else NONE)


def _union_cap(shape: Union) -> Cap:
    caps = [cap(member) for member in shape.members]
    centre = _mean([one.vector for one in caps])
    radius = max(math.degrees(angle(centre, one.vector)) + one.radius for one in caps)
    return Cap(*centre, min(radius + EDGE, 180.0), NONE)


def region_cap(text: str) -> Cap | None:
    """The cap of an STC-S or DALI region, for the columns of a ``SkyRegion``; None where the text is no region."""
    shape = parse(text)
    return None if shape is None else cap(shape)


# --- texts ---

SYSTEMS = frozenset(
    """
    ICRS FK5 J2000 UNKNOWNFRAME GEOCENTER BARYCENTER TOPOCENTER HELIOCENTER UNKNOWNREFPOS SPHERICAL2 SPHERICAL
    CARTESIAN2
    """.split()
)
FOREIGN = frozenset("FK4 B1950 ECLIPTIC GALACTIC GALACTIC_II SUPER_GALACTIC".split())


def read(text: str) -> Shape:
    """A shape from STC-S (``Circle ICRS 83.6 22 2.5``) or DALI 1.2 shape text. Raises BadShape.

    Frames other than ICRS and its likes are refused, as their positions would be wrong.
    """
    words = text.replace("(", " ( ").replace(")", " ) ").split()
    shape, used = _shape(words, 0)
    # STC-S may say more after the numbers (unit, errors); only the unit concerns the shape.
    tail = [word.lower() for word in words[used:]]
    if tail and tail[:2] != ["unit", "deg"]:
        raise BadShape(f"{words[used]!r} is not understood in the region")
    return shape


def _shape(words: Sequence[str], start: int) -> tuple[Shape, int]:
    if start >= len(words):
        raise BadShape("the region is empty")
    kind = words[start].lower()
    at = start + 1
    while at < len(words) and words[at].upper() in SYSTEMS | FOREIGN:
        if words[at].upper() in FOREIGN:
            raise BadShape(f"the frame {words[at]} is not ICRS")
        at += 1
    if kind == "union":
        return _union(words, at)
    end = at
    numbers: list[float] = []
    while end < len(words) and (number := _number(words[end])) is not None:
        numbers.append(number)
        end += 1
    return from_numbers(kind, numbers), end


def _union(words: Sequence[str], at: int) -> tuple[Shape, int]:
    if at >= len(words) or words[at] != "(":
        raise BadShape("after Union an opening parenthesis is missing")
    at += 1
    members: list[Simple] = []
    while at < len(words) and words[at] != ")":
        member, at = _shape(words, at)
        if isinstance(member, Union):
            raise BadShape("a Union in a Union is not understood")
        members.append(member)
    if at >= len(words) or not members:
        raise BadShape("the Union has no end or no members")
    return Union(tuple(members)), at + 1


def _number(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in word else None


def from_numbers(kind: str, numbers: Sequence[float]) -> Simple:
    """``point``, ``circle``, ``polygon``, ``box`` or DALI's ``range`` from DALI's flat numbers. Raises BadShape."""
    if kind in ("point", "position") and len(numbers) == 2:
        return Point(numbers[0], numbers[1])
    if kind == "circle" and len(numbers) == 3:
        return Circle(Point(numbers[0], numbers[1]), numbers[2])
    if kind == "box" and len(numbers) == 4:
        return box(Point(numbers[0], numbers[1]), numbers[2], numbers[3])
    if kind == "polygon" and len(numbers) >= 6 and len(numbers) % 2 == 0:
        return polygon(list(zip(numbers[::2], numbers[1::2], strict=True)))
    if kind in ("point", "position", "circle", "box", "polygon"):
        raise BadShape(f"{len(numbers)} numbers make no {kind}")
    raise BadShape(f"the shape {kind!r} is not known: Position, Circle, Box, Polygon and Union are")


@lru_cache(maxsize=1024)
def parse(text: str) -> Shape | None:
    """``read``, with None for what is no region."""
    try:
        return read(text)
    except BadShape:
        return None


def numbers_of(shape: Simple) -> tuple[float, ...]:
    """DALI's flat numbers, in degrees."""
    if isinstance(shape, Point):
        return (shape.longitude, shape.latitude)
    if isinstance(shape, Circle):
        return (shape.centre.longitude, shape.centre.latitude, shape.radius)
    return tuple(number for corner in shape.corners for number in corner)


def write(shape: Shape) -> str:
    """STC-S text."""
    if isinstance(shape, Union):
        return f"Union ICRS ({' '.join(write(member).replace(' ICRS', '') for member in shape.members)})"
    name = {"Point": "Position"}.get(type(shape).__name__, type(shape).__name__)
    return " ".join([name, "ICRS", *(repr(number) for number in numbers_of(shape))])
