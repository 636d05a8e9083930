"""Source catalogue: peaks of a significance map with ring background (gammapy)."""

from collections.abc import Mapping, Sequence
from typing import Any

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import QTable
from gammapy.estimators.utils import find_peaks
from gammapy.maps import WcsNDMap

from jobs.activity import Out, StagedInput
from jobs.analysis.common import geometry, maps, observations, plots, ring, spectra
from jobs.analysis.common.obscore import merge, of_map
from jobs.analysis.common.work import Work
from jobs.analysis.source_catalog.description import SourceCatalog

COLUMNS = {
    "SOURCE_NAME": ("meta.id;meta.main", "name made from the position"),
    "RAJ2000": ("pos.eq.ra;meta.main", "right ascension (ICRS)"),
    "DEJ2000": ("pos.eq.dec;meta.main", "declination (ICRS)"),
    "GLON": ("pos.galactic.lon", "Galactic longitude"),
    "GLAT": ("pos.galactic.lat", "Galactic latitude"),
    "POS_ERR": ("stat.error;pos.eq", "half a pixel's diagonal: the least error"),
    "SQRT_TS": ("stat.snr", "significance"),
    "EXCESS": ("phot.count", "counts above background in the ON radius"),
    "COUNTS": ("phot.count", "counts in the ON radius"),
    "BACKGROUND": ("phot.count;instr.background", "background counts in the ON radius"),
}
"""column: (UCD, description)"""


def run(params: SourceCatalog, inputs: Mapping[str, Sequence[StagedInput]], out: Out) -> None:
    work = Work(params, inputs, out)
    field = maps.field(params)
    read = observations.read_all(inputs["observations"], out, ("aeff", "bkg"), until=0.1)
    spectra.refuse_point_like(read, "a source catalogue")
    runs = maps.in_view(read, params, out)
    with out.step("reduce", used=work.keys, made="reduced datasets", runs=len(runs)):
        stacked = ring.stack(runs, field, out, span=(0.1, 0.7))
    out.progress(0.7, "Significance")
    found = maps.images(maps.estimate(stacked, params.on_radius))
    sources = catalogue(found, params)
    if not len(sources):
        out.warn(f"No peak reaches a significance of {params.threshold:g}: the catalogue is empty.")
    out.progress(0.85, "Writing")
    write(work, sources, found["sqrt_ts"])
    draw(work, sources, found["sqrt_ts"])
    rows = [{name.lower(): _plain(row[name]) for name in COLUMNS} for row in sources]
    work.summary({"n_sources": len(sources), "sources": rows, "runs": maps.runs_used(runs)})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else float(u.Quantity(value).value)


def catalogue(found: Mapping[str, WcsNDMap], params: SourceCatalog) -> QTable:
    """One line per peak, the most significant first; empty with all columns where there is none."""
    significance = found["sqrt_ts"]
    peaks = find_peaks(significance, threshold=params.threshold, min_distance=2 * params.on_radius * u.deg)
    position = (
        SkyCoord(peaks["ra"], peaks["dec"], unit="deg", frame="icrs") if len(peaks) else SkyCoord([], [], unit="deg")
    )
    values = {name: np.asarray(image.get_by_coord(position)).reshape(-1) for name, image in found.items()}
    table = QTable(
        {
            "SOURCE_NAME": np.array([name(item) for item in position], dtype="U20"),
            "RAJ2000": position.ra,
            "DEJ2000": position.dec,
            "GLON": position.galactic.l,
            "GLAT": position.galactic.b,
            "POS_ERR": np.full(len(position), params.binsz / 2**0.5) * u.deg,
            "SQRT_TS": values["sqrt_ts"],
            "EXCESS": values["npred_excess"],
            "COUNTS": values["counts"],
            "BACKGROUND": values["npred_background"],
        }
    )
    for column, (ucd, text) in COLUMNS.items():
        table[column].info.meta = {"ucd": ucd}
        table[column].info.description = text
    table.sort("SQRT_TS", reverse=True)
    return table


def name(position: SkyCoord) -> str:
    """``JHHMM+DDd``, truncated as the IAU wants it."""
    hours = position.ra.hour
    dec = position.dec.deg
    return f"J{int(hours):02d}{int(hours % 1 * 60):02d}{'-' if dec < 0 else '+'}{int(abs(dec) * 10):03d}"


def write(work: Work, sources: QTable, significance: WcsNDMap) -> None:
    place = of_map(work.params)
    sources.meta = {"EXTNAME": "CATALOG", "THRESH": work.params.threshold, "ON_RAD": work.params.on_radius}
    sources.write(work.out.path("source_catalog.fits"), overwrite=True)
    _ucds(work, sources)
    row = {"dataproduct_type": "measurements", "dataproduct_subtype": "source-catalog"}
    work.product("source_catalog.fits", title=f"Source catalogue about{work.label[3:] or ' the target'}", level="DL6",
                 content="catalogue", obscore=merge(place, row), main=True)  # fmt: skip
    significance.write(work.out.path("significance_map.fits"), overwrite=True)
    image = {"dataproduct_subtype": "significance-map", "o_ucd": "stat.snr"}
    work.product("significance_map.fits", title=f"Significance map{work.label} (ring background)", level="DL5",
                 content="GADF-map", obscore=merge(place, image))  # fmt: skip


def _ucds(work: Work, sources: QTable) -> None:
    """UCDs as TUCDn cards, from which a published table takes them."""
    with fits.open(work.out.path("source_catalog.fits"), mode="update") as hdus:
        for number, column in enumerate(sources.colnames, start=1):
            hdus[1].header[f"TUCD{number}"] = COLUMNS[column][0]
            hdus[1].header.comments[f"TTYPE{number}"] = COLUMNS[column][1]


def draw(work: Work, sources: QTable, significance: WcsNDMap) -> None:
    params = work.params
    title = f"{len(sources)} source{'' if len(sources) == 1 else 's'} above {params.threshold:g} σ"
    position = SkyCoord(sources["RAJ2000"], sources["DEJ2000"])
    circles = [(item, params.on_radius) for item in position]
    work.picture(plots.map_picture(significance, title, "significance (σ)", circles=circles, limits=(-5, None)), title)
    center = geometry.target(params)
    traces, layout = plots.map_plot(significance, "significance (σ)", total=False, center=center)
    east, north = (item.to_value("deg") for item in center.spherical_offsets_to(position))
    marks = {
        "type": "scatter", "mode": "markers", "name": "sources", "x": east, "y": north,
        "text": list(map(str, sources["SOURCE_NAME"])), "marker": {"symbol": "circle-open", "size": 14},
    }  # fmt: skip
    work.plot([*traces, marks], layout, title)
