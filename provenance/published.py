"""ProvTAP: the model as published tables, one a class, in schema ``provenance``.

Names of columns are the model's attributes in lower case, keys end in ``_id``; utypes are those of the VO-DML file;
UCDs are of list 1.6 (2024-12-18). Times are UTC. What lies outside the standard's classes has tables of its own:
``entity_file``, ``outcome``, ``alternate`` and ``product_history``.
"""

from gateway.vo.tables import Column, ForeignKey, PublishedSchema, PublishedTable, published, schemas

SCHEMA = PublishedSchema(
    name="provenance",
    description="Where each product comes from: the IVOA Provenance Data Model 1.0 (REC 2020-04-11) as tables",
    utype="voprov",
)
UCDS = {
    "id": "meta.id;meta.main",
    "name": "meta.title",
    "role": "meta.code.class",
    "type": "meta.code.class",
    "comment": "meta.note",
    "description": "meta.note",
    "docurl": "meta.ref.url",
    "url": "meta.ref.url",
    "location": "meta.ref.url",
    "value": "stat.value",
    "unit": "meta.unit",
    "ucd": "meta.ucd",
    "min": "stat.min",
    "max": "stat.max",
    "version": "meta.version",
    "contenttype": "meta.code.mime",
    "email": "meta.email",
}


def text(
    name: str, utype: str, words: str, *, source: str = "", ucd: str = "", key: bool = False, **more: str
) -> Column:
    return Column(
        name=name,
        datatype="char",
        arraysize="*",
        ucd=ucd or UCDS.get(name, "meta.id" if name.endswith("_id") else "meta"),
        utype=f"voprov:{utype}" if utype else "",
        description=words,
        source="" if "expression" in more else source or name,
        indexed=key,
        principal=key or name in ("name", "role", "value", "type"),
        std=bool(utype),
        **more,
    )


def time(name: str, utype: str, words: str, source: str, ucd: str) -> Column:
    """As DALI timestamp; the same SQL on both engines."""
    whole = f"CAST({source} AS TEXT)"
    shown = f"SUBSTR({whole}, 1, 10) || 'T' || SUBSTR({whole}, 12, 8)"
    return text(name, utype, words, ucd=ucd, expression=shown, xtype="timestamp")


def key(target: str, here: str, words: str = "") -> ForeignKey:
    return ForeignKey(target=f"provenance.{target}", columns=((here, "id"),), description=words)


def table(name: str, cls: str, words: str, columns: tuple[Column, ...], keys: tuple[ForeignKey, ...] = (), *,
          physical: str = "") -> PublishedTable:  # fmt: skip
    return PublishedTable(
        name=f"provenance.{name}",
        physical=physical or f"provenance_{name}",
        columns=columns,
        description=words,
        utype=f"voprov:{cls}" if cls else "",
        policy_column="policy_id",
        keys=keys,
    )


def identifier(cls: str) -> Column:
    return text("id", f"{cls}.id", "identifier: the KEY", source="identifier", key=True)


