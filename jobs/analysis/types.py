"""The analyses as job types: what the jobs room registers. Imports no gammapy."""

from jobs.analysis.counts_map.description import DESCRIPTION as COUNTS_MAP
from jobs.analysis.event_cutout.description import DESCRIPTION as EVENT_CUTOUT
from jobs.analysis.fit_3d.description import DESCRIPTION as FIT_3D
from jobs.analysis.fov_significance_map.description import DESCRIPTION as FOV_SIGNIFICANCE_MAP
from jobs.analysis.light_curve.description import DESCRIPTION as LIGHT_CURVE
from jobs.analysis.package.description import DESCRIPTION as PACKAGE
from jobs.analysis.ring_significance_map.description import DESCRIPTION as RING_SIGNIFICANCE_MAP
from jobs.analysis.source_catalog.description import DESCRIPTION as SOURCE_CATALOG
from jobs.analysis.spectrum.description import DESCRIPTION as SPECTRUM
from jobs.analysis.theta_squared.description import DESCRIPTION as THETA_SQUARED
from jobs.description import Description

DESCRIPTIONS: tuple[Description, ...] = (
    COUNTS_MAP,
    THETA_SQUARED,
    RING_SIGNIFICANCE_MAP,
    FOV_SIGNIFICANCE_MAP,
    SPECTRUM,
    LIGHT_CURVE,
    EVENT_CUTOUT,
    SOURCE_CATALOG,
    FIT_3D,
    PACKAGE,
)


def runner(name: str) -> str:
    """Dotted path of the module whose ``run(params, inputs, out)`` carries out the job type."""
    return f"jobs.analysis.{name}.run"
