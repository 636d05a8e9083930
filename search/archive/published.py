"""The archive's published tables: one physical product table served as three, and the proposals."""

from gateway.vo.tables import ForeignKey, PublishedSchema, PublishedTable, SkyPosition, SkyRegion, published, schemas
from search.archive.fields.catalogue import OBSCONFIG, OBSCORE, OBSCORE_HEA, PROPOSAL, Field

PRODUCT_TABLE = "archive_product"
POSITION_INDEX = "archive_product_pos"
REGION_INDEX = "archive_product_region"
IDENTITY = "obs_publisher_did"
# A tombstone and a version that was replaced keep their pages, but no search offers them.
OFFERED = "removed_at IS NULL AND superseded_by_id IS NULL"

POINTING = SkyPosition(ra="s_ra", dec="s_dec", rtree=POSITION_INDEX)
FOOTPRINT = SkyRegion(column="s_region", inner="region_inner", rtree=REGION_INDEX)
OBSCORE_UTYPE = "ivo://ivoa.net/std/ObsCore#core-1.1"


def _product_table(name: str, description: str, columns: tuple[Field, ...]) -> PublishedTable:
    return PublishedTable(
        name=name,
        physical=PRODUCT_TABLE,
        columns=columns,
        description=description,
        policy_column="policy_id",
        identity=IDENTITY,
        row_filter=OFFERED,
        keys=(
            ForeignKey(
                target="ivoa.obscore",
                columns=(("obs_publisher_did", "obs_publisher_did"),),
                description="the product that the row describes",
            ),
        ),
    )


OBSCORE_TABLE = PublishedTable(
    name="ivoa.obscore",
    physical=PRODUCT_TABLE,
    columns=OBSCORE,
    description="Observations and products of the archive (ObsCore 1.1). Times are UTC, positions ICRS;"
    " s_ra and s_dec are the pointing, not the target.",
    utype=OBSCORE_UTYPE,
    policy_column="policy_id",
    identity=IDENTITY,
    row_filter=OFFERED,
    positions=(POINTING,),
    regions=(FOOTPRINT,),
)
OBSCORE_HEA_TABLE = _product_table(
    "ivoa.obscore_hea",
    "High-energy extension of ObsCore (IVOA draft of 2026-08-03): NATURAL JOIN with ivoa.obscore. Energies in eV.",
    OBSCORE_HEA,
)
OBSCONFIG_TABLE = _product_table(
    "arc.obsconfig",
    "How the data were taken and made: sub-array, telescopes, pointing, ambient conditions, pipeline;"
    " NATURAL JOIN with ivoa.obscore on obs_publisher_did.",
    OBSCONFIG,
)
PROPOSAL_TABLE = PublishedTable(
    name="arc.proposal",
    physical="archive_proposal",
    columns=PROPOSAL,
    description="Observing proposals; join on proposal_id.",
    policy_column="policy_id",
)


def register() -> None:
    """Adds the archive's schemas and tables to those that the TAP service serves."""
    schemas.add("ivoa", PublishedSchema(name="ivoa", description="Tables defined by the IVOA"))
    schemas.add("arc", PublishedSchema(name="arc", description="Tables of this archive beyond the IVOA's"))
    for table in (OBSCORE_TABLE, OBSCORE_HEA_TABLE, OBSCONFIG_TABLE, PROPOSAL_TABLE):
        published.add(table.name, table)
