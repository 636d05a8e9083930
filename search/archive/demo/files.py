"""A run as a GADF DL3 file and the store's two index files: the same bytes for the same seed."""

import gzip
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from search.archive.demo import instrument as i
from search.archive.demo.plan import Run, separation

ORIGIN = "Simulation by Distiller"
CREATOR = "Distiller demo simulation 1.0"
DOCUMENT = "https://github.com/open-gamma-ray-astro/gamma-astro-data-formats"
MJDREFI, MJDREFF = 51910, 0.000742870370370241
"""2001-01-01T00:00:00 UTC, in TT"""
REFERENCE = datetime.fromisoformat("2001-01-01T00:00:00+00:00")
LEAP_SECONDS = 5
"""inserted between 2001 and the demo's dates"""
TT_MINUS_UTC = 69.184
"""s, in the years of the demo"""
CHECKSUM_DATE = "2025-01-01T00:00:00"

TRUE_EDGES = i.edges(0.02, 200, 12)
RECO_EDGES = i.edges(0.02, 200, 8)
EDISP_EDGES = i.edges(0.02, 200, 6)
PSF_EDGES = i.edges(0.02, 200, 5)
MIGRA = np.linspace(0.2, 1.8, 81)
OFFSETS = np.arange(0, 3.01, 0.25)
FEW_OFFSETS = np.array([0.0, 1.5, 3.0])
RAD = np.linspace(0, 0.6, 101)
BKG_OFFSETS = np.linspace(0, i.FIELD_RADIUS, 16)


def met(when: datetime) -> float:
    """Mission elapsed time, s."""
    return (when - REFERENCE).total_seconds() + LEAP_SECONDS


def creation_date(run: Run) -> str:
    return (run.stop + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S")


def _centres(edges: Any) -> Any:
    return np.sqrt(edges[1:] * edges[:-1])


def _axis(name: str, low: Any, high: Any, unit: str) -> list[tuple[str, Any, str]]:
    return [(f"{name}_LO", low, unit), (f"{name}_HI", high, unit)]


def _response(run: Run, name: str, classes: tuple[str, str], columns: list[tuple[str, Any, str]]) -> fits.BinTableHDU:
    """One row; arrays stand in FITS order, the last index is the fastest."""
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column(
                name=column,
                format=f"{values.size}E",
                unit=unit,
                array=np.asarray(values, dtype="f4").reshape(1, *values.shape),
                dim="(" + ",".join(map(str, reversed(values.shape))) + ")" if values.ndim > 1 else None,
            )
            for column, values, unit in columns
        ],
        name=name,
    )
    common = {"HDUCLAS1": "RESPONSE", "HDUCLAS2": classes[0], "HDUCLAS3": "FULL-ENCLOSURE", "HDUCLAS4": classes[1]}
    table.header.update(_common(run) | common)
    return table


def _common(run: Run) -> dict[str, Any]:
    return {
        "HDUCLASS": "GADF",
        "HDUDOC": DOCUMENT,
        "HDUVERS": "0.3",
        "TELESCOP": run.site.telescope,
        "INSTRUME": run.site.instrument,
        "ORIGIN": ORIGIN,
        "CREATOR": CREATOR,
        "DATE": creation_date(run),
        "OBS_ID": run.obs_id,
        "EV_CLASS": run.chain.cuts,
        "SIMULATD": True,
    }


