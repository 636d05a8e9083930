"""What a product page draws of flux points, light curves and other small tables: points with their errors and limits.

Read from the stored file with astropy alone. Column names are those of GADF 0.3 ("SED" and "light curve").
"""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.time import Time
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from gateway.vo import readable as r
from search.archive.extract import stored_fits
from search.archive.models import Product

logger = logging.getLogger(__name__)
Array = NDArray[np.float64]
MAX_SIZE = 20 * 2**20
MAX_POINTS = 5_000
FLUX = "erg cm-2 s-1"
FLUX_WORDS = "erg cm⁻² s⁻¹"
LIMIT_BELOW = 2.0
"""sqrt(TS) below which a point without a flag counts as an upper limit"""


@dataclass
class Points:
    """Places and values with their errors (sizes, not signed); ``limit`` marks upper limits, which stand in ``y``."""

    x: Array
    x_low: Array
    x_high: Array
    y: Array
    y_low: Array
    y_high: Array
    limit: NDArray[np.bool_]


@dataclass
class Curve:
    """``figure`` is for Plotly; ``head`` and ``rows`` say the same as text; ``facts`` is what a reader must know."""

    title: str
    figure: dict[str, Any]
    head: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)


def of(product: Product) -> Curve | None:
    """None for a product that has no such table, or whose file is odd."""
    if not product.is_fits(MAX_SIZE):
        return None
    try:
        with stored_fits(product.storage_key) as hdus:
            return read(hdus)
    except Exception:  # a plot is a courtesy: whatever is odd in the file, the page stays whole
        logger.exception("no curve of %s", product.key)
        return None


def read(hdus: fits.HDUList) -> Curve | None:
    """The first table whose columns are those of a kind that can be drawn."""
    for hdu in hdus:
        if isinstance(hdu, fits.BinTableHDU) and hdu.data is not None and 0 < len(hdu.data) <= MAX_POINTS:
            names = {name.lower() for name in hdu.columns.names}
            for needed, draw in KINDS:
                if needed <= names:
                    return with_model(draw(Columns.of_hdu(hdu)), hdus)
    return None


def with_model(curve: Curve, hdus: fits.HDUList) -> Curve:
    """The curve with the fitted model and its error band beneath, where the file has a table MODEL of them."""
    hdu = next((one for one in hdus if one.name == "MODEL" and isinstance(one, fits.BinTableHDU)), None)
    if hdu is None or hdu.data is None or not 1 < len(hdu.data) <= MAX_POINTS:
        return curve
    table = Columns.of_hdu(hdu)
    if not all(name in table for name in ("energy", "e2dnde", "e2dnde_min", "e2dnde_max")):
        return curve
    x = _plain(table.get("energy", "TeV"))
    value, low, high = (_plain(table.get(name, FLUX)) for name in ("e2dnde", "e2dnde_min", "e2dnde_max"))
    line: dict[str, Any] = {"type": "scatter", "mode": "lines", "x": x, "hoverinfo": "skip"}
    name = str(hdu.header.get("SPECMOD", "")).replace("_", " ")
    curve.figure["data"][:0] = [
        line | {"y": low, "line": {"width": 0}, "showlegend": False},
        line | {"y": high, "line": {"width": 0}, "fill": "tonexty", "band": True, "name": _("error band (68 %)")},
        line
        | {
            "y": value,
            "model": True,
            "name": _("fitted model: %(name)s") % {"name": name} if name else _("fitted model"),
        },
    ]
    return curve


