"""The reference of fields in ``docs/``, made from the catalogue."""

from search.archive.fields.catalogue import Field
from search.archive.published import OBSCONFIG_TABLE, OBSCORE_HEA_TABLE, OBSCORE_TABLE, PROPOSAL_TABLE

TABLES = (OBSCORE_TABLE, OBSCORE_HEA_TABLE, OBSCONFIG_TABLE, PROPOSAL_TABLE)
HEAD = """# Fields of the archive

Made by `python manage.py describe_fields` from the one catalogue of fields, from which TAP_SCHEMA and the help of the
search form are made too. *Keyword* is where `ingest_dl3` reads the value (GADF or FITS keyword, or an HDU);
*provenance* the attribute of the IVOA Provenance Data Model that says the same.
"""


def markdown() -> str:
    """The whole page."""
    parts = [HEAD]
    for table in TABLES:
        parts.append(f"\n## {table.name}\n\n{table.description}\n")
        parts.append("| field | type | unit | UCD | meaning | keyword | provenance |\n|---|---|---|---|---|---|---|")
        parts += [_line(column) for column in table.columns if isinstance(column, Field)]
    return "\n".join(parts) + "\n"


def _line(column: Field) -> str:
    kind = f"{column.datatype} {column.arraysize}".strip().replace("*", r"\*")
    meaning = f"{column.description}. {column.help}" if column.help else column.description
    cells = (f"`{column.name}`", kind, column.unit, column.ucd, meaning, column.keyword, column.prov)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
