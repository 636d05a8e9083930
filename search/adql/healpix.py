"""HEALPix cells (NESTED) of single positions, after Górski et al. 2005 (ApJ 622, 759).

Plain arithmetic, so that SQLite can call it a row at a time and PostgreSQL can repeat it step by step.
"""

import math

MAX_ORDER = 29
FACE_RING = (2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4)
FACE_PHASE = (1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7)


def _spread(value: int) -> int:
    """The bits of a number, with a gap after each."""
    spread = 0
    for bit in range(value.bit_length()):
        spread |= (value >> bit & 1) << (2 * bit)
    return spread


def _gathered(value: int) -> int:
    gathered = 0
    for bit in range((value.bit_length() + 1) // 2):
        gathered |= (value >> (2 * bit) & 1) << bit
    return gathered


def index(order: int, longitude: float, latitude: float) -> int:
    """Number of the cell of a position in degrees; ValueError for an order outside 0 to 29 or a bad latitude."""
    if not 0 <= order <= MAX_ORDER or not -90.0 <= latitude <= 90.0:
        raise ValueError((order, latitude))
    side = 1 << order
    z = math.sin(math.radians(latitude))
    turn = math.fmod(longitude, 360.0) / 90.0
    turn = turn + 4.0 if turn < 0 else turn
    turn = 0.0 if turn >= 4.0 else turn
    if abs(z) <= 2.0 / 3.0:
        face, x, y = _equatorial(side, z, turn)
    else:
        face, x, y = _polar(side, latitude, turn)
    return face * side * side + _spread(x) + 2 * _spread(y)


def _equatorial(side: int, z: float, turn: float) -> tuple[int, int, int]:
    ascending = math.floor(side * (0.5 + turn) - side * z * 0.75)
    descending = math.floor(side * (0.5 + turn) + side * z * 0.75)
    p, q = ascending // side, descending // side
    face = p % 4 + 4 if p == q else (p % 4 if p < q else q % 4 + 8)
    return face, descending % side, side - ascending % side - 1


def _polar(side: int, latitude: float, turn: float) -> tuple[int, int, int]:
    quarter = min(int(turn), 3)
    part = turn - quarter
    # sqrt(3 (1 - |z|)) with the digits that 1 - |z| loses near the pole
    reach = side * math.sqrt(6.0) * math.sin(math.radians(90.0 - abs(latitude)) / 2)
    up = min(int(part * reach), side - 1)
    down = min(int((1.0 - part) * reach), side - 1)
    if latitude >= 0:
        return quarter, side - down - 1, side - up - 1
    return quarter + 8, up, down


def center(order: int, cell: int) -> tuple[float, float]:
    """Longitude and latitude in degrees of a cell's centre; ValueError for a cell that does not exist."""
    if not 0 <= order <= MAX_ORDER or not 0 <= cell < 12 << (2 * order):
        raise ValueError((order, cell))
    side = 1 << order
    face, rest = divmod(cell, side * side)
    x, y = _gathered(rest), _gathered(rest >> 1)
    ring = FACE_RING[face] * side - x - y - 1
    if ring < side:
        width, latitude = ring, 90.0 - 2.0 * math.degrees(math.asin(ring / (side * math.sqrt(6.0))))
    elif ring > 3 * side:
        width = 4 * side - ring
        latitude = 2.0 * math.degrees(math.asin(width / (side * math.sqrt(6.0)))) - 90.0
    else:
        width, latitude = side, math.degrees(math.asin((2 * side - ring) * 2.0 / (3.0 * side)))
    phase = FACE_PHASE[face] * width + x - y
    return (phase % (8 * width)) * 45.0 / width, latitude