def responses(run: Run) -> list[fits.BinTableHDU]:
    true, few = _centres(TRUE_EDGES), FEW_OFFSETS
    energy = _axis("ENERG", TRUE_EDGES[:-1], TRUE_EDGES[1:], "TeV")
    area = i.area(run, true[None, :], OFFSETS[:, None])
    aeff = _response(run, "AEFF", ("EFF_AREA", "AEFF_2D"),
                     [*energy, *_axis("THETA", OFFSETS, OFFSETS, "deg"), ("EFFAREA", area, "m2")])  # fmt: skip
    aeff.header.update({"LO_THRES": run.threshold, "HI_THRES": 100.0, "CONFIG": run.chain.cuts})
    migra = (MIGRA[1:] + MIGRA[:-1]) / 2
    width = np.sqrt(2 * np.pi) * i.RESOLUTION
    matrix = np.exp(-0.5 * ((migra - 1) / i.RESOLUTION) ** 2) / width
    cube = np.tile(matrix[None, :, None], (len(few), 1, len(EDISP_EDGES) - 1))
    edisp = _response(run, "EDISP", ("EDISP", "EDISP_2D"),
                      [*_axis("ENERG", EDISP_EDGES[:-1], EDISP_EDGES[1:], "TeV"),
                       *_axis("MIGRA", MIGRA[:-1], MIGRA[1:], ""), *_axis("THETA", few, few, "deg"),
                       ("MATRIX", cube, "")])  # fmt: skip
    sigma, rad = np.radians(i.psf_sigma(_centres(PSF_EDGES))), np.radians((RAD[1:] + RAD[:-1]) / 2)
    density = np.exp(-0.5 * (rad[:, None] / sigma) ** 2) / (2 * np.pi * sigma**2)
    psf = _response(run, "PSF", ("RPSF", "PSF_TABLE"),
                    [*_axis("ENERG", PSF_EDGES[:-1], PSF_EDGES[1:], "TeV"), *_axis("THETA", few, few, "deg"),
                     *_axis("RAD", RAD[:-1], RAD[1:], "deg"),
                     ("RPSF", np.tile(density[:, None, :], (1, len(few), 1)), "sr-1")])  # fmt: skip
    centre = (BKG_OFFSETS[1:] + BKG_OFFSETS[:-1]) / 2
    rate = i.background(run, _centres(RECO_EDGES)[None, :], centre[:, None]) * 1e-6
    bkg = _response(run, "BKG", ("BKG", "BKG_2D"),
                    [*_axis("ENERG", RECO_EDGES[:-1], RECO_EDGES[1:], "TeV"),
                     *_axis("THETA", BKG_OFFSETS[:-1], BKG_OFFSETS[1:], "deg"),
                     ("BKG", rate, "s-1 MeV-1 sr-1")])  # fmt: skip
    bkg.header["FOVALIGN"] = "RADEC"
    return [aeff, edisp, psf, bkg]


def _time_cards(run: Run) -> dict[str, Any]:
    return {
        "MJDREFI": MJDREFI, "MJDREFF": MJDREFF, "TIMEUNIT": "s", "TIMESYS": "TT", "TIMEREF": "LOCAL",
        "TSTART": met(run.start), "TSTOP": met(run.stop),
    }  # fmt: skip


def _dates(run: Run) -> dict[str, str]:
    """In the scale of TIMESYS, TT."""
    cards = {}
    for suffix, when in (("OBS", run.start), ("END", run.stop)):
        local = when + timedelta(seconds=TT_MINUS_UTC)
        cards[f"DATE-{suffix}"] = local.strftime("%Y-%m-%d")
        cards[f"TIME-{suffix}"] = local.strftime("%H:%M:%S.%f")[:-3]
    return cards


def event_cards(run: Run) -> dict[str, Any]:
    """Keywords of the EVENTS HDU."""
    live = run.duration * (1 - i.DEAD_TIME)
    depth = {"parallel": 0.0, "convergent": 10.0, "divergent": -25.0}[run.pointing_mode]
    return _common(run) | {"HDUCLAS1": "EVENTS"} | _time_cards(run) | _dates(run) | {
        "ONTIME": run.duration, "LIVETIME": live, "DEADC": 1 - i.DEAD_TIME, "TELAPSE": run.duration,
        "OBJECT": run.source.object, "RA_OBJ": run.source.ra, "DEC_OBJ": run.source.dec,
        "RA_PNT": run.ra_pnt, "DEC_PNT": run.dec_pnt, "ALT_PNT": run.alt, "AZ_PNT": run.az,
        "RADECSYS": "ICRS", "EQUINOX": 2000.0, "OBS_MODE": run.obs_mode, "CONV_DEP": depth,
        "PNT_MODE": run.pointing_mode, "N_TELS": len(run.sub_array.telescopes), "TELLIST": _tel_list(run),
        "SUBARRAY": run.sub_array.name, "GEOLON": run.site.lon, "GEOLAT": run.site.lat,
        "ALTITUDE": run.site.height, "MUONEFF": run.muon_efficiency, "QUALITY": run.quality,
        "WEATHER": run.weather, "TRANSPAR": run.transparency, "NSBRATE": run.nsb, "OBSERVER": run.observer,
        "EUNIT": "TeV", "EVTVER": "1.0", "PIPELINE": run.chain.pipeline[0], "PIPEVERS": run.chain.pipeline[1],
        "CALIBVER": run.chain.calibration, "RECOMETH": run.chain.reconstruction, "CUTSET": run.chain.cuts,
        "PROPOSAL": run.source.proposal,
    }  # fmt: skip


def _tel_list(run: Run) -> str:
    """Comma-separated telescope ids, as GADF wants them."""
    return ",".join(map(str, run.sub_array.telescopes))