class Columns:
    """Columns as plain numbers in the unit that is wanted; names in any case. ``header`` is what the table says of
    itself."""

    def __init__(self, values: Mapping[str, tuple[Any, str]], header: Mapping[str, Any]) -> None:
        self.header = header
        self.values = {name.lower(): (np.asarray(array), unit) for name, (array, unit) in values.items()}

    @classmethod
    def of_hdu(cls, hdu: fits.BinTableHDU) -> "Columns":
        return cls({column.name: (hdu.data[column.name], column.unit or "") for column in hdu.columns}, hdu.header)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __len__(self) -> int:
        return len(next(iter(self.values.values()))[0])

    def get(self, name: str, unit: str = "") -> Array:
        """NaN where the table has no such column; of array cells the first member."""
        if name not in self.values:
            return np.full(len(self), np.nan)
        raw, given = self.values[name]
        values = np.asarray(raw, dtype=float).reshape(len(self), -1)[:, 0]
        return values * float(_unphotoned(u.Unit(given or u.dimensionless_unscaled)).to(unit)) if unit else values

    def where(self, chosen: NDArray[np.bool_]) -> "Columns":
        """These rows alone. Raises ValueError where there is none."""
        if not chosen.any():
            raise ValueError("no row is left")
        return Columns({name: (raw[chosen], unit) for name, (raw, unit) in self.values.items()}, self.header)

    def limits(self) -> NDArray[np.bool_]:
        if "is_ul" in self.values:
            return self.values["is_ul"][0].reshape(len(self), -1)[:, 0].astype(bool)
        return np.asarray(self.get("sqrt_ts") < LIMIT_BELOW)


def _unphotoned(unit: Any) -> Any:
    """``ph keV-1 cm-2 s-1`` is what others call ``keV-1 cm-2 s-1``."""
    power = sum(one for base, one in zip(unit.bases, unit.powers, strict=True) if base == u.ph)
    return unit / u.ph**power


def sed_points(table: Columns) -> Points:
    """Energies in TeV, E² dN/dE in erg cm-2 s-1, from either of the two that GADF has."""
    energy = table.get("e_ref", "TeV")
    prefix, unit, factor = ("e2dnde", FLUX, 1.0) if "e2dnde" in table else ("dnde", "erg-1 cm-2 s-1", _squared(energy))
    limit = table.limits()
    value, both = table.get(prefix, unit) * factor, table.get(f"{prefix}_err", unit) * factor
    low, high, top = (table.get(f"{prefix}_{name}", unit) * factor for name in ("errn", "errp", "ul"))
    low, high = np.where(np.isfinite(low), low, both), np.where(np.isfinite(high), high, both)
    ends = table.get("e_min", "TeV"), table.get("e_max", "TeV")
    limit = limit | (~np.isfinite(value) & np.isfinite(top))
    return Points(energy, energy - ends[0], ends[1] - energy, np.where(limit, top, value), low, high, limit)


def _squared(tev: Array) -> Array:
    return np.asarray((tev * float(u.TeV.to("erg"))) ** 2)


def light_curve_points(table: Columns) -> tuple[Points, Array]:
    """Middle of each bin as MJD (UTC), fluxes in cm-2 s-1; and the ends of the bins. Each bin must have its times."""
    reference = float(table.header.get("MJDREFI", 0)) + float(table.header.get("MJDREFF", 0))
    scale = str(table.header.get("TIMESYS", "utc")).strip().lower()
    unit = str(table.header.get("TIMEUNIT", "d")).strip() or "d"
    raw = np.array([table.get("time_min"), table.get("time_max")]) * float(u.Unit(unit).to("d")) + reference
    ends = np.asarray(Time(raw, format="mjd", scale=scale if scale in Time.SCALES else "utc").utc.mjd)
    value, top = table.get("flux", "cm-2 s-1"), table.get("flux_ul", "cm-2 s-1")
    limit = table.limits() | (~np.isfinite(value) & np.isfinite(top))
    flux = np.where(limit, top, value)
    both = table.get("flux_err", "cm-2 s-1")
    low, high = (table.get(f"flux_{name}", "cm-2 s-1") for name in ("errn", "errp"))
    low, high = np.where(np.isfinite(low), low, both), np.where(np.isfinite(high), high, both)
    half = (ends[1] - ends[0]) / 2
    return Points(ends.mean(axis=0), half, half, flux, low, high, limit), ends


def traces(points: Points, name: str = "", x: Sequence[Any] | None = None) -> list[dict[str, Any]]:
    """Plotly traces of the points and of the upper limits."""
    where = _plain(points.x) if x is None else list(x)
    made = []
    for limit in (False, True):
        chosen = [i for i in range(len(points.x)) if bool(points.limit[i]) == limit and np.isfinite(points.y[i])]
        if not chosen:
            continue
        trace: dict[str, Any] = {
            "type": "scatter", "mode": "markers", "x": [where[i] for i in chosen],
            "y": _plain(points.y[chosen]), "name": _label(name, limit),
            "marker": {"symbol": "triangle-down-open" if limit else "circle", "size": 10 if limit else 7},
        }  # fmt: skip
        if x is None:
            trace["error_x"] = _errors(points.x_low[chosen], points.x_high[chosen])
        if not limit:
            trace["error_y"] = _errors(points.y_low[chosen], points.y_high[chosen])
        made.append(trace)
    return made


