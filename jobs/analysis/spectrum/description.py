"""Spectrum of a source from reflected OFF regions."""

from dataclasses import dataclass
from typing import Annotated

from jobs.analysis.common import checks
from jobs.analysis.common import parameters as p
from jobs.description import Description, Output, Param

FluxPointsMin = Annotated[
    float,
    Param(text="Lower edge of the first flux point (0: from the data)", unit="TeV", ucd="em.energy;stat.min", min=0,
          max=1000, group="Spectrum", advanced=True),
]  # fmt: skip
FluxPointsMax = Annotated[
    float,
    Param(text="Upper edge of the last flux point (0: from the data)", unit="TeV", ucd="em.energy;stat.max", min=0,
          max=1000, group="Spectrum", advanced=True),
]  # fmt: skip
FluxPoints = Annotated[
    int,
    Param(text="Number of flux points, equal in logarithm (0: five in a factor of ten)", ucd="meta.number", min=0,
          max=50, group="Spectrum", advanced=True),
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    observations: p.Observations
    ra: p.RightAscension
    dec: p.Declination
    on_radius: p.OnRadius = 0.11
    model: p.SpectralModel = "power_law"
    energy_min: p.EnergyMin = 0.1
    energy_max: p.EnergyMax = 40.0
    energy_bins_per_decade: p.EnergyBinsPerDecade = 10
    exclusion_radius: p.ExclusionRadius = 0.3
    exclusion: p.Exclusion = ()
    containment_correction: p.ContainmentCorrection = True
    flux_points_min: FluxPointsMin = 0.0
    flux_points_max: FluxPointsMax = 0.0
    flux_points: FluxPoints = 0

    def __post_init__(self) -> None:
        checks.energies(self)
        checks.exclusions(self)
        low, high = self.flux_points_min, self.flux_points_max
        if low and high and low >= high:
            raise ValueError(f"flux_points_min ({low:g} TeV) must be smaller than flux_points_max ({high:g} TeV).")


DESCRIPTION = Description(
    name="spectrum",
    title="Spectrum",
    version="1.0",
    text="Counts events in a circle about the target and in reflected OFF regions of the same field, fits a spectral"
    " model by forward folding (W statistic), to all runs together and to their sum, and computes flux points with"
    " upper limits. Runs without OFF region are left out, with a warning.",
    parameters=Spectrum,
    outputs=(
        Output(name="flux_points.fits", text="Flux points (GADF)", content_type=p.FITS, product=True),
        Output(name="spectrum.zip", text="Stacked ON and OFF spectra with responses (OGIP)", content_type=p.ZIP,
               product=True),
        Output(name="fit.ecsv", text="Fitted parameters with covariance", content_type=p.ECSV, product=True),
        p.PREVIEW,
        p.PLOT,
    ),
    subtype="Spectrum",
    docurl="https://docs.gammapy.org/2.1/",
    queue="short",
    duration=600,
    test_values=p.DEMO_CRAB,
)  # fmt: skip
