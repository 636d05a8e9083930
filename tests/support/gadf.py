"""Small GADF DL3 stores made on the spot, for tests of every room.

``make_store(folder, [Run(1), Run(2, target="Mrk 421")])`` writes two index files and one FITS file a run: event list,
good time, effective area, dispersion, point spread function, background. Seeded: the same call gives the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

HDU_CLASSES = {
    "events": "events",
    "gti": "gti",
    "aeff": "aeff_2d",
    "edisp": "edisp_2d",
    "psf": "psf_3gauss",
    "bkg": "bkg_2d",
}
# 2001-01-01T00:00:00 UTC, as in H.E.S.S. files.
REFERENCE = {"MJDREFI": 51910, "MJDREFF": 0.000742870370370241, "TIMEUNIT": "s", "TIMESYS": "TT"}


@dataclass
class Run:
    """Angles in degrees, energies in TeV, times in seconds since the reference."""

    obs_id: int
    target: str = "Crab Nebula"
    ra: float = 83.633
    dec: float = 22.514
    ra_obj: float = 83.633
    dec_obj: float = 22.014
    start: float = 123_890_826.0
    ontime: float = 1680.0
    livetime: float = 1600.0
    n_events: int = 200
    energy: tuple[float, float] = (0.5, 100.0)
    half_width: float = 2.5
    header: dict[str, Any] = field(default_factory=dict)
    index: dict[str, Any] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        return f"run_{self.obs_id:06d}.fits"


def make_store(folder: Path, runs: Sequence[Run], *, file_dir: str = "data") -> Path:
    """Writes the store and returns its folder."""
    (folder / file_dir).mkdir(parents=True, exist_ok=True)
    for run in runs:
        hdus(run).writeto(folder / file_dir / run.file_name, overwrite=True)
    write_indices(folder, runs, file_dir=file_dir)
    return folder


def write_indices(
    folder: Path, runs: Sequence[Run], *, file_dir: str = "data", changes: dict[int, dict[str, str]] | None = None
) -> None:
    """The two index files; ``changes`` overrules columns of the HDU index for a run (FILE_DIR, FILE_NAME, HDU_NAME)."""
    observations = [_index_row(run) for run in runs]
    _table(observations, "OBS_INDEX", REFERENCE).writeto(folder / "obs-index.fits.gz", overwrite=True)
    rows = [
        {
            "OBS_ID": run.obs_id,
            "HDU_TYPE": kind,
            "HDU_CLASS": hdu_class,
            "FILE_DIR": file_dir,
            "FILE_NAME": run.file_name,
            "HDU_NAME": kind,
            **(changes or {}).get(run.obs_id, {}),
        }
        for run in runs
        for kind, hdu_class in HDU_CLASSES.items()
    ]
    _table(rows, "HDU_INDEX", {}).writeto(folder / "hdu-index.fits.gz", overwrite=True)


def _index_row(run: Run) -> dict[str, Any]:
    return {
        "OBS_ID": run.obs_id,
        "RA_PNT": run.ra,
        "DEC_PNT": run.dec,
        "ZEN_PNT": 20.0,
        "ALT_PNT": 70.0,
        "AZ_PNT": 180.0,
        "OBJECT": run.target,
        "TARGET_NAME": run.target,
        "TSTART": run.start,
        "TSTOP": run.start + run.ontime,
        "QUALITY": 0,
        "SAFE_ENERGY_LO": run.energy[0],
        "SAFE_ENERGY_HI": run.energy[1],
        **run.index,
    }


def _table(rows: list[dict[str, Any]], name: str, header: dict[str, Any]) -> fits.BinTableHDU:
    columns = []
    for key in rows[0]:
        values = [row[key] for row in rows]
        if isinstance(values[0], str):
            columns.append(fits.Column(key, f"{max(map(len, [*values, ' ']))}A", array=values))
        else:
            kind = "K" if isinstance(values[0], int) else "D"
            columns.append(fits.Column(key, kind, array=values))
    return fits.BinTableHDU.from_columns(columns, name=name, header=fits.Header(header))


def hdus(run: Run) -> fits.HDUList:
    """The file of one run."""
    return fits.HDUList([fits.PrimaryHDU(), _events(run), _gti(run), *_responses(run)])


def _events(run: Run) -> fits.BinTableHDU:
    random = np.random.default_rng(run.obs_id)
    n = run.n_events
    columns = [
        fits.Column("EVENT_ID", "1K", array=np.arange(n)),
        fits.Column("TIME", "1D", unit="s", array=np.sort(run.start + run.ontime * random.random(n))),
        fits.Column("RA", "1E", unit="deg", array=(run.ra + random.normal(0, 1, n)) % 360),
        fits.Column("DEC", "1E", unit="deg", array=np.clip(run.dec + random.normal(0, 1, n), -90, 90)),
        fits.Column("ENERGY", "1E", unit="TeV", array=run.energy[0] * random.pareto(1.5, n) + run.energy[0]),
    ]
    header = fits.Header(
        {
            **REFERENCE,
            "HDUCLASS": "GADF",
            "HDUDOC": "https://gamma-astro-data-formats.readthedocs.io",
            "HDUVERS": "0.3",
            "HDUCLAS1": "EVENTS",
            "OBS_ID": run.obs_id,
            "TSTART": run.start,
            "TSTOP": run.start + run.ontime,
            "ONTIME": run.ontime,
            "LIVETIME": run.livetime,
            "DEADC": run.livetime / run.ontime,
            "OBJECT": run.target,
            "RA_OBJ": run.ra_obj,
            "DEC_OBJ": run.dec_obj,
            "RA_PNT": run.ra,
            "DEC_PNT": run.dec,
            "RADECSYS": "ICRS",
            "OBS_MODE": "WOBBLE",
            "TELESCOP": "TESTARRAY",
            "INSTRUME": "Test cameras",
            "ORIGIN": "Test Collaboration",
            "CREATOR": "test-pipeline",
            "EV_CLASS": "std",
            "DATE": "2024-01-02T03:04:05",
            "N_TELS": 4,
            "TELLIST": "1,2,3,4",
            "CONV_DEP": 0.0,
            **run.header,
        }
    )
    return fits.BinTableHDU.from_columns(columns, name="EVENTS", header=header)


def _gti(run: Run) -> fits.BinTableHDU:
    columns = [
        fits.Column("START", "1D", unit="s", array=[run.start]),
        fits.Column("STOP", "1D", unit="s", array=[run.start + run.ontime]),
    ]
    return fits.BinTableHDU.from_columns(columns, name="GTI", header=fits.Header(REFERENCE))


def _axis(name: str, edges: np.ndarray, unit: str) -> list[fits.Column]:
    return [
        fits.Column(f"{name}_LO", f"{len(edges) - 1}E", unit=unit, array=[edges[:-1]]),
        fits.Column(f"{name}_HI", f"{len(edges) - 1}E", unit=unit, array=[edges[1:]]),
    ]


def _image(name: str, values: np.ndarray, unit: str) -> fits.Column:
    dim = f"({','.join(map(str, values.shape[::-1]))})"
    return fits.Column(name, f"{values.size}E", unit=unit, dim=dim, array=[values])


def _responses(run: Run) -> list[fits.BinTableHDU]:
    energy = np.geomspace(0.1, 100, 13)
    theta = np.linspace(0, run.half_width, 6)
    migra = np.linspace(0.2, 5, 31)
    shape = (5, 12)
    thresholds = fits.Header({"LO_THRES": run.energy[0], "HI_THRES": run.energy[1], "CONFIG": "std_test"})
    aeff = [*_axis("ENERG", energy, "TeV"), *_axis("THETA", theta, "deg"), _image("EFFAREA", np.full(shape, 1e5), "m2")]
    peak = np.exp(-0.5 * (((migra[1:] + migra[:-1]) / 2 - 1) / 0.15) ** 2)
    matrix = np.broadcast_to(peak[None, :, None], (5, 30, 12)).copy()
    edisp = [
        *_axis("ENERG", energy, "TeV"),
        *_axis("MIGRA", migra, ""),
        *_axis("THETA", theta, "deg"),
        _image("MATRIX", matrix, ""),
    ]
    zeros = np.zeros(shape)
    psf = [
        *_axis("ENERG", energy, "TeV"),
        *_axis("THETA", theta, "deg"),
        _image("SCALE", np.ones(shape), "sr-1"),
        _image("SIGMA_1", np.full(shape, 0.06), "deg"),
        *[_image(name, zeros, "") for name in ("AMPL_2", "SIGMA_2", "AMPL_3", "SIGMA_3")],
    ]
    bkg = [
        *_axis("ENERG", energy, "TeV"),
        *_axis("THETA", theta, "deg"),
        _image("BKG", np.full(shape, 1e-3), "MeV-1 s-1 sr-1"),
    ]
    tables = {"AEFF": (aeff, thresholds), "EDISP": (edisp, None), "PSF": (psf, None), "BKG": (bkg, None)}
    return [
        fits.BinTableHDU.from_columns(columns, name=name, header=header) for name, (columns, header) in tables.items()
    ]
