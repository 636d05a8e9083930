"""``arc.proposal``."""

from search.archive.fields.field import Field

PROPOSAL: tuple[Field, ...] = (
    Field(
        name="proposal_id",
        datatype="char",
        arraysize="*",
        ucd="meta.id;obs.proposal",
        principal=True,
        description="identifier of the proposal",
    ),
    Field(name="title", datatype="char", arraysize="*", ucd="meta.title", principal=True, description="title"),
    Field(name="keywords", datatype="char", arraysize="*", ucd="meta.id", description="keywords, comma-separated"),
    Field(name="abstract", datatype="char", arraysize="*", ucd="meta.abstract", description="abstract"),
    Field(
        name="pi_name",
        datatype="char",
        arraysize="*",
        ucd="meta.id.PI",
        principal=True,
        description="principal investigator",
    ),
)
