"""Binned likelihood fit of a point source on cube and responses."""

from dataclasses import dataclass

from jobs.analysis.common import checks
from jobs.analysis.common import parameters as p
from jobs.description import Description, Output


@dataclass(frozen=True, kw_only=True)
class Fit3D:
    observations: p.Observations
    ra: p.RightAscension
    dec: p.Declination
    model: p.SpectralModel = "power_law"
    energy_min: p.EnergyMin = 0.1
    energy_max: p.EnergyMax = 40.0
    width: p.Width = 4.0
    binsz: p.PixelSize = 0.04
    energy_bins_per_decade: p.EnergyBinsPerDecade = 10
    exclusion_radius: p.ExclusionRadius = 0.3
    exclusion: p.Exclusion = ()

    def __post_init__(self) -> None:
        checks.energies(self)
        checks.pixels(self)
        checks.exclusions(self)


DESCRIPTION = Description(
    name="fit_3d",
    title="3D fit",
    version="1.0",
    text="Fits position and spectrum of a point source, and norm and tilt of the background, to the counts cube of all"
    " observations with their responses (binned likelihood, Cash statistic).",
    parameters=Fit3D,
    outputs=(
        Output(name="fit.ecsv", text="Fitted parameters with covariance", content_type=p.ECSV, product=True),
        Output(name="residual_map.fits", text="Significance of what the model leaves", content_type=p.FITS,
               product=True),
        Output(name="model.yaml", text="The model, to be read by gammapy", content_type="application/yaml"),
        p.PREVIEW,
        p.PLOT,
    ),
    subtype="Fit",
    docurl="https://docs.gammapy.org/2.1/",
    queue="long",
    duration=1800,
    memory=3 * 2**30,
    test_values=p.DEMO_CRAB,
)  # fmt: skip
