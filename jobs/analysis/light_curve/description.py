"""Light curve of a source from reflected OFF regions."""

from dataclasses import dataclass
from typing import Annotated

from jobs.analysis.common import checks
from jobs.analysis.common import parameters as p
from jobs.description import Description, Output, Param

TimeBins = Annotated[
    str,
    Param(text="One point per run, per night, or per step of equal length", label="Time bins",
          options=("run", "night", "fixed"), group="Time"),
]  # fmt: skip
TimeStep = Annotated[
    float,
    Param(text="Length of the steps (time bins “fixed”)", unit="s", ucd="time.interval", min=10, max=1e7,
          group="Time"),
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LightCurve:
    observations: p.Observations
    ra: p.RightAscension
    dec: p.Declination
    on_radius: p.OnRadius = 0.11
    time_bins: TimeBins = "run"
    time_step: TimeStep = 600.0
    energy_min: p.EnergyMin = 1.0
    energy_max: p.EnergyMax = 20.0
    model: p.SpectralModel = "power_law"
    energy_bins_per_decade: p.EnergyBinsPerDecade = 10
    exclusion_radius: p.ExclusionRadius = 0.3
    exclusion: p.Exclusion = ()
    containment_correction: p.ContainmentCorrection = True

    def __post_init__(self) -> None:
        checks.energies(self)
        checks.exclusions(self)


DESCRIPTION = Description(
    name="light_curve",
    title="Light curve",
    version="1.0",
    text="The integral flux between two energies, per run, per night or per time step. The spectral shape is fitted to"
    " all runs together (reconstructed energies from 0.1 to 40 TeV, or wider where asked for); in each time bin only"
    " the amplitude is free.",
    parameters=LightCurve,
    outputs=(
        Output(name="light_curve.fits", text="Light curve", content_type=p.FITS, product=True),
        p.PREVIEW,
        p.PLOT,
    ),
    subtype="Light curve",
    docurl="https://docs.gammapy.org/2.1/",
    queue="short",
    duration=900,
    test_values=p.DEMO_CRAB,
)
