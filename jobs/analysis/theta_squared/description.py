"""θ² distribution about a target, with a mirrored OFF position."""

from dataclasses import dataclass

from jobs.analysis.common import checks
from jobs.analysis.common import parameters as p
from jobs.description import Description, Output


@dataclass(frozen=True, kw_only=True)
class ThetaSquared:
    observations: p.Observations
    ra: p.RightAscension
    dec: p.Declination
    energy_min: p.EnergyMin = 0.01
    energy_max: p.EnergyMax = 1000.0
    on_radius: p.OnRadius = 0.11

    def __post_init__(self) -> None:
        checks.energies(self)


DESCRIPTION = Description(
    name="theta_squared",
    title="θ² distribution",
    version="1.0",
    text="Counts events in rings of equal area about the target and about its mirror image on the other side of the"
    " pointing direction (one OFF position). The first bin is the ON region; at most 20 bins, fewer where the two"
    " circles would meet. Runs that point too near to the target are left out, with a warning.",
    parameters=ThetaSquared,
    outputs=(
        Output(name="theta_squared.fits", text="θ² distribution", content_type=p.FITS, product=True),
        p.PREVIEW,
        p.PLOT,
    ),
    subtype="Profile",
    docurl="https://docs.gammapy.org/2.1/",
    queue="short",
    duration=300,
    test_values=p.DEMO_CRAB,
)
