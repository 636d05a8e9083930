"""From GADF DL3 to the columns of ObsCore 1.1, its high-energy extension and ObsConfig.

Angles in degrees, energies of GADF in TeV. ``search.archive.fields`` names the keyword of each column.
"""

import re
from collections.abc import Mapping
from typing import Any

from astropy.coordinates import FK5, SkyCoord

from search.archive import sky
from search.archive.content import Content, merged_index
from search.archive.gadf import Observation
from search.archive.safefits import BrokenFile
from search.archive.targets import Target, hashlist, identify
from search.archive.times import UnknownTimes, mission_time, tmoc, utc_mjd

# Planck constant times speed of light, in m TeV (CODATA 2018).
HC = 1.239841984332e-18
FACILITIES = {"HESS": "H.E.S.S.", "H.E.S.S.": "H.E.S.S.", "CTA": "CTAO", "CTAO": "CTAO"}
ARRAYS = {"H.E.S.S. Phase I": "HESS-I, CT", "H.E.S.S. Phase II": "HESS-II, CT"}
# Begin and end as MJD, in the scale of TIMESYS (FITS 4.0, section 9.5).
DATE_KEYWORDS = {"t_min": ("MJD-BEG", "MJD-OBS"), "t_max": ("MJD-END",)}
TRACKING = {"DRIFT": "fixed-az-el-transit", "SLEW": None}
# Constants of an event list (ObsCore 1.1, section 4; the lengths of unbinned axes are -1).
EVENT_LIST: Mapping[str, Any] = {
    "dataproduct_type": "event",
    "dataproduct_subtype": "dl3.event-bundle",
    "calib_level": 2,
    "dataproduct_level": "DL3",
    "s_xel1": -1,
    "s_xel2": -1,
    "t_xel": -1,
    "em_xel": -1,
    "pol_xel": 0,
    "s_ucd": "pos.eq",
    "s_unit": "deg",
    "s_calib_status": "calibrated",
    "t_calib_status": "calibrated",
    "em_ucd": "em.energy",
    "em_unit": "TeV",
    "em_calib_status": "calibrated",
    "messenger_name": "photon",
    "messenger_pdgid": "+22",
}


def columns_of(observation: Observation, content: Content) -> dict[str, Any]:
    """Every column that the observation itself gives; raises BrokenFile where a needed keyword is missing."""
    header = merged_index(observation, content)
    try:
        target = identify(_text(observation.index, "TARGET_NAME"), _text(header, "OBJECT"))
        return {
            **EVENT_LIST,
            "obs_id": observation.obs_id,
            **_sky(header, content),
            **_target(header, target, observation, content),
            **_times(header, content),
            **_energies(header, content),
            **_instrument(header, content),
            "ev_xel": content.n_events,
        }
    except KeyError as error:
        raise BrokenFile(f"{observation.events_file.name}: keyword {error.args[0]} is missing") from None
    except (TypeError, ValueError, UnknownTimes, sky.InvalidRegion) as error:
        raise BrokenFile(f"{observation.events_file.name}: {error}") from None


def position(header: Mapping[str, Any], ra: str, dec: str) -> tuple[float, float]:
    """A position of the header in ICRS degrees; RADESYS (or the older RADECSYS) may say FK5."""
    lon, lat = float(header[ra]), float(header[dec])
    if not (-360 <= lon <= 720 and -90 <= lat <= 90):
        raise ValueError(f"{ra}, {dec} = {lon:g}, {lat:g} is no position in degrees")
    frame = _text(header, "RADESYS") or _text(header, "RADECSYS") or "ICRS"
    if frame.upper() == "FK5":
        icrs = SkyCoord(lon, lat, unit="deg", frame=FK5(equinox=f"J{float(header.get('EQUINOX') or 2000)}")).icrs
        return float(icrs.ra.deg), float(icrs.dec.deg)
    if frame.upper() != "ICRS":
        raise ValueError(f"RADESYS {frame!r} is not supported: ICRS or FK5")
    return lon % 360, lat


def _text(header: Mapping[str, Any], keyword: str) -> str:
    value = header.get(keyword)
    return "" if value is None else str(value).strip()


def _number(header: Mapping[str, Any], keyword: str) -> float | None:
    value = header.get(keyword)
    return None if value in (None, "") else float(value)


def _sky(header: Mapping[str, Any], content: Content) -> dict[str, Any]:
    """The pointing and the field that the background model covers: events lie far outside it."""
    ra, dec = position(header, "RA_PNT", "DEC_PNT")
    resolution = content.resolution and round(content.resolution * 3600, 1)
    return {
        "s_ra": ra,
        "s_dec": dec,
        "s_fov": content.fov,
        "s_region": sky.circle(ra, dec, content.fov / 2) if content.fov else None,
        "s_resolution": resolution,
        "s_ref_energy": 1e12 if resolution else None,
        "s_ref_oaa": 0.5 if resolution else None,
    }


def _target(header: Mapping[str, Any], target: Target, observation: Observation, content: Content) -> dict[str, Any]:
    ra, dec = target.ra, target.dec
    if ra is None and header.get("RA_OBJ") is not None and header.get("DEC_OBJ") is not None:
        ra, dec = position(header, "RA_OBJ", "DEC_OBJ")
    offset = None
    if ra is not None and dec is not None:
        offset = round(sky.angular_distance(*position(header, "RA_PNT", "DEC_PNT"), ra, dec), 6)
    title = f"{_facility(header)} run {observation.obs_id}" + (f", {target.name}" if target.name else "")
    return {
        "target_name": target.name,
        "target_class": target.source_class,
        "target_ra": ra,
        "target_dec": dec,
        "target_offset": offset,
        "target_aliases": hashlist(target.aliases),
        "obs_title": title,
    }


