"""The IVOA Provenance Data Model 1.0 (REC 2020-04-11) as tables: its classes, its words, its rules as constraints.

Rows are added and completed, never taken away: what is gone keeps its record with ``invalidated_at_time``. What the
standard has no class for (rights, checksums, outcome, alternates, doubts) stands in columns and tables of its own,
marked as extensions, and is published beside the standard's tables, not inside them.

Identifiers are KEYs (``gateway.vo.identifiers``): legal as local part of a QName in every serialisation.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from gateway.access.models import Policy
from provenance import places
from provenance.descriptions import (
    ActivityDescription,
    ActivityType,
    ConfigFileDescription,
    DescriptionContact,
    EntityDescription,
    FlowType,
    GenerationDescription,
    Kind,
    ParameterDescription,
    UsageDescription,
)
from provenance.rows import ID_LENGTH, AppendOnly, Head, Kept, identifier, joint_policy, link

__all__ = [
    "ID_LENGTH",
    "Activity",
    "ActivityDescription",
    "ActivityType",
    "Agent",
    "Alternate",
    "AppendOnly",
    "ConfigFile",
    "ConfigFileDescription",
    "DescriptionContact",
    "Doubt",
    "Entity",
    "EntityDescription",
    "FlowType",
    "GenerationDescription",
    "HadMember",
    "History",
    "Kept",
    "Kind",
    "Outcome",
    "Parameter",
    "ParameterDescription",
    "Selection",
    "UsageDescription",
    "Used",
    "WasAssociatedWith",
    "WasAttributedTo",
    "WasConfiguredBy",
    "WasDerivedFrom",
    "WasGeneratedBy",
    "WasInformedBy",
]

# --- the three classes everything hangs on ---------------------------------------------------------------------------


class Agent(Kept):
    """A person (pseudonymous identifier; name and e-mail live here alone and can be erased), organisation, software."""

    class Type(models.TextChoices):
        PERSON = "Person", _("Person")
        ORGANIZATION = "Organization", _("Organisation")
        SOFTWARE = "SoftwareAgent", _("Software")

    identifier = identifier()
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=16, choices=Type, blank=True)
    comment = models.TextField(blank=True)
    email = models.CharField(max_length=255, blank=True)
    affiliation = models.CharField(max_length=255, blank=True)
    phone = models.CharField(max_length=64, blank=True)
    address = models.TextField(blank=True)
    url = models.TextField(blank=True)
    # extension: the rule of the records that name it; a public one prevails
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.name

    def erase(self) -> None:
        """Forgets the person; what the person did stays, under the pseudonym."""
        self.name = self.identifier
        self.comment = self.email = self.affiliation = self.phone = self.address = self.url = ""
        self.save()


class Entity(Kept):
    """A thing with a history: dataset, value, collection, document. Its identifier is the product's KEY."""

    identifier = identifier()
    name = models.TextField(blank=True)
    kind = models.CharField(max_length=12, choices=Kind, blank=True)
    location = models.TextField(blank=True)
    value = models.TextField(blank=True, help_text=_("of a value entity"))
    generated_at_time = models.DateTimeField(null=True, blank=True)
    invalidated_at_time = models.DateTimeField(null=True, blank=True, help_text=_("gone since then"))
    comment = models.TextField(blank=True)
    description = models.ForeignKey(
        EntityDescription, null=True, blank=True, on_delete=models.PROTECT, related_name="entities"
    )
    # extensions
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(null=True, blank=True, help_text=_("bytes"))
    content_type = models.CharField(max_length=128, blank=True)
    level = models.CharField(max_length=8, blank=True, help_text=_("DL0 to DL6"))
    obs_publisher_did = models.CharField(max_length=400, blank=True, help_text=_("joins ivoa.obscore"))
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_ok = models.BooleanField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "entities"
        indexes = [
            models.Index(fields=["sha256"], name="entity_by_sha256", condition=~Q(sha256="")),
            models.Index(fields=["generated_at_time"]),
            models.Index(fields=["level"]),
            models.Index(fields=["obs_publisher_did"]),
            models.Index(Head("location"), name="entity_by_location"),
        ]
        constraints = [
            models.CheckConstraint(
                name="entity_ends_after_it_begins",
                condition=Q(generated_at_time=None)
                | Q(invalidated_at_time=None)
                | Q(generated_at_time__lte=F("invalidated_at_time")),
            ),
            models.CheckConstraint(name="entity_size_not_negative", condition=Q(size=None) | Q(size__gte=0)),
        ]

    def __str__(self) -> str:
        return self.name or self.identifier

    @property
    def place(self) -> str:
        """``location`` as clients need it."""
        return places.shown(self.location)


