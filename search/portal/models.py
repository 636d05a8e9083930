"""What the portal keeps: long queries, saved searches, the cart, other archives that can be asked."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _


class StoredQuery(models.Model):
    """An ADQL text too long for an address; whoever has the hash may read it, as with any address."""

    hash = models.CharField(max_length=64, primary_key=True)
    adql = models.TextField()
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.hash


class SavedSearch(models.Model):
    """A search that a user keeps; ``address`` is the query part of ``/search/results/``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="searches")
    name = models.CharField(_("name"), max_length=200)
    address = models.TextField()
    adql = models.TextField()
    notify = models.BooleanField(_("write to me when there are new matches"), default=False)
    count = models.IntegerField(null=True, blank=True)
    newest = models.BigIntegerField(default=0, help_text="highest product number at the last look")
    checked_at = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created"]

    def __str__(self) -> str:
        return self.name


class ColumnPreset(models.Model):
    """Columns of the results table, in their order, that a user keeps under a name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="column_presets")
    name = models.CharField(_("name"), max_length=60)
    columns = models.TextField(help_text=_("keys with commas between them"))

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "name"], name="one_preset_of_a_name")]

    def __str__(self) -> str:
        return self.name


class PastSearch(models.Model):
    """A search or query that a user sent; the newest of them stand under "My searches"."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="past_searches")
    address = models.TextField(help_text=_("query part of /search/results/"))
    adql = models.TextField()
    by_hand = models.BooleanField(default=False)
    asked = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["-asked"]

    def __str__(self) -> str:
        return self.address

    @property
    def words(self) -> str:
        """What tells it from others in one line: its target or, without what all queries share, its query."""
        target = QueryDict(self.address).get("target", "")
        conditions = self.adql.partition("WHERE ")[2].partition("ORDER BY")[0]
        line = " ".join((self.adql if self.by_hand else conditions or self.adql).split())
        return f"{target}: {line}" if target and not self.by_hand else line


class CartItem(models.Model):
    """A product that a user put aside; a visitor's cart lives in the session and moves here at sign-in."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cart")
    key = models.CharField(max_length=200, help_text="KEY of the product")
    away = models.JSONField(null=True, blank=True, help_text="of a file of another archive: where and what it is")
    added = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "key"], name="once_in_cart")]

    def __str__(self) -> str:
        return self.key


class Service(models.Model):
    """Another archive that can be asked along: a TAP service with an ObsCore table."""

    name = models.SlugField(_("name in addresses"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=80)
    url = models.URLField(_("base address of the TAP service"), max_length=300)
    table = models.CharField(
        _("ObsCore table"), max_length=120, blank=True, help_text=_("empty: found in its TAP_SCHEMA")
    )
    generic = models.BooleanField(
        _("only what every ObsCore service has"), default=False, help_text=_("its further columns are not asked for")
    )
    enabled = models.BooleanField(_("offered in the search form"), default=False)
    note = models.CharField(_("what it holds"), max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["-enabled", "title"]

    def __str__(self) -> str:
        return self.title

    @property
    def given(self) -> str:
        """As a visitor would type it."""
        return f"{self.url} {self.table}".strip()