def observation(run: Run, events: i.Events) -> tuple[bytes, list[tuple[str, str, str, int]]]:
    """The gzipped file, and (HDU type, class, name, bytes) of each HDU."""
    columns = [
        fits.Column(name="EVENT_ID", format="1K", array=np.arange(1, len(events.time) + 1)),
        fits.Column(name="TIME", format="1D", unit="s", array=np.round(met(run.start) + events.time, 6)),
        fits.Column(name="RA", format="1E", unit="deg", array=events.ra),
        fits.Column(name="DEC", format="1E", unit="deg", array=events.dec),
        fits.Column(name="ENERGY", format="1E", unit="TeV", array=events.energy),
    ]
    event_table = fits.BinTableHDU.from_columns(columns, name="EVENTS")
    event_table.header.update(event_cards(run))
    gti = fits.BinTableHDU.from_columns(
        [
            fits.Column(name=name, format="1D", unit="s", array=np.array([value]))
            for name, value in (("START", met(run.start)), ("STOP", met(run.stop)))
        ],
        name="GTI",
    )
    gti.header.update(_common(run) | {"HDUCLAS1": "GTI"} | _time_cards(run))
    tables = [event_table, gti, *responses(run)]
    types = ["events", "gti", "aeff", "edisp", "psf", "bkg"]
    classes = ["events", "gti", "aeff_2d", "edisp_2d", "psf_table", "bkg_2d"]
    entries = [
        (kind, name, hdu.name, int(hdu.filebytes())) for kind, name, hdu in zip(types, classes, tables, strict=True)
    ]
    return packed([fits.PrimaryHDU(), *tables]), entries


def packed(hdus: Sequence[Any]) -> bytes:
    """FITS with checksums, gzipped without any clock in it."""
    for hdu in hdus:
        hdu.add_checksum(when=CHECKSUM_DATE)
    stream = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(stream)
    return gzip.compress(stream.getvalue(), compresslevel=6, mtime=0)


def index_row(run: Run, events: int) -> dict[str, Any]:
    """A row of the observation index."""
    cards = event_cards(run)
    names = (
        "OBS_ID", "RA_PNT", "DEC_PNT", "ALT_PNT", "AZ_PNT", "OBJECT", "RA_OBJ", "DEC_OBJ", "OBS_MODE", "ONTIME",
        "LIVETIME", "DEADC", "TSTART", "TSTOP", "DATE-OBS", "TIME-OBS", "DATE-END", "TIME-END", "N_TELS", "TELLIST",
        "QUALITY", "MUONEFF", "TELESCOP", "INSTRUME",
    )  # fmt: skip
    return {name: cards[name] for name in names} | {
        "ZEN_PNT": round(run.zenith, 4),
        "OFFSET_OBJ": round(separation(run.ra_pnt, run.dec_pnt, run.source.ra, run.source.dec), 6),
        "EVENT_COUNT": events,
        "TARGET_NAME": run.source.name,
        "SAFE_ENERGY_LO": run.threshold,
        "SAFE_ENERGY_HI": 100.0,
    }


def write_index(path: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    table = fits.BinTableHDU.from_columns([_column(key, [row[key] for row in rows]) for key in rows[0]], name=name)
    table.header.update(
        {
            "HDUCLASS": "GADF", "HDUDOC": DOCUMENT, "HDUVERS": "0.3", "HDUCLAS1": "INDEX",
            "HDUCLAS2": "OBS" if name == "OBS_INDEX" else "HDU", "ORIGIN": ORIGIN, "CREATOR": CREATOR,
            "MJDREFI": MJDREFI, "MJDREFF": MJDREFF, "TIMEUNIT": "s", "TIMESYS": "TT", "TIMEREF": "LOCAL",
        }
    )  # fmt: skip
    path.write_bytes(packed([fits.PrimaryHDU(), table]))


def _column(name: str, values: Sequence[Any]) -> fits.Column:
    if isinstance(values[0], str):
        return fits.Column(name=name, format=f"{max(map(len, values))}A", array=np.array(values))
    integers = isinstance(values[0], int)
    return fits.Column(name=name, format="1K" if integers else "1D", array=np.array(values), unit=UNITS.get(name))


UNITS = {
    **dict.fromkeys(("RA_PNT", "DEC_PNT", "ALT_PNT", "AZ_PNT", "ZEN_PNT", "RA_OBJ", "DEC_OBJ", "OFFSET_OBJ"), "deg"),
    **dict.fromkeys(("ONTIME", "LIVETIME", "TSTART", "TSTOP"), "s"),
    **dict.fromkeys(("SAFE_ENERGY_LO", "SAFE_ENERGY_HI"), "TeV"),
}