CORE = (
    table(
        "entity",
        "Entity",
        "Data, values, documents: things with a history",
        (
            identifier("Entity"),
            text("name", "Entity.name", "title"),
            text("kind", "", "dataset, value, collection or empty", ucd="meta.code.class"),
            text(
                "location",
                "Entity.location",
                "where it lies or lay",
                expression="CASE WHEN SUBSTR(location, 1, 6) = 'site:/' THEN {public_url} || SUBSTR(location, 6)"
                " ELSE location END",
            ),
            time("generatedattime", "Entity.generatedAtTime", "made", "generated_at_time", "time.creation"),
            time("invalidatedattime", "Entity.invalidatedAtTime", "gone since", "invalidated_at_time", "time.end"),
            text("comment", "Entity.comment", "remark"),
            text("value", "ValueEntity.value", "value of a value entity"),
            text("description_id", "Entity.description", "its description"),
            text("obs_publisher_did", "", "the product in ivoa.obscore", ucd="meta.ref.ivoid", key=True),
        ),
        (
            key("entitydescription", "description_id"),
            ForeignKey(target="ivoa.obscore", columns=(("obs_publisher_did", "obs_publisher_did"),)),
        ),
    ),
    table(
        "activity",
        "Activity",
        "What was done",
        (
            identifier("Activity"),
            text("name", "Activity.name", "title"),
            time("starttime", "Activity.startTime", "started", "start_time", "time.start"),
            time("endtime", "Activity.endTime", "ended", "end_time", "time.end"),
            text("comment", "Activity.comment", "remark"),
            text("description_id", "Activity.description", "what kind of activity", key=True),
        ),
        (key("activitydescription", "description_id"),),
    ),
    table(
        "agent",
        "Agent",
        "Who did it: people (pseudonymous identifiers), organisations, software",
        (
            identifier("Agent"),
            text("name", "Agent.name", "name"),
            text("type", "Agent.type", "Person, Organization or SoftwareAgent"),
            text("comment", "Agent.comment", "remark"),
            text("affiliation", "Agent.affiliation", "affiliation"),
            text(
                "email",
                "Agent.email",
                "address; never of a person",
                expression="CASE WHEN type = 'Person' THEN NULL ELSE email END",
            ),
            text("url", "Agent.url", "page"),
        ),
    ),
)  # fmt: skip


def relation(
    name: str, cls: str, words: str, ends: tuple[tuple[str, str], ...], extra: tuple[Column, ...] = ()
) -> PublishedTable:
    """``ends``: (column, table it leads to)."""
    columns = tuple(text(column, f"{cls}.{column[:-3]}", f"leads to {target}", key=True) for column, target in ends)
    return table(name, cls, words, columns + extra, tuple(key(target, column) for column, target in ends))


def role(cls: str, words: str = "part that it played") -> Column:
    return text("role", f"{cls}.role", words)


FLOW = text("type", "", "Main, Calibration, Preview, Setup, Quality, Log or Context")
RELATIONS = (
    relation(
        "used",
        "Used",
        "An activity used an entity",
        (("activity_id", "activity"), ("entity_id", "entity")),
        (
            role("Used"),
            time("time", "Used.time", "when", "time", "time.epoch"),
            FLOW,
            text("description_id", "Used.description", "its description"),
        ),
    ),
    relation(
        "wasgeneratedby",
        "WasGeneratedBy",
        "An entity was made by an activity (at most one)",
        (("entity_id", "entity"), ("activity_id", "activity")),
        (role("WasGeneratedBy"), FLOW, text("description_id", "WasGeneratedBy.description", "its description")),
    ),
    relation(
        "wasderivedfrom",
        "WasDerivedFrom",
        "An entity comes from another",
        (("entity_id", "entity"), ("used_entity_id", "entity")),
    ),
    relation(
        "wasinformedby",
        "WasInformedBy",
        "An activity follows another",
        (("activity_id", "activity"), ("informant_id", "activity")),
    ),
    relation(
        "hadmember", "HadMember", "What a collection holds", (("collection_id", "entity"), ("entity_id", "entity"))
    ),
    relation(
        "wasassociatedwith",
        "WasAssociatedWith",
        "Who did an activity",
        (("activity_id", "activity"), ("agent_id", "agent")),
        (role("WasAssociatedWith"),),
    ),
    relation(
        "wasattributedto",
        "WasAttributedTo",
        "Whose an entity is",
        (("entity_id", "entity"), ("agent_id", "agent")),
        (role("WasAttributedTo"),),
    ),
)


def numbered(name: str, letter: str, words: str) -> Column:
    """The key of a part of a run, from the run and the part's place in it: a number counted over the whole archive
    would tell how many rows there are that the viewer may not see."""
    return text(name, "", words, expression=f"activity_id || '.{letter}' || CAST(number AS TEXT)")


