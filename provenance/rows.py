"""What all tables of the model share: rows stay, identifiers are KEYs, a row that speaks of others has their policy."""

from typing import Any, NoReturn

from django.db import models

from gateway.access.models import Policy

ID_LENGTH = 200


class AppendOnly(RuntimeError):
    """Provenance is never deleted; end a life with ``provenance.capture.tombstone``."""


class Kept(models.Model):
    """A row that stays."""

    class Meta:
        abstract = True

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly(str(self))


class Head(models.Func):
    """The first 200 letters: what an index entry has room for. The same text in a query and in the index."""

    template = "SUBSTR(%(expressions)s, 1, 200)"
    arity = 1
    output_field = models.TextField()


def identifier() -> "models.CharField[str, str]":
    return models.CharField(max_length=ID_LENGTH, primary_key=True)


def link(to: str, related_name: str, **options: Any) -> "models.ForeignKey[Any, Any]":
    """A relation's end. Its index is one of the table's own, so that none is made twice."""
    return models.ForeignKey(to, on_delete=models.PROTECT, related_name=related_name, db_index=False, **options)


def joint_policy() -> "models.ForeignKey[Policy | None, Policy | None]":
    """Extension: who may see the row in a published table: who may see all that it speaks of; NULL: the staff."""
    return models.ForeignKey(
        Policy, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )


class Described(Kept):
    """A description class. Extensions: ``policy``, the rule of the records that it serves, of which a public one
    prevails (NULL: the staff); ``declared``, that it stands in a description which everyone may read."""

    policy = joint_policy()
    declared = models.BooleanField(default=False, editable=False)

    class Meta:
        abstract = True