def _times(header: Mapping[str, Any], content: Content) -> dict[str, Any]:
    start, stop = (mission_time(header, float(header[key])) for key in ("TSTART", "TSTOP"))
    t_min, t_max = utc_mjd(start), utc_mjd(stop)
    if t_max < t_min:
        raise ValueError("TSTOP is before TSTART")
    reference = content.gti if "MJDREFI" in content.gti else header
    intervals = [(mission_time(reference, a), mission_time(reference, b)) for a, b in content.intervals if a <= b]
    exposure = _number(header, "LIVETIME")
    return {
        "t_min": t_min,
        "t_max": t_max,
        "t_exptime": exposure if exposure is not None else _number(header, "ONTIME"),
        "t_ontime": _number(header, "ONTIME"),
        "t_intervals": tmoc(intervals) or None,
    }


def _energies(header: Mapping[str, Any], content: Content) -> dict[str, Any]:
    """The safe range. High energy is short wavelength: em_min comes from the highest energy."""
    low = _number(content.aeff, "LO_THRES") or _number(header, "SAFE_ENERGY_LO")
    high = _number(content.aeff, "HI_THRES") or _number(header, "SAFE_ENERGY_HI")
    if content.true_energy:
        low, high = low or content.true_energy[0], high or content.true_energy[1]
    if not low or not high:
        return {}
    if not 0 < low <= high:
        raise ValueError(f"the safe energies {low:g} to {high:g} TeV are upside down")
    return {"em_min": HC / high, "em_max": HC / low, "energy_min": low * 1e12, "energy_max": high * 1e12}


def _facility(header: Mapping[str, Any]) -> str:
    telescope = _text(header, "TELESCOP")
    return FACILITIES.get(telescope.upper(), telescope)


def _instrument(header: Mapping[str, Any], content: Content) -> dict[str, Any]:
    mode = _text(header, "OBS_MODE").upper() or None
    depth = _number(header, "CONV_DEP")
    chain = [text for text in (_text(header, "EV_CLASS"), _text(content.aeff, "CONFIG")) if text]
    zenith = _number(header, "ZEN_PNT")
    if zenith is None and _number(header, "ALT_PNT") is not None:
        zenith = 90 - float(header["ALT_PNT"])
    return {
        "facility_name": _facility(header) or None,
        "instrument_name": _text(header, "INSTRUME") or None,
        "obs_creator_name": _text(header, "ORIGIN") or None,
        "obs_creation_date": timestamp(_text(header, "DATE")),
        "obs_mode": mode,
        "tracking_mode": TRACKING.get(mode, "sidereal") if mode else None,
        "pointing_mode": _text(header, "PNT_MODE").lower() or ("parallel" if depth == 0 else None),
        "analysis_mode": ", ".join(dict.fromkeys(chain)) or None,
        "event_type": _text(header, "EVTYPE") or None,
        "sub_array_name": sub_array(header),
        "n_tels": _integer(header, "N_TELS"),
        "tel_list": _text(header, "TELLIST") or None,
        "zenith": zenith,
        "azimuth": _number(header, "AZ_PNT"),
        "quality": _integer(header, "QUALITY"),
        "muon_efficiency": _number(header, "MUONEFF"),
        "nsb": _number(header, "NSBRATE"),
        "transparency": _number(header, "TRANSPAR"),
        "weather_flag": _text(header, "WEATHER") or None,
        "pi_name": _text(header, "PI_NAME") or None,
        "proposal_id": _text(header, "PROPOSAL") or None,
        **_processing(header),
        "simulated": int(is_simulated(header)),
    }


def _processing(header: Mapping[str, Any]) -> dict[str, Any]:
    """GADF has no keyword for these but CREATOR and EV_CLASS; the others are common among pipelines."""
    return {
        "pipeline_name": _text(header, "PIPELINE") or _text(header, "CREATOR") or None,
        "pipeline_version": _text(header, "PIPEVERS") or _text(header, "CREAVERS") or None,
        "reconstruction_method": _text(header, "RECOMETH") or None,
        "cut_set": _text(header, "CUTSET") or _text(header, "EV_CLASS") or None,
        "calib_version": _text(header, "CALIBVER") or None,
    }


def is_simulated(header: Mapping[str, Any]) -> bool:
    """What ORIGIN or CREATOR calls simulated is never mixed in silently."""
    return bool(header.get("SIMULATD")) or "simulat" in f"{_text(header, 'ORIGIN')} {_text(header, 'CREATOR')}".lower()


def _integer(header: Mapping[str, Any], keyword: str) -> int | None:
    value = _number(header, keyword)
    return None if value is None else int(value)


def timestamp(text: str) -> str | None:
    """A DALI timestamp without zone letter, or None."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.\d+)?)?Z?", text)
    return f"{match[1]}T{match[2] or '00:00:00'}" if match else None


def sub_array(header: Mapping[str, Any]) -> str | None:
    """SUBARRAY where the file says it, else derived from INSTRUME and TELLIST: ``HESS-I, CT1–4``."""
    if given := _text(header, "SUBARRAY"):
        return given
    instrument = _text(header, "INSTRUME") or _text(header, "TELESCOP")
    telescopes = [int(word) for word in re.findall(r"\d+", _text(header, "TELLIST"))]
    if not instrument or not telescopes:
        return None
    return f"{ARRAYS.get(instrument, f'{instrument}, T')}{_ranges(sorted(set(telescopes)))}"


def _ranges(numbers: list[int]) -> str:
    """``[1, 2, 3, 5]`` as ``1–3, 5``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