def _label(name: str, limit: bool) -> str:
    words = _("upper limits") if limit else _("points")
    return f"{name}, {words}" if name and limit else name or words


def _errors(low: Array, high: Array) -> dict[str, Any]:
    return {"type": "data", "symmetric": False, "array": _plain(np.nan_to_num(high)),
            "arrayminus": _plain(np.nan_to_num(low)), "thickness": 1.2, "width": 0}  # fmt: skip


def _plain(values: Array) -> list[float | None]:
    """As JSON has them: four digits less than a double, nothing infinite."""
    return [float(f"{value:.9g}") if math.isfinite(value) else None for value in values.tolist()]


def with_error(value: float, low: float, high: float) -> str:
    """``4.29e-11 +0.22e-11 -0.20e-11`` as people write it: the power of ten once, errors to two digits. A value whose
    errors are not given stands alone."""
    if not math.isfinite(value) or value == 0:
        return r.MISSING
    if not (math.isfinite(low) and math.isfinite(high)):
        return r.short(value)
    power = math.floor(math.log10(abs(value)))
    scale = 10.0**power
    smallest = min((error for error in (low, high) if error > 0), default=abs(value) / 100)
    places = max(0, min(6, 1 - math.floor(math.log10(smallest / scale))))
    head, up, down = (f"{number / scale:.{places}f}" for number in (value, high, low))
    errors = f"± {up}" if up == down else f"+{up} −{down}"
    return f"({head.replace('-', '−')} {errors}) × 10{_superscript(power)}"


