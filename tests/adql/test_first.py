"""What the engine relies on first: a cone search, rights inside the query, errors with a place."""

import pytest

from gateway.vo.tables import Column, PublishedTable
from search.adql.errors import AdqlError
from search.adql.translate import Schema, translate

TABLE = PublishedTable(
    name="ivoa.obscore",
    physical="product",
    columns=(Column(name="obs_id", datatype="char", arraysize="*"), Column(name="s_ra", datatype="double", unit="deg")),
    policy_column="policy_id",
)


def test_a_table_with_a_policy_is_never_read_without_rights() -> None:
    with pytest.raises(ValueError, match="no conditions"):
        translate("SELECT s_ra FROM ivoa.obscore", Schema([TABLE]), "sqlite")


def test_an_error_names_line_and_column() -> None:
    with pytest.raises(AdqlError) as caught:
        translate("SELECT s_ra,\n  size FROM ivoa.obscore", Schema([TABLE]), "sqlite")
    assert (caught.value.line, caught.value.column) == (2, 3)
    assert 'SIZE is a reserved word: write "size"' in caught.value.message
