"""Products: one physical table beneath ``ivoa.obscore``, ``ivoa.obscore_hea`` and ``arc.obsconfig``.

Column names are those of the standards, so that the ADQL of a search and the ORM speak of the same thing.
``search.archive.fields`` is the catalogue that gives each of them unit, UCD, utype and words; a test holds the two
together. Times are UTC; the two dates are DALI timestamps kept as text (they sort and compare as such).
"""

import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from gateway.access.models import Policy, Rights
from gateway.vo.identifiers import InvalidKey, key_of
from search.archive import sky


class ProductQuerySet(models.QuerySet["Product"]):
    """Questions about many products."""

    def named(self, identifiers: Iterable[str]) -> "ProductQuerySet":
        """Those that go by any of these identifiers, KEYs or QNames; no rights are applied."""
        texts = list(identifiers)
        keys = []
        for text in texts:
            try:
                keys.append(key_of(text, settings.AUTHORITY))
            except InvalidKey:
                continue
        return self.filter(Q(obs_publisher_did__in=texts) | Q(key__in=keys))

    def offered(self) -> "ProductQuerySet":
        """Without tombstones and replaced versions (as ``ivoa.obscore`` serves them)."""
        return self.filter(removed_at=None, superseded_by=None)


class Product(models.Model):
    """A row, a file and a history. ``key`` is the KEY; the bytes it names never change."""

    # --- what only the gateway knows (never published as such) ---
    key = models.CharField(max_length=200, unique=True)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="products")
    storage_key = models.CharField(
        max_length=400, blank=True, help_text="name in the default storage; empty: no file here"
    )
    file_name = models.CharField(max_length=255, blank=True)
    size = models.BigIntegerField(null=True, blank=True, help_text="bytes")
    sha256 = models.CharField(max_length=64, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_ok = models.BooleanField(null=True, blank=True)
    superseded_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="supersedes"
    )
    suspect = models.CharField(max_length=400, blank=True, help_text="why staff mistrust it")
    removed_at = models.DateTimeField(null=True, blank=True, help_text="tombstone: the file is gone, the record stays")
    job_id = models.UUIDField(null=True, blank=True, db_index=True, help_text="the job that made it")
    parts = models.JSONField(default=list, blank=True, help_text="members of a dataset: HDU, type, rows")
    header = models.JSONField(default=dict, blank=True, help_text="the observer's own keywords: OBJECT, TARGET_NAME …")
    terms = models.TextField(blank=True, help_text="terms of use that travel with every copy")
    created = models.DateTimeField(auto_now_add=True)
    kept_at = models.DateTimeField(null=True, blank=True, help_text="a result that its owner keeps")
    target_aliases = models.TextField(
        null=True, blank=True, help_text="names of the target, the observer's own among them, lower case, between #"
    )
    # --- the sky index: unit vectors of the pointing, and the cap that encloses s_region (radius in degrees) ---
    x = models.FloatField(null=True, editable=False)
    y = models.FloatField(null=True, editable=False)
    z = models.FloatField(null=True, editable=False)
    region_x = models.FloatField(null=True, editable=False)
    region_y = models.FloatField(null=True, editable=False)
    region_z = models.FloatField(null=True, editable=False)
    region_radius = models.FloatField(null=True, editable=False)
    region_inner = models.FloatField(null=True, editable=False, help_text="radius of a circle wholly in s_region")

    # --- ObsCore 1.1 (REC 2017-05-09), all 60 columns ---
    dataproduct_type = models.CharField(max_length=255, null=True, blank=True)
    calib_level = models.IntegerField()
    obs_collection = models.CharField(max_length=255)
    obs_id = models.CharField(max_length=255)
    obs_publisher_did = models.CharField(max_length=400, unique=True)
    access_url = models.TextField(null=True, blank=True)
    access_format = models.CharField(max_length=255, null=True, blank=True)
    access_estsize = models.BigIntegerField(null=True, blank=True)
    target_name = models.CharField(max_length=255, null=True, blank=True)
    s_ra = models.FloatField(null=True, blank=True)
    s_dec = models.FloatField(null=True, blank=True)
    s_fov = models.FloatField(null=True, blank=True)
    s_region = models.TextField(null=True, blank=True)
    s_resolution = models.FloatField(null=True, blank=True)
    s_xel1 = models.BigIntegerField(null=True, blank=True)
    s_xel2 = models.BigIntegerField(null=True, blank=True)
    t_min = models.FloatField(null=True, blank=True)
    t_max = models.FloatField(null=True, blank=True)
    t_exptime = models.FloatField(null=True, blank=True)
    t_resolution = models.FloatField(null=True, blank=True)
    t_xel = models.BigIntegerField(null=True, blank=True)
    em_min = models.FloatField(null=True, blank=True)
    em_max = models.FloatField(null=True, blank=True)
    em_res_power = models.FloatField(null=True, blank=True)
    em_xel = models.BigIntegerField(null=True, blank=True)
    o_ucd = models.CharField(max_length=255, null=True, blank=True)
    pol_states = models.CharField(max_length=255, null=True, blank=True)
    pol_xel = models.BigIntegerField(null=True, blank=True)
    facility_name = models.CharField(max_length=255, null=True, blank=True)
    instrument_name = models.CharField(max_length=255, null=True, blank=True)
    dataproduct_subtype = models.CharField(max_length=255, null=True, blank=True)
    target_class = models.CharField(max_length=255, null=True, blank=True)
    obs_creation_date = models.CharField(max_length=255, null=True, blank=True)
    obs_creator_name = models.CharField(max_length=255, null=True, blank=True)
    obs_creator_did = models.CharField(max_length=255, null=True, blank=True)
    obs_title = models.TextField(null=True, blank=True)
    publisher_id = models.CharField(max_length=255, null=True, blank=True)
    bib_reference = models.TextField(null=True, blank=True)
    data_rights = models.CharField(max_length=255, null=True, blank=True)
    obs_release_date = models.CharField(max_length=255, null=True, blank=True)
    s_ucd = models.CharField(max_length=255, null=True, blank=True)
    s_unit = models.CharField(max_length=255, null=True, blank=True)
    s_resolution_min = models.FloatField(null=True, blank=True)
    s_resolution_max = models.FloatField(null=True, blank=True)
    s_pixel_scale = models.FloatField(null=True, blank=True)
    s_calib_status = models.CharField(max_length=255, null=True, blank=True)
    s_stat_error = models.FloatField(null=True, blank=True)
    t_calib_status = models.CharField(max_length=255, null=True, blank=True)
    t_stat_error = models.FloatField(null=True, blank=True)
    em_ucd = models.CharField(max_length=255, null=True, blank=True)
    em_unit = models.CharField(max_length=255, null=True, blank=True)
    em_calib_status = models.CharField(max_length=255, null=True, blank=True)
    em_res_power_min = models.FloatField(null=True, blank=True)
    em_res_power_max = models.FloatField(null=True, blank=True)
    em_resolution = models.FloatField(null=True, blank=True)
    em_stat_error = models.FloatField(null=True, blank=True)
    o_unit = models.CharField(max_length=255, null=True, blank=True)
    o_calib_status = models.CharField(max_length=255, null=True, blank=True)
    o_stat_error = models.FloatField(null=True, blank=True)
    proposal_id = models.CharField(max_length=255, null=True, blank=True)
    simulated = models.SmallIntegerField(default=0, help_text="1: made by a simulation")

    # --- high-energy extension (draft of 2026-08-03) ---
    ev_xel = models.IntegerField(null=True, blank=True)
    s_ref_energy = models.FloatField(null=True, blank=True)
    em_ref_energy = models.FloatField(null=True, blank=True)
    s_ref_oaa = models.FloatField(null=True, blank=True)
    em_ref_oaa = models.FloatField(null=True, blank=True)
    t_intervals = models.TextField(null=True, blank=True)
    energy_min = models.FloatField(null=True, blank=True)
    energy_max = models.FloatField(null=True, blank=True)
    obs_mode = models.CharField(max_length=64, null=True, blank=True)
    tracking_mode = models.CharField(max_length=64, null=True, blank=True)
    scan_mode = models.CharField(max_length=64, null=True, blank=True)
    pointing_mode = models.CharField(max_length=64, null=True, blank=True)
    analysis_mode = models.CharField(max_length=128, null=True, blank=True)
    event_type = models.CharField(max_length=64, null=True, blank=True)
    messenger_name = models.CharField(max_length=32, null=True, blank=True)
    messenger_pdgid = models.CharField(max_length=16, null=True, blank=True)

    # --- ObsConfig (own table arc.obsconfig; no standard exists) ---
    dataproduct_level = models.CharField(max_length=4, null=True, blank=True, help_text="DL0 to DL6")
    t_ontime = models.FloatField(null=True, blank=True, help_text="s; t_exptime is the livetime")
    sub_array_name = models.CharField(max_length=128, null=True, blank=True)
    n_tels = models.IntegerField(null=True, blank=True)
    n_lst = models.IntegerField(null=True, blank=True)
    n_mst = models.IntegerField(null=True, blank=True)
    n_sst = models.IntegerField(null=True, blank=True)
    tel_list = models.CharField(max_length=255, null=True, blank=True)
    zenith = models.FloatField(null=True, blank=True, help_text="deg")
    azimuth = models.FloatField(null=True, blank=True, help_text="deg")
    target_offset = models.FloatField(null=True, blank=True, help_text="deg between pointing and target")
    target_ra = models.FloatField(null=True, blank=True, help_text="deg, ICRS")
    target_dec = models.FloatField(null=True, blank=True, help_text="deg, ICRS")
    quality = models.IntegerField(null=True, blank=True, help_text="0 good; larger is worse")
    nsb = models.FloatField(null=True, blank=True, help_text="night-sky background rate, MHz")
    transparency = models.FloatField(null=True, blank=True, help_text="atmospheric transparency, 0 to 1")
    muon_efficiency = models.FloatField(null=True, blank=True)
    weather_flag = models.CharField(max_length=32, null=True, blank=True)
    pi_name = models.CharField(max_length=255, null=True, blank=True)
    # what the history says, kept flat so that one filter answers it
    pipeline_name = models.CharField(max_length=128, null=True, blank=True)
    pipeline_version = models.CharField(max_length=64, null=True, blank=True)
    reconstruction_method = models.CharField(max_length=128, null=True, blank=True)
    cut_set = models.CharField(max_length=128, null=True, blank=True)
    calib_version = models.CharField(max_length=64, null=True, blank=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["t_min"]),
            models.Index(fields=["target_name"]),
            models.Index(fields=["obs_id"]),
            models.Index(fields=["proposal_id"]),
            models.Index(fields=["policy", "obs_collection"]),
        ]

    def __str__(self) -> str:
        return self.key

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.place()
        super().save(*args, **kwargs)

    @property
    def has_data(self) -> bool:
        """Is there a file, here or elsewhere? A record may stand alone."""
        return bool(self.storage_key or self.access_url) and self.removed_at is None

    def is_fits(self, most: int) -> bool:
        """Is it a FITS file that is stored here, of at most so many bytes?"""
        return bool(self.storage_key) and ".fits" in self.file_name.lower() and (self.size or 0) <= most

    @property
    def policy_is_open(self) -> bool:
        """May anyone at all have the bytes now?"""
        released = self.policy.release_date is not None and self.policy.release_date <= timezone.now()
        return self.policy.rights == Rights.PUBLIC or released

    def place(self) -> None:
        """Sets the sky index from ``s_ra``, ``s_dec`` and ``s_region``; a bulk writer calls it for each row."""
        placed = sky.place(self.s_ra, self.s_dec, self.s_region)
        for name, value in zip(sky.COLUMNS, placed, strict=True):
            setattr(self, name, value)


class Proposal(models.Model):
    """``arc.proposal``: what the observing time was given for."""

    proposal_id = models.CharField(max_length=200, unique=True)
    title = models.CharField(max_length=400, blank=True)
    keywords = models.CharField(max_length=400, blank=True)
    abstract = models.TextField(blank=True)
    pi_name = models.CharField(max_length=255, blank=True)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="proposals")

    def __str__(self) -> str:
        return self.proposal_id


class Collection(models.Model):
    """A collection as the home page shows it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, unique=True)
    title = models.CharField(max_length=255, blank=True)
    description = models.TextField(blank=True)
    terms = models.TextField(blank=True)
    citation = models.TextField(blank=True)
    bibtex = models.TextField(blank=True)
    facility = models.CharField(max_length=255, blank=True)
    simulated = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name
