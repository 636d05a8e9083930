"""Which run is taken when, how, and by which chain it is processed. No randomness but the seed's."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from search.archive.demo.sources import SITES, SOURCES, SUB_ARRAYS, Site, Source, SubArray

FIRST_OBS_ID = 900001
DURATION = 1680.0
"""s"""
SEASON = {
    "Crab Nebula": "2023-12-05", "Mrk 421": "2024-03-04", "Mrk 501": "2024-05-28", "M 87": "2024-03-08",
    "PKS 2155-304": "2024-08-01", "RX J1713.7-3946": "2024-05-30", "MSH 15-52": "2024-04-28",
    "Galactic Centre": "2024-06-02",
}  # fmt: skip
"""first night (a dark one, in which the source culminates); all before the end of the bundled Earth rotation table"""

POINTING_MODES = ("parallel", "parallel", "divergent", "parallel", "convergent")
WEATHER = (("clear", 0.96, 0), ("clear", 0.93, 0), ("thin-cloud", 0.82, 1), ("clear", 0.95, 0), ("cloudy", 0.68, 2))
"""(weather flag, transparency, quality)"""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A processing chain with the versions of its parts."""

    pipeline: tuple[str, str]
    calibration: str
    reconstruction: str
    cuts: str


CHAINS = (
    Chain(pipeline=("demopipe", "1.4.2"), calibration="2023b", reconstruction="Hillas", cuts="standard"),
    Chain(pipeline=("demopipe", "2.0.1"), calibration="2024a", reconstruction="Hillas", cuts="loose"),
    Chain(pipeline=("demopipe", "2.0.1"), calibration="2024a", reconstruction="ImPACT", cuts="standard"),
    Chain(pipeline=("altpipe", "0.9.0"), calibration="2023b", reconstruction="ImPACT", cuts="loose"),
)
DATA_TAKING = (("demodaq", "3.1.0"), ("demodaq", "3.2.4"))
CUT_EFFICIENCY = {"standard": (1.0, 1.0), "loose": (1.15, 1.8)}
"""cut set: factors of (effective area, background rate)"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One observation: degrees, seconds, UTC."""

    obs_id: int
    visit: int
    source: Source
    site: Site
    sub_array: SubArray
    start: datetime
    duration: float
    ra_pnt: float
    dec_pnt: float
    alt: float
    az: float
    obs_mode: str
    pointing_mode: str
    weather: str
    transparency: float
    quality: int
    nsb: float
    muon_efficiency: float
    chain: Chain
    data_taking: tuple[str, str]
    observer: str

    @property
    def stop(self) -> datetime:
        return self.start + timedelta(seconds=self.duration)

    @property
    def zenith(self) -> float:
        return 90 - self.alt

    @property
    def offset(self) -> float:
        return separation(self.ra_pnt, self.dec_pnt, self.source.ra, self.source.dec)

    @property
    def threshold(self) -> float:
        """Safe lower energy in TeV: rises with zenith distance, as the light travels further."""
        return float(round(self.sub_array.threshold / math.cos(math.radians(self.zenith)) ** 2.5, 3))

    @property
    def flux_factor(self) -> float:
        factors = self.source.flux_factors
        return factors[self.visit % len(factors)]

    @property
    def file_name(self) -> str:
        return f"demo_dl3_{self.obs_id}.fits.gz"


def plan(seed: int, runs: int) -> Iterator[Run]:
    """Runs in order of their id: one visit of every source, then the next visit."""
    for number in range(runs):
        visit, place = divmod(number, len(SOURCES))
        yield _run(seed, FIRST_OBS_ID + number, visit, place)


