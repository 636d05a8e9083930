"""All of it: queries that must be answered, queries that are wrong, queries that mean harm."""

from tests.adql.corpus.cases import Case
from tests.adql.corpus.functions import FUNCTIONS
from tests.adql.corpus.geometry import GEOMETRY
from tests.adql.corpus.hostile import HOSTILE
from tests.adql.corpus.joins import JOINS
from tests.adql.corpus.language import LANGUAGE
from tests.adql.corpus.sets import SETS
from tests.adql.corpus.wrong import WRONG

VALID: list[Case] = LANGUAGE + FUNCTIONS + GEOMETRY + JOINS + SETS

__all__ = ["HOSTILE", "VALID", "WRONG"]