def refers(name: str, column: str, table: str, letter: str, words: str) -> Column:
    """The same key where another table names it."""
    place = f"n.activity_id || '.{letter}' || CAST(n.number AS TEXT)"
    found = f"(SELECT {place} FROM {table} AS n WHERE n.id = {column})"  # noqa: S608 - words of this file alone
    return text(name, "", words, expression=found)


CONFIGURATION = (
    table(
        "parameter",
        "Parameter",
        "Values that configured a run",
        (
            numbered("id", "p", "key"),
            text("activity_id", "", "the run", key=True),
            text("name", "Parameter.name", "name", key=True),
            text("value", "Parameter.value", "value (a reserved word: quote it, or take p_value)"),
            text("p_value", "Parameter.value", "the same under the draft's name", source="value", ucd="stat.value"),
            text("description_id", "Parameter.description", "what it means"),
            text("value_entity_id", "Parameter.hadReference", "the entity that gave the value"),
        ),
        (
            key("activity", "activity_id"),
            key("parameterdescription", "description_id"),
            key("entity", "value_entity_id"),
        ),
    ),
    table(
        "configfile",
        "ConfigFile",
        "Files that configured a run",
        (
            numbered("id", "c", "key"),
            text("activity_id", "", "the run", key=True),
            text("name", "ConfigFile.name", "name"),
            text("location", "ConfigFile.location", "where it lay"),
            text("comment", "ConfigFile.comment", "remark"),
            text("description_id", "ConfigFile.description", "what it is"),
        ),
        (key("activity", "activity_id"), key("configfiledescription", "description_id")),
    ),
    table(
        "wasconfiguredby",
        "WasConfiguredBy",
        "A run was configured by a parameter or a file",
        (
            text("activity_id", "WasConfiguredBy.activity", "the run", key=True),
            text("artefacttype", "WasConfiguredBy.artefactType", "Parameter or ConfigFile", source="artefact_type"),
            refers("parameter_id", "parameter_id", "provenance_parameter", "p", "the parameter"),
            refers("configfile_id", "config_file_id", "provenance_configfile", "c", "the file"),
        ),
        (key("activity", "activity_id"), key("parameter", "parameter_id"), key("configfile", "configfile_id")),
    ),
)


def description(name: str, cls: str, words: str, columns: tuple[Column, ...], part: bool = True) -> PublishedTable:
    """A description is seen by whoever may see a record that it serves: its name may tell of what was done."""
    head: tuple[Column, ...] = (identifier(cls),)
    keys: tuple[ForeignKey, ...] = ()
    if part:
        head += (text("activitydescription_id", "", "whose part it is", source="activity_description_id", key=True),)
        keys = (key("activitydescription", "activitydescription_id"),)
    return table(name, cls, words, head + columns, keys)


def words_of(cls: str, *names: str, **sources: str) -> tuple[Column, ...]:
    plain = tuple(text(name, f"{cls}.{name}", name) for name in names)
    return plain + tuple(text(name.lower(), f"{cls}.{name}", name, source=source) for name, source in sources.items())


