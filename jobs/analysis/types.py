"""The analyses as job types: what the jobs room registers. Imports no gammapy."""

from jobs.analysis.counts_map.description import DESCRIPTION as COUNTS_MAP
from jobs.description import Description

DESCRIPTIONS: tuple[Description, ...] = (COUNTS_MAP,)


def runner(name: str) -> str:
    """Dotted path of the module whose ``run(params, inputs, out)`` carries out the job type."""
    return f"jobs.analysis.{name}.run"