class Activity(Kept):
    """Something that ran between two times."""

    identifier = identifier()
    name = models.TextField(blank=True)
    start_time = models.DateTimeField(null=True, blank=True)
    end_time = models.DateTimeField(null=True, blank=True)
    comment = models.TextField(blank=True)
    description = models.ForeignKey(
        ActivityDescription, null=True, blank=True, on_delete=models.PROTECT, related_name="activities"
    )
    # extension
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "activities"
        indexes = [models.Index(fields=["start_time"])]
        constraints = [
            models.CheckConstraint(
                name="activity_ends_after_it_starts",
                condition=Q(start_time=None) | Q(end_time=None) | Q(start_time__lte=F("end_time")),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.identifier


# --- relations -------------------------------------------------------------------------------------------------------


class Used(Kept):
    activity = link("Activity", "used")
    entity = link("Entity", "used_by")
    role = models.CharField(max_length=128, blank=True)
    time = models.DateTimeField(null=True, blank=True)
    description = link("UsageDescription", "used", null=True, blank=True)
    # extension: UsageDescription.type where there is no description
    type = models.CharField(max_length=32, blank=True)
    policy = joint_policy()

    class Meta:
        verbose_name_plural = "used"
        indexes = [models.Index(fields=["entity", "activity"])]
        constraints = [models.UniqueConstraint(fields=["activity", "entity", "role"], name="used_once_per_role")]

    def __str__(self) -> str:
        return f"{self.activity_id} used {self.entity_id}"


class WasGeneratedBy(Kept):
    entity: "models.OneToOneField[Entity, Entity]" = models.OneToOneField(
        Entity, on_delete=models.PROTECT, related_name="was_generated_by"
    )
    activity = link("Activity", "generated")
    role = models.CharField(max_length=128, blank=True)
    description = link("GenerationDescription", "generated", null=True, blank=True)
    # extension: GenerationDescription.type where there is no description
    type = models.CharField(max_length=32, blank=True)
    policy = joint_policy()

    class Meta:
        verbose_name_plural = "was generated by"
        indexes = [models.Index(fields=["activity", "entity"])]

    def __str__(self) -> str:
        return f"{self.entity_id} was generated by {self.activity_id}"


class WasDerivedFrom(Kept):
    entity = link("Entity", "was_derived_from")
    used_entity = link("Entity", "derivations")
    policy = joint_policy()

    class Meta:
        verbose_name_plural = "was derived from"
        indexes = [models.Index(fields=["used_entity", "entity"])]
        constraints = [
            models.UniqueConstraint(fields=["entity", "used_entity"], name="derived_once"),
            models.CheckConstraint(name="not_derived_from_itself", condition=~Q(entity=F("used_entity"))),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} was derived from {self.used_entity_id}"


class WasInformedBy(Kept):
    activity = link("Activity", "was_informed_by")
    informant = link("Activity", "informed")
    policy = joint_policy()

    class Meta:
        verbose_name_plural = "was informed by"
        indexes = [models.Index(fields=["informant", "activity"])]
        constraints = [
            models.UniqueConstraint(fields=["activity", "informant"], name="informed_once"),
            models.CheckConstraint(name="not_informed_by_itself", condition=~Q(activity=F("informant"))),
        ]

    def __str__(self) -> str:
        return f"{self.activity_id} was informed by {self.informant_id}"


class HadMember(Kept):
    collection = link("Entity", "had_member")
    entity = link("Entity", "collections")
    policy = joint_policy()

    class Meta:
        verbose_name_plural = "had member"
        indexes = [models.Index(fields=["entity", "collection"])]
        constraints = [
            models.UniqueConstraint(fields=["collection", "entity"], name="member_once"),
            models.CheckConstraint(name="no_member_of_itself", condition=~Q(collection=F("entity"))),
        ]

    def __str__(self) -> str:
        return f"{self.collection_id} had member {self.entity_id}"


class WasAssociatedWith(Kept):
    activity = link("Activity", "was_associated_with")
    agent = link("Agent", "associations")
    role = models.CharField(max_length=64, blank=True)
    policy = joint_policy()

    class Meta:
        verbose_name_plural = "was associated with"
        indexes = [models.Index(fields=["agent", "activity"])]
        constraints = [models.UniqueConstraint(fields=["activity", "agent", "role"], name="associated_once")]

    def __str__(self) -> str:
        return f"{self.activity_id} was associated with {self.agent_id}"


class WasAttributedTo(Kept):
    entity = link("Entity", "was_attributed_to")
    agent = link("Agent", "attributions")
    role = models.CharField(max_length=64, blank=True)
    policy = joint_policy()

    class Meta:
        verbose_name_plural = "was attributed to"
        indexes = [models.Index(fields=["agent", "entity"])]
        constraints = [models.UniqueConstraint(fields=["entity", "agent", "role"], name="attributed_once")]

    def __str__(self) -> str:
        return f"{self.entity_id} was attributed to {self.agent_id}"


# --- configuration ---------------------------------------------------------------------------------------------------


class Parameter(Kept):
    """A value that configured one run. ``activity`` and ``number`` say whose and in which order."""

    activity = link("Activity", "parameters")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    value = models.TextField()
    description = models.ForeignKey(
        ParameterDescription, null=True, blank=True, on_delete=models.PROTECT, related_name="parameters"
    )
    value_entity = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.PROTECT, related_name="parameters", help_text="hadReference"
    )
    policy = joint_policy()

    class Meta:
        ordering = ["number"]
        # A whole value may be longer than an index entry of PostgreSQL.
        indexes = [models.Index(F("name"), Left("value", 100), name="parameter_by_name")]
        constraints = [models.UniqueConstraint(fields=["activity", "number"], name="parameter_number_once")]

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"


class ConfigFile(Kept):
    activity = link("Activity", "config_files")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    location = models.TextField()
    comment = models.TextField(blank=True)
    description = models.ForeignKey(
        ConfigFileDescription, null=True, blank=True, on_delete=models.PROTECT, related_name="config_files"
    )
    policy = joint_policy()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["activity", "number"], name="config_file_number_once")]

    def __str__(self) -> str:
        return self.name


