"""Small bar charts drawn on the server as SVG: they need no script, print well and take the theme's colours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.vo.readable import short, whole

LEFT, BOTTOM, TOP, RIGHT = 44, 34, 8, 8


@dataclass
class Bar:
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass
class Chart:
    """Coordinates are those of the SVG. ``line`` is a path of a second series, ``shade`` a band (x, width)."""

    title: str
    note: str
    label: str
    width: int
    height: int
    bars: list[Bar] = field(default_factory=list)
    x_ticks: list[tuple[float, str]] = field(default_factory=list)
    y_ticks: list[tuple[float, str]] = field(default_factory=list)
    line: str = ""
    shade: tuple[float, float] | None = None
    table: list[tuple[str, str]] = field(default_factory=list)

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def floor(self) -> int:
        return self.height - BOTTOM


def nice_step(top: float, count: int = 4) -> float:
    """A step of 1, 2, 4 or 5 times a power of ten that divides ``top`` into at most ``count`` parts or so."""
    raw = max(top, 1e-12) / count
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 4, 5, 10) if factor * power >= raw)


@dataclass
class Series:
    """``edges`` has one member more than ``values``; both in the units of the axis."""

    edges: Sequence[float]
    values: Sequence[float]
    second: Sequence[float] = ()
    logarithmic: bool = False
    shaded_below: float | None = None


def bars(series: Series, *, title: str, note: str = "", label: str = "", size: tuple[int, int] = (520, 230)) -> Chart:
    """A histogram with axes."""
    chart = Chart(title, note, label, *size)
    top = max([*series.values, *series.second, 1]) * 1.02
    low, high = _scaled(series, series.edges[0]), _scaled(series, series.edges[-1])

    def x(value: float) -> float:
        return round(LEFT + (chart.right - LEFT) * (_scaled(series, value) - low) / ((high - low) or 1), 1)

    def y(value: float) -> float:
        return round(chart.floor - (chart.floor - TOP) * value / top, 1)

    for a, b, value in zip(series.edges[:-1], series.edges[1:], series.values, strict=True):
        words = f"{short(a)} – {short(b)}"
        chart.bars.append(
            Bar(
                x(a),
                y(value),
                round(max(x(b) - x(a) - 1, 0.6), 1),
                round(chart.floor - y(value), 1),
                f"{words}: {whole(value)}",
            )
        )
        chart.table.append((words, whole(value)))
    step = nice_step(top)
    chart.y_ticks = [(y(step * place), whole(step * place)) for place in range(int(top / step) + 1)]
    chart.x_ticks = [(x(value), short(value, 2)) for value in _x_ticks(series)]
    if series.second:
        chart.line = _steps(
            [(x(a), x(b), y(v)) for a, b, v in zip(series.edges[:-1], series.edges[1:], series.second, strict=True)]
        )
    if series.shaded_below is not None and series.shaded_below > series.edges[0]:
        chart.shade = (LEFT, round(min(x(series.shaded_below), chart.right) - LEFT, 1))
    return chart


def _scaled(series: Series, value: float) -> float:
    return math.log10(value) if series.logarithmic else value


def _x_ticks(series: Series) -> list[float]:
    low, high = series.edges[0], series.edges[-1]
    if series.logarithmic:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = (1, 3) if len(decades) < 6 else (1,)
        return [v for d in decades for v in (step * 10.0**d for step in steps) if low * 0.999 <= v <= high * 1.001]
    step = nice_step(high - low, 3)
    first = math.ceil(low / step - 1e-9)
    return [place * step for place in range(first, math.floor(high / step + 1e-9) + 1)]


def _steps(points: list[tuple[float, float, float]]) -> str:
    parts = [f"M{points[0][0]} {points[0][2]}"]
    parts += [f"V{y}H{b}" for _a, b, y in points]
    return "".join(parts)