PARAMETER_LIMITS = (
    text("options", "ParameterDescription.options", "allowed values, JSON", expression="CAST(options AS TEXT)"),
    text("default_value", "ParameterDescription.default", "default", source="default"),
)
DESCRIPTIONS = (
    description(
        "activitydescription",
        "ActivityDescription",
        "Kinds of activity; name and version identify one",
        words_of("ActivityDescription", "name", "version", "description", "docurl", "type", "subtype"),
        part=False,
    ),
    description(
        "entitydescription",
        "EntityDescription",
        "Kinds of entity, with those of datasets (contenttype) and values (valuetype)",
        words_of("EntityDescription", "name", "description", "docurl", "type", "kind")
        + words_of("DatasetDescription", contentType="content_type")
        + words_of("ValueDescription", "unit", "ucd", "utype", valueType="value_type"),
        part=False,
    ),
    description(
        "usagedescription",
        "UsageDescription",
        "What a kind of activity uses",
        words_of("UsageDescription", "role", "description", "type", "multiplicity"),
    ),
    description(
        "generationdescription",
        "GenerationDescription",
        "What a kind of activity makes",
        words_of("GenerationDescription", "role", "description", "type", "multiplicity"),
    ),
    description(
        "parameterdescription",
        "ParameterDescription",
        "Settings of a kind of activity",
        words_of(
            "ParameterDescription", "name", "description", "unit", "ucd", "utype",
            valueType="value_type", min="minimum", max="maximum",
        )
        + PARAMETER_LIMITS,
    ),
    description(
        "configfiledescription",
        "ConfigFileDescription",
        "Configuration files of a kind of activity",
        words_of("ConfigFileDescription", "name", "description", contentType="content_type"),
    ),
)  # fmt: skip
EXTENSIONS = (
    table(
        "entity_file",
        "",
        "Beyond the standard: bytes of entities",
        (
            text("entity_id", "", "the entity", source="identifier", key=True),
            text("sha256", "", "SHA-256 of the bytes", ucd="meta.checksum"),
            Column(name="size_bytes", datatype="long", unit="byte", ucd="phys.size;meta.file", source="size",
                   description="length"),
            text("content_type", "", "media type", ucd="meta.code.mime"),
            text("level", "", "data level, DL0 to DL6", ucd="meta.code;obs.calib"),
        ),
        (key("entity", "entity_id"),),
        physical="provenance_entity",
    ),
    table(
        "outcome",
        "",
        "Beyond the standard: how an activity ended",
        (
            text("activity_id", "", "the activity", key=True),
            Column(name="succeeded", datatype="short", ucd="meta.code.status", description="1 yes, 0 no",
                   expression="CASE WHEN succeeded THEN 1 WHEN NOT succeeded THEN 0 END"),
            Column(name="exit_code", datatype="int", ucd="meta.code.error", description="exit code"),
            text("error", "", "what went wrong", ucd="meta.code.error"),
            text("software", "", "packages and versions, JSON", expression="CAST(software AS TEXT)"),
        ),
        (key("activity", "activity_id"),),
    ),
    table(
        "product_history",
        "",
        "Which version, method, cuts and calibration made each product: one row a product, no join needed."
        " Where several inputs differ, the values stand side by side",
        (
            text("obs_publisher_did", "", "the product in ivoa.obscore", ucd="meta.ref.ivoid", key=True),
            text("entity_id", "", "the entity", key=True),
            text("level", "", "data level", ucd="meta.code;obs.calib"),
            text("activity_id", "", "the run that made it"),
            text("activity_name", "", "kind of run", ucd="meta.title"),
            text("activity_version", "", "its version", ucd="meta.version"),
            text("activity_type", "", "Observation … Analysis", ucd="meta.code.class"),
            time("endtime", "", "when the run ended", "end_time", "time.end"),
            text("software", "", "packages of the run", ucd="meta.software"),
            text("pipeline_name", "", "software that processed the data", ucd="meta.software"),
            text("pipeline_version", "", "its version", ucd="meta.version;meta.software", key=True),
            text("reconstruction_method", "", "how events were reconstructed", ucd="meta.code", key=True),
            text("cut_set", "", "cuts on the events", ucd="meta.code", key=True),
            text("calib_version", "", "version of the calibration", ucd="meta.version;obs.calib", key=True),
            text("steps", "", "all steps and versions upstream, nearest first", ucd="meta.note"),
        ),
        (
            key("entity", "entity_id"),
            ForeignKey(target="ivoa.obscore", columns=(("obs_publisher_did", "obs_publisher_did"),)),
        ),
        physical="provenance_history",
    ),
)  # fmt: skip
TABLES = (*CORE, *RELATIONS, *CONFIGURATION, *DESCRIPTIONS, *EXTENSIONS)


def register() -> None:
    schemas.add(SCHEMA.name, SCHEMA)
    for each in TABLES:
        published.add(each.name, each)
