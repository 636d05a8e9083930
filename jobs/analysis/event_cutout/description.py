"""Cut-out of event lists in position, energy and time."""

from dataclasses import dataclass
from typing import Annotated

from gateway.vo import regions
from jobs.analysis.common import checks
from jobs.analysis.common import parameters as p
from jobs.description import Description, Output, Param

Radius = Annotated[
    float,
    Param(text="Radius of the cone about the target", unit="deg", ucd="phys.angSize", above=0, max=180, group="Target"),
]
Region = Annotated[
    str,
    Param(
        text="Region within the cone: POLYGON ra dec ra dec ra dec …, or RANGE lon lon lat lat (deg, ICRS); empty: the"
        " whole cone",
        max_length=40_000,
        group="Target",
    ),
]
TimeMin = Annotated[
    float,
    Param(text="Begin of the time range (MJD, UTC)", unit="d", ucd="time.start", min=0, max=100000, group="Time"),
]
TimeMax = Annotated[
    float,
    Param(text="End of the time range (MJD, UTC)", unit="d", ucd="time.end", min=0, max=100000, group="Time"),
]


@dataclass(frozen=True, kw_only=True)
class EventCutout:
    observations: p.Observations
    ra: p.RightAscension
    dec: p.Declination
    radius: Radius = 1.0
    region: Region = ""
    energy_min: p.EnergyMin = 0.001
    energy_max: p.EnergyMax = 1000.0
    t_min: TimeMin = 0.0
    t_max: TimeMax = 100000.0

    def __post_init__(self) -> None:
        checks.energies(self)
        if self.region:
            regions.read(self.region)
        if self.t_min >= self.t_max:
            raise ValueError(f"t_min (MJD {self.t_min:g}) must be smaller than t_max (MJD {self.t_max:g}).")


DESCRIPTION = Description(
    name="event_cutout",
    title="Event cut-out",
    version="1.0",
    text="Keeps the events of each observation within a cone (and a region in it), an energy range and a time range,"
    " and writes them as event lists (GADF DL3) with their responses and with good time intervals cut to the range."
    " Observations of which nothing is left are dropped, with a warning.",
    parameters=EventCutout,
    outputs=(
        Output(name="events.fits", text="Cut event list with responses", content_type=p.FITS, multiplicity="1..*",
               product=True),
        p.PREVIEW,
        p.PLOT,
    ),
    type="Selection",
    subtype="Cut-out",
    docurl="https://gamma-astro-data-formats.readthedocs.io/",
    queue="short",
    duration=300,
    test_values={**p.DEMO_CRAB, "radius": 0.5},
)  # fmt: skip
