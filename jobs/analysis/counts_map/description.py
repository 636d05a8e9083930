"""Counts map: the events of observations, counted in pixels of the sky."""

from dataclasses import dataclass

from jobs.analysis.common import checks
from jobs.analysis.common import parameters as p
from jobs.description import Description, Output


@dataclass(frozen=True, kw_only=True)
class CountsMap:
    observations: p.Observations
    ra: p.RightAscension
    dec: p.Declination
    energy_min: p.EnergyMin = 0.1
    energy_max: p.EnergyMax = 100.0
    width: p.Width = 5.0
    binsz: p.PixelSize = 0.02
    energy_bins: p.EnergyBins = 1

    def __post_init__(self) -> None:
        checks.energies(self)
        checks.pixels(self)


DESCRIPTION = Description(
    name="counts_map",
    title="Counts map",
    version="1.0",
    text="Counts the events of the observations in pixels of a tangential map about the target: a cube in energy and"
    " its sum, an image. No background is subtracted, no cut on the offset from the pointing is made.",
    parameters=CountsMap,
    outputs=(
        Output(name="counts_map.fits", text="Summed image", content_type=p.FITS, product=True),
        Output(name="counts_cube.fits", text="Cube in energy", content_type=p.FITS, product=True),
        p.PREVIEW,
        p.PLOT,
    ),
    subtype="Image",
    docurl="https://docs.gammapy.org/2.1/",
    queue="short",
    duration=300,
    test_values=p.DEMO_CRAB,
)
