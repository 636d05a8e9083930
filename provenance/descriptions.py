"""The description classes of the IVOA Provenance Data Model 1.0: how things are done, before anything was done.

How a thing is done may tell that it was done: a description is seen by whoever may see a record that it serves, and by
everyone where it was published before anything was done (the job types that are on offer).
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from provenance.rows import Described, Kept, identifier, link


class ActivityType(models.TextChoices):
    OBSERVATION = "Observation", _("Observation")
    SIMULATION = "Simulation", _("Simulation")
    REDUCTION = "Reduction", _("Reduction")
    CALIBRATION = "Calibration", _("Calibration")
    RECONSTRUCTION = "Reconstruction", _("Reconstruction")
    SELECTION = "Selection", _("Selection")
    ANALYSIS = "Analysis", _("Analysis")


class FlowType(models.TextChoices):
    """UsageDescription.type and GenerationDescription.type; *Main* is the shortest relevant data flow."""

    MAIN = "Main", _("Main")
    CALIBRATION = "Calibration", _("Calibration")
    PREVIEW = "Preview", _("Preview")
    SETUP = "Setup", _("Setup")
    QUALITY = "Quality", _("Quality")
    LOG = "Log", _("Log")
    CONTEXT = "Context", _("Context")


class ActivityDescription(Described):
    """What a kind of activity does; name and version identify it."""

    identifier = identifier()
    name = models.CharField(max_length=255)
    version = models.CharField(max_length=128, blank=True)
    description = models.TextField(blank=True)
    docurl = models.TextField(blank=True)
    type = models.CharField(max_length=64, blank=True)
    subtype = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="activity_description_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


class DescriptionContact(Kept):
    """Extension: whom to ask about a registered description; becomes an agent of its runs."""

    activity_description = link("ActivityDescription", "contacts")
    agent = link("Agent", "described")
    role = models.CharField(max_length=64, default="Contributor")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["activity_description", "agent", "role"], name="description_contact_once")
        ]

    def __str__(self) -> str:
        return f"{self.agent_id}: {self.role} of {self.activity_description_id}"


class Kind(models.TextChoices):
    """Which class of entity: DatasetEntity, ValueEntity, or neither."""

    PLAIN = "", _("Entity")
    DATASET = "dataset", _("Dataset")
    VALUE = "value", _("Value")
    COLLECTION = "collection", _("Collection")


class EntityDescription(Described):
    """With its kinds DatasetDescription (content_type) and ValueDescription (value_type, unit, ucd, utype)."""

    identifier = identifier()
    kind = models.CharField(max_length=12, choices=Kind, blank=True)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    docurl = models.TextField(blank=True)
    type = models.CharField(max_length=128, blank=True)
    content_type = models.CharField(max_length=128, blank=True)
    value_type = models.CharField(max_length=64, blank=True)
    unit = models.CharField(max_length=64, blank=True)
    ucd = models.CharField(max_length=128, blank=True)
    utype = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="dataset_description_has_content_type",
                condition=~Q(kind="dataset") | ~Q(content_type=""),
            ),
            models.CheckConstraint(
                name="value_description_has_value_type",
                condition=~Q(kind="value") | ~Q(value_type=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FlowDescription(Described):
    """What an activity of a kind uses or makes, in which role."""

    identifier = identifier()
    role = models.CharField(max_length=128)
    description = models.TextField(blank=True)
    type = models.CharField(max_length=32, blank=True)
    multiplicity = models.CharField(max_length=16, blank=True)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["activity_description", "role"])]


class UsageDescription(FlowDescription):
    activity_description = link("ActivityDescription", "usage_descriptions")
    entity_descriptions = models.ManyToManyField(EntityDescription, blank=True, related_name="usage_descriptions")

    def __str__(self) -> str:
        return f"{self.activity_description_id} uses {self.role}"


class GenerationDescription(FlowDescription):
    activity_description = link("ActivityDescription", "generation_descriptions")
    entity_descriptions = models.ManyToManyField(EntityDescription, blank=True, related_name="generation_descriptions")

    def __str__(self) -> str:
        return f"{self.activity_description_id} makes {self.role}"


class ParameterDescription(Described):
    """One setting of a kind of activity. ``default`` None: there is none, the value is required."""

    identifier = identifier()
    activity_description = link("ActivityDescription", "parameter_descriptions")
    name = models.CharField(max_length=255)
    value_type = models.CharField(max_length=64)
    description = models.TextField(blank=True)
    unit = models.CharField(max_length=64, blank=True)
    ucd = models.CharField(max_length=128, blank=True)
    utype = models.CharField(max_length=128, blank=True)
    minimum = models.CharField(max_length=64, blank=True)
    maximum = models.CharField(max_length=64, blank=True)
    options = models.JSONField(default=list, blank=True)
    default = models.TextField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["activity_description", "name"])]

    def __str__(self) -> str:
        return self.name


class ConfigFileDescription(Described):
    identifier = identifier()
    activity_description = link("ActivityDescription", "config_file_descriptions")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=128)
    description = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["activity_description", "name"])]

    def __str__(self) -> str:
        return self.name
