"""The demo archive: a GADF DL3 store made on the spot, and what its history would be.

``runs.json`` lies beside the store: for each run what no DL3 header says (proposal, rights, the chain from the raw
files), from which the archive's rows and the provenance are made. ``type`` of a step is a word of
``ActivityDescription.type`` (Provenance DM 1.0).
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from search.archive.demo import files, instrument
from search.archive.demo.plan import Run, plan
from search.archive.demo.sources import PROPOSALS

COLLECTION = "distiller-demo"
RAW_CHUNKS = 3
"""raw files of a run"""


def _silent(share: float, words: str) -> None:
    pass


def simulate(
    folder: Path, *, seed: int = 1, runs: int = 40, progress: Callable[[float, str], None] = _silent
) -> list[dict[str, Any]]:
    """Writes the store into ``folder`` (made if need be) and returns the content of its ``runs.json``."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    observations, hdus, records = [], [], []
    for number, run in enumerate(plan(seed, runs)):
        progress(number / runs, f"Simulating run {run.obs_id}: {run.source.name}")
        events = instrument.sample(run, np.random.default_rng([seed, run.obs_id]))
        content, entries = files.observation(run, events)
        (data / run.file_name).write_bytes(content)
        observations.append(files.index_row(run, len(events.time)))
        hdus += [_hdu_row(run, *entry) for entry in entries]
        records.append(record(run, len(events.time)))
    files.write_index(folder / "obs-index.fits.gz", "OBS_INDEX", observations)
    files.write_index(folder / "hdu-index.fits.gz", "HDU_INDEX", hdus)
    (folder / "runs.json").write_text(json.dumps(records, indent=1, sort_keys=True))
    progress(1.0, f"Simulated {runs} runs")
    return records


def _hdu_row(run: Run, kind: str, hdu_class: str, name: str, size: int) -> dict[str, Any]:
    return {
        "OBS_ID": run.obs_id,
        "HDU_TYPE": kind,
        "HDU_CLASS": hdu_class,
        "FILE_DIR": "data",
        "FILE_NAME": run.file_name,
        "HDU_NAME": name,
        "SIZE": size,
    }


def record(run: Run, events: int) -> dict[str, Any]:
    """What ``runs.json`` says of a run; times are UTC, dates ISO 8601."""
    proposal = next(item for item in PROPOSALS if item.id == run.source.proposal)
    array = run.sub_array
    return {
        "obs_id": str(run.obs_id),
        "collection": COLLECTION,
        "file": f"data/{run.file_name}",
        "target_name": run.source.name,
        "target_class": run.source.target_class,
        "target_ra": run.source.ra,
        "target_dec": run.source.dec,
        "t_start": _iso(run.start),
        "t_stop": _iso(run.stop),
        "n_events": events,
        "simulated": True,
        "proposal": asdict(proposal),
        "pi_name": proposal.pi_name,
        "data_rights": proposal.rights,
        "release_date": proposal.release_date,
        "metadata": proposal.metadata,
        "obsconfig": {
            "dataproduct_level": "DL3",
            "sub_array_name": array.name,
            "n_tels": len(array.telescopes),
            "n_lst": array.lst,
            "n_mst": array.mst,
            "n_sst": array.sst,
            "tel_list": ",".join(map(str, array.telescopes)),
            "pointing_mode": run.pointing_mode,
            "obs_mode": run.obs_mode,
            "tracking_mode": "sidereal",
            "zenith": round(run.zenith, 4),
            "azimuth": run.az,
            "quality": run.quality,
            "nsb": run.nsb,
            "transparency": run.transparency,
            "muon_efficiency": run.muon_efficiency,
            "weather_flag": run.weather,
            "pipeline_name": run.chain.pipeline[0],
            "pipeline_version": run.chain.pipeline[1],
            "reconstruction_method": run.chain.reconstruction,
            "cut_set": run.chain.cuts,
            "calib_version": run.chain.calibration,
        },
        "truth": truth(run),
        "history": history(run),
    }


def truth(run: Run) -> dict[str, float]:
    """The spectrum that was put in (see ``sources.Source``): what an analysis should find."""
    source = run.source
    return {
        "amplitude": source.amplitude * run.flux_factor,
        "index": source.index,
        "beta": source.beta,
        "cutoff": source.cutoff,
    }


def _iso(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S")


def history(run: Run) -> dict[str, Any]:
    """The chain DL0 → DL3 that such a run would have; the files upstream of DL3 do not exist."""
    chain, number = run.chain, run.obs_id
    raw = [f"run{number}.chunk{k:03d}.dl0.fits.fz" for k in range(RAW_CHUNKS)]
    calibration_file = f"calibration-{chain.calibration}-{run.site.instrument.lower()}.h5"
    dl1, dl2 = f"run{number}.dl1.h5", f"run{number}.dl2.h5"
    software = {"software": {"name": chain.pipeline[0], "version": chain.pipeline[1]}}
    calibration = {"calibration_version": chain.calibration, "nsb_correction": run.nsb > 180}
    selection = {"cut_set": chain.cuts, "gammaness_min": {"standard": 0.7, "loose": 0.5}[chain.cuts]}
    return {
        "observer": run.observer,
        "operator": f"{run.site.instrument} shift crew",
        "organisation": files.ORIGIN,
        "raw_files": raw,
        "calibration_file": calibration_file,
        "activities": [
            {"name": "data taking", "type": "Observation", "level": "DL0", "parameters": {},
             "software": {"name": run.data_taking[0], "version": run.data_taking[1]},
             "start": _iso(run.start), "stop": _iso(run.stop), "used": [], "generated": raw},
            {"name": "calibration", "type": "Calibration", "level": "DL1", "parameters": calibration, **software,
             **_hours(run, 5, 6), "used": [*raw, calibration_file], "generated": [dl1]},
            {"name": "reconstruction", "type": "Reconstruction", "level": "DL2", **software,
             "parameters": {"method": chain.reconstruction}, **_hours(run, 7, 9), "used": [dl1], "generated": [dl2]},
            {"name": "selection", "type": "Selection", "level": "DL3", "parameters": selection, **software,
             **_hours(run, 70, 72), "used": [dl2], "generated": [run.file_name]},
        ],
    }  # fmt: skip


def _hours(run: Run, begin: int, end: int) -> dict[str, str]:
    """Start and stop of a step, hours after the run."""
    return {"start": _iso(run.stop + timedelta(hours=begin)), "stop": _iso(run.stop + timedelta(hours=end))}