def _superscript(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _limit_words(value: float) -> str:
    if not math.isfinite(value) or value <= 0:
        return r.MISSING
    power = math.floor(math.log10(value))
    return f"< {value / 10.0**power:.2f} × 10{_superscript(power)}"


def value_words(points: Points, i: int) -> str:
    if points.limit[i]:
        return _limit_words(float(points.y[i]))
    return with_error(float(points.y[i]), float(points.y_low[i]), float(points.y_high[i]))


def sed(table: Columns) -> Curve:
    points = sed_points(table)
    significance = table.get("sqrt_ts")
    rows = [
        [f"{points.x[i]:.3g}", f"{points.x[i] - points.x_low[i]:.3g} – {points.x[i] + points.x_high[i]:.3g}",
         value_words(points, i), r.fixed(significance[i], 1)]
        for i in range(len(points.x))
    ]  # fmt: skip
    head = [(_("Energy"), "TeV"), (_("Bin"), "TeV"), ("E² dN/dE", FLUX_WORDS), ("√TS", "")]
    figure = {"data": traces(points), "layout": sed_layout()}
    return Curve(_("Spectral energy distribution"), figure, head, rows, reader_facts(table.header))


def sed_layout() -> dict[str, Any]:
    return {
        "xaxis": {"type": "log", "title": {"text": _("Energy (TeV)")}},
        "yaxis": {"type": "log", "title": {"text": f"E² dN/dE ({FLUX_WORDS})"}, "exponentformat": "power"},
    }


def light_curve(table: Columns) -> Curve:
    table = table.where(np.isfinite(table.get("time_min")) & np.isfinite(table.get("time_max")))
    points, ends = light_curve_points(table)
    significance = table.get("sqrt_ts")
    moments = Time(points.x, format="mjd", scale="utc").isot
    data = traces(points, x=[str(one)[:19] for one in moments])
    rows = [
        [r.moment(ends[0][i], "second"), r.moment(ends[1][i], "second"), value_words(points, i),
         r.fixed(significance[i], 1)]
        for i in range(len(points.x))
    ]  # fmt: skip
    low, high = table.get("e_min", "TeV")[0], table.get("e_max", "TeV")[0]
    band = f"{low:.3g} – {high:.3g} TeV" if math.isfinite(low) and math.isfinite(high) else ""
    layout = {
        "xaxis": {"type": "date", "title": {"text": _("Middle of the bin (UTC)")}},
        "yaxis": {"title": {"text": _("Flux (cm⁻² s⁻¹)")}, "exponentformat": "power", "rangemode": "tozero"},
    }
    head = [(_("Start"), "UTC"), (_("Stop"), "UTC"), (_("Flux"), "cm⁻² s⁻¹"), ("√TS", "")]
    facts = ([(_("Energies"), band)] if band else []) + reader_facts(table.header)
    return Curve(_("Light curve"), {"data": data, "layout": layout}, head, rows, facts)


def theta_squared(table: Columns) -> Curve:
    low, high = table.get("theta2_min"), table.get("theta2_max")
    on, off, alpha = table.get("counts"), table.get("counts_off"), table.get("alpha")
    middle = (low + high) / 2
    expected = np.nan_to_num(off * alpha)
    data = [
        {"type": "bar", "name": _("ON"), "x": _plain(middle), "y": _plain(on), "width": _plain(high - low)},
        {"type": "scatter", "mode": "markers", "name": _("expected background"), "x": _plain(middle),
         "y": _plain(expected), "error_y": _errors(np.sqrt(off) * alpha, np.sqrt(off) * alpha)},
    ]  # fmt: skip
    layout = {"xaxis": {"title": {"text": "θ² (deg²)"}}, "yaxis": {"title": {"text": _("Events")}}, "bargap": 0.02}
    rows = [
        [f"{low[i]:.3f} – {high[i]:.3f}", r.whole(on[i]), r.whole(off[i]), r.fixed(expected[i], 1)]
        for i in range(len(on))
    ]
    head = [("θ²", "deg²"), (_("ON"), ""), (_("OFF"), ""), (_("Expected background"), "")]
    return Curve(_("θ² distribution"), {"data": data, "layout": layout}, head, rows, reader_facts(table.header))


def reader_facts(header: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a reader of a result asks for first, as far as the file says it."""
    number: Callable[[str], float | None] = lambda name: r.finite(header.get(name))  # noqa: E731
    stat, dof, confidence = number("STAT"), number("DOF"), number("UL_CONF")
    kind = str(header.get("STATTYPE", "")).strip() or _("Statistic")
    pairs = [
        (_("Livetime"), r.duration(number("LIVETIME"))),
        (_("Energy threshold"), _unit(r.short(number("ETHRESH")), " TeV")),
        (_("Mean zenith"), _unit(r.fixed(number("ZENITH"), 1), "°")),
        (_("Cuts"), _text(header, "CUTS")),
        (_("Background"), _text(header, "BKGMODEL")),
        (_("Fitted hypothesis"), _text(header, "SPECMOD").replace("_", " ")),
        (_("%(statistic)s / degrees of freedom") % {"statistic": kind},
         "" if stat is None or dof is None else f"{stat:.1f} / {dof:.0f}"),
        (_("Upper limits at"), "" if confidence is None else f"{100 * confidence:.0f} %"),
        (_("Version"), _text(header, "VERSION")),
        (_rights(header), _text(header, "RIGHTS")),
        (_("Contact"), _text(header, "CONTACT")),
        (_("Creator"), _text(header, "CREATOR")),
    ]  # fmt: skip
    return [(label, value) for label, value in pairs if value not in ("", r.MISSING)]


def _rights(header: Mapping[str, Any]) -> str:
    """A result keeps the rights of what it was made from; its own are decided here and stand at its name."""
    comments = getattr(header, "comments", {})
    return _("Rights of the inputs") if "RIGHTS" in header and "input" in comments["RIGHTS"] else _("Rights")


def _text(header: Mapping[str, Any], name: str) -> str:
    value = header.get(name, "")
    return value.strip() if isinstance(value, str) else str(value)


def _unit(value: str, suffix: str) -> str:
    return value if value == r.MISSING else value + suffix


KINDS: tuple[tuple[frozenset[str], Callable[[Columns], Curve]], ...] = (
    (frozenset({"e_ref", "dnde"}), sed),
    (frozenset({"e_ref", "e2dnde"}), sed),
    (frozenset({"time_min", "time_max", "flux"}), light_curve),
    (frozenset({"theta2_min", "theta2_max", "counts"}), theta_squared),
)
