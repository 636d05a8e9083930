"""Download package: many products in one ZIP with a manifest of checksums."""

from dataclasses import dataclass
from typing import Annotated

from jobs.analysis.common import parameters as p
from jobs.description import Description, Input, Output

Products = Annotated[
    tuple[str, ...],
    Input(text="Products of any kind, by identifier", label="Products", multiplicity="1..*", max_count=2000),
]


@dataclass(frozen=True, kw_only=True)
class Package:
    observations: Products


DESCRIPTION = Description(
    name="package",
    title="Download package",
    version="1.0",
    text="Puts products into one ZIP file, with a manifest (JSON), checksums (SHA-256, for sha256sum -c)"
    " and the terms of use that travel with the data.",
    parameters=Package,
    outputs=(Output(name="package.zip", text="The package", content_type=p.ZIP),),
    type="Selection",
    subtype="Package",
    queue="io",
    duration=1800,
    test_values={"observations": p.DEMO_RUNS},
)