def _run(seed: int, obs_id: int, visit: int, place: int) -> Run:
    source = SOURCES[place]
    site, arrays = SITES[source.site], SUB_ARRAYS[source.site]
    rng = np.random.default_rng([seed, obs_id, 1])
    night = datetime.fromisoformat(SEASON[source.name]).replace(tzinfo=UTC) + timedelta(days=visit)
    middle = culmination(source.ra, site.lon, night) + timedelta(minutes=float(rng.uniform(-120, 120)))
    start = (middle - timedelta(seconds=DURATION / 2)).replace(microsecond=0)
    ra_pnt, dec_pnt, obs_mode = _pointing(source, visit)
    alt, az = alt_az(ra_pnt, dec_pnt, site, middle)
    weather, transparency, quality = WEATHER[(visit + place) % len(WEATHER)]
    chain = CHAINS[(visit + place) % len(CHAINS)]
    return Run(
        obs_id=obs_id,
        visit=visit,
        source=source,
        site=site,
        sub_array=arrays[(visit + place) % len(arrays)],
        start=start,
        duration=DURATION - 60.0 * int(rng.integers(0, 3)),
        ra_pnt=ra_pnt,
        dec_pnt=dec_pnt,
        alt=round(alt, 4),
        az=round(az, 4),
        obs_mode=obs_mode,
        pointing_mode=POINTING_MODES[(visit + 2 * place) % len(POINTING_MODES)],
        weather=weather,
        transparency=transparency,
        quality=quality,
        nsb=round(float(rng.uniform(90, 260)), 1),
        muon_efficiency=round(float(rng.uniform(0.78, 0.95)), 3),
        chain=chain,
        data_taking=DATA_TAKING[0 if chain.calibration == "2023b" else 1],
        observer=("Petra Lang", "Samuel Adeyemi", "Yuki Mori")[(visit + place) % 3],
    )


def _pointing(source: Source, visit: int) -> tuple[float, float, str]:
    """(RA, Dec, OBS_MODE): wobble positions north, south, east and west of the source, then once on the source."""
    if visit % 5 == 4:
        return source.ra, source.dec, "POINTING"
    sign = 1 if visit % 2 == 0 else -1
    if visit % 4 < 2:
        return source.ra, round(source.dec + sign * source.offset, 6), "WOBBLE"
    return round(source.ra + sign * source.offset / math.cos(math.radians(source.dec)), 6), source.dec, "WOBBLE"


def sidereal_degrees(when: datetime) -> float:
    """Greenwich mean sidereal time in degrees (Meeus, chapter 12; some arc seconds are enough here)."""
    days = (when - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86400
    return (280.46061837 + 360.98564736629 * days) % 360


def culmination(ra: float, lon: float, night: datetime) -> datetime:
    """The upper culmination within 24 h after local noon of ``night``."""
    noon = night + timedelta(hours=12 - lon / 15)
    wait = (ra - lon - sidereal_degrees(noon)) % 360
    return noon + timedelta(days=wait / 360.98564736629)


def alt_az(ra: float, dec: float, site: Site, when: datetime) -> tuple[float, float]:
    """Altitude and azimuth (north through east) in degrees, without precession and refraction."""
    hour_angle = math.radians(sidereal_degrees(when) + site.lon - ra)
    delta, phi = math.radians(dec), math.radians(site.lat)
    sin_alt = math.sin(phi) * math.sin(delta) + math.cos(phi) * math.cos(delta) * math.cos(hour_angle)
    az = math.atan2(-math.sin(hour_angle), math.tan(delta) * math.cos(phi) - math.sin(phi) * math.cos(hour_angle))
    return math.degrees(math.asin(sin_alt)), math.degrees(az) % 360


def sun_altitude(site: Site, when: datetime) -> float:
    """In degrees (low-precision solar position, Astronomical Almanac, page C5)."""
    days = (when - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86400
    anomaly = math.radians(357.528 + 0.9856003 * days)
    longitude = math.radians(280.460 + 0.9856474 * days + 1.915 * math.sin(anomaly) + 0.02 * math.sin(2 * anomaly))
    tilt = math.radians(23.439)
    ra = math.degrees(math.atan2(math.cos(tilt) * math.sin(longitude), math.cos(longitude)))
    dec = math.degrees(math.asin(math.sin(tilt) * math.sin(longitude)))
    return alt_az(ra, dec, site, when)[0]


def separation(ra1: float, dec1: float, ra2: float, dec2: float) -> float:
    """Angle between two directions, degrees (haversine)."""
    d_dec, d_ra = math.radians(dec2 - dec1) / 2, math.radians(ra2 - ra1) / 2
    a = math.sin(d_dec) ** 2 + math.cos(math.radians(dec1)) * math.cos(math.radians(dec2)) * math.sin(d_ra) ** 2
    return math.degrees(2 * math.asin(min(1.0, math.sqrt(a))))