class WasConfiguredBy(Kept):
    """Exactly one of the two, and the word that says which."""

    class Artefact(models.TextChoices):
        PARAMETER = "Parameter", _("Parameter")
        CONFIG_FILE = "ConfigFile", _("Configuration file")

    activity = link("Activity", "was_configured_by")
    artefact_type = models.CharField(max_length=12, choices=Artefact)
    parameter = models.OneToOneField(Parameter, null=True, blank=True, on_delete=models.PROTECT)
    config_file = models.OneToOneField(ConfigFile, null=True, blank=True, on_delete=models.PROTECT)
    policy = joint_policy()

    class Meta:
        verbose_name_plural = "was configured by"
        indexes = [models.Index(fields=["activity"])]
        constraints = [
            models.CheckConstraint(
                name="configured_by_one_artefact",
                condition=Q(artefact_type="Parameter", parameter__isnull=False, config_file__isnull=True)
                | Q(artefact_type="ConfigFile", parameter__isnull=True, config_file__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.activity_id} was configured by a {self.artefact_type}"


# --- extensions ------------------------------------------------------------------------------------------------------


class Outcome(Kept):
    """How an activity ended and in what surroundings (the standard took Activity.status out before its release)."""

    activity = models.OneToOneField(Activity, primary_key=True, on_delete=models.PROTECT, related_name="outcome")
    succeeded = models.BooleanField(null=True, blank=True)
    exit_code = models.IntegerField(null=True, blank=True)
    error = models.TextField(blank=True)
    warnings = models.JSONField(default=list, blank=True)
    software = models.JSONField(default=list, blank=True, help_text="[[package, version], …]")
    environment = models.JSONField(default=dict, blank=True)
    policy = joint_policy()

    class Meta:
        indexes = [models.Index(fields=["succeeded", "exit_code"])]

    def __str__(self) -> str:
        return {True: "succeeded", False: "failed", None: "unknown"}[self.succeeded]


class History(models.Model):
    """What the history of an entity says, kept flat: which version, method, cuts and calibration made it.

    Made from the other tables (``provenance.history``) and the one table here whose rows may change.
    """

    entity = models.OneToOneField(Entity, primary_key=True, on_delete=models.CASCADE, related_name="history")
    obs_publisher_did = models.CharField(max_length=400)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=8, blank=True)
    activity_id = models.CharField(max_length=ID_LENGTH, blank=True)
    activity_name = models.CharField(max_length=255, blank=True)
    activity_version = models.CharField(max_length=128, blank=True)
    activity_type = models.CharField(max_length=64, blank=True)
    end_time = models.DateTimeField(null=True, blank=True)
    software = models.TextField(blank=True)
    pipeline_name = models.CharField(max_length=255, blank=True)
    pipeline_version = models.CharField(max_length=255, blank=True)
    reconstruction_method = models.CharField(max_length=255, blank=True)
    cut_set = models.CharField(max_length=255, blank=True)
    calib_version = models.CharField(max_length=255, blank=True)
    steps = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "histories"
        indexes = [
            models.Index(fields=["obs_publisher_did"]),
            models.Index(fields=["pipeline_version"]),
            models.Index(fields=["reconstruction_method"]),
            models.Index(fields=["cut_set"]),
            models.Index(fields=["calib_version"]),
        ]

    def __str__(self) -> str:
        return f"history of {self.entity_id}"


class Alternate(Kept):
    """A further name of an entity, activity or agent: where it comes from, it was called so."""

    class Kind(models.TextChoices):
        ENTITY = "entity", _("Entity")
        ACTIVITY = "activity", _("Activity")
        AGENT = "agent", _("Agent")

    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=1000)
    identifier = models.CharField(max_length=ID_LENGTH)

    class Meta:
        indexes = [models.Index(fields=["identifier"])]
        constraints = [models.UniqueConstraint(fields=["name", "kind"], name="alternate_names_one")]

    def __str__(self) -> str:
        return f"{self.name} is {self.identifier}"


class Selection(Kept):
    """The query by which the inputs of a run that is to come were chosen (``provenance.selection``)."""

    activity_id = models.CharField(max_length=ID_LENGTH, primary_key=True)
    adql = models.TextField()
    service = models.TextField()
    asked = models.DateTimeField()
    rows = models.BigIntegerField(null=True, blank=True, help_text=_("that it found"))

    def __str__(self) -> str:
        return self.adql


class Doubt(Kept):
    """Someone of the staff marked an entity or a run as suspect."""

    entity = models.ForeignKey(Entity, null=True, blank=True, on_delete=models.PROTECT, related_name="doubts")
    activity = models.ForeignKey(Activity, null=True, blank=True, on_delete=models.PROTECT, related_name="doubts")
    reason = models.CharField(max_length=400)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    withdrawn = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="doubt_of_one_thing",
                condition=Q(entity__isnull=False, activity__isnull=True)
                | Q(entity__isnull=True, activity__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.reason
