"""``manage.py copy_to DATABASE_URL``: from SQLite to PostgreSQL (or back) without losing a row."""

from typing import Any

import dj_database_url
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.color import no_style
from django.db import DatabaseError, connections, models, transaction
from django.db.models import Model

BATCH = 2000
# Everybody signs in again after the move.
REBUILT = {"sessions.session"}
TARGET = "copy_target"


class Command(BaseCommand):
    help = "Copies every row into another, empty database; the files stay where they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("database_url", help="e.g. postgresql://user:password@host/name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            settings = dj_database_url.parse(options["database_url"])
        except ValueError as error:
            raise CommandError(f"This is not a database address: {error}") from error
        connections.databases[TARGET] = {**connections.databases["default"], "OPTIONS": {}, **settings}
        try:
            call_command("migrate", database=TARGET, verbosity=0)
            call_command("createcachetable", database=TARGET, verbosity=0)
            copied = self.copy()
        except DatabaseError as error:
            raise CommandError(f"Nothing was copied: {error}") from error
        finally:
            connections[TARGET].close()
            del connections.databases[TARGET]
        self.stdout.write(f"{copied} rows copied. Set DATABASE_URL to the new database and start the gateway again.")

    def copy(self) -> int:
        target = connections[TARGET]
        models = in_order()
        taken = [m._meta.label for m in models if m._base_manager.using(TARGET).exists() and not is_seeded(m)]
        if taken:
            raise CommandError(f"The target is not empty ({', '.join(taken)}); nothing was copied.")
        total = 0
        with transaction.atomic(using=TARGET), target.constraint_checks_disabled():
            for model in models:
                model._base_manager.using(TARGET).all().delete()
                total += self.copy_model(model)
            for statement in target.ops.sequence_reset_sql(no_style(), models):
                with target.cursor() as cursor:
                    cursor.execute(statement)
        return total

    def copy_model(self, model: type[Model]) -> int:
        rows = model._base_manager.using("default").order_by("pk").iterator(chunk_size=BATCH)
        batch: list[Model] = []
        count = 0
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                count += write(model, batch)
                batch = []
        count += write(model, batch)
        if count:
            self.stdout.write(f"{model._meta.label}: {count}")
        return count


def in_order() -> list[type[Model]]:
    """All models, those that others point to first; a model that points to itself keeps its order of keys."""
    waiting = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in REBUILT
    ]
    ordered: list[type[Model]] = []
    while waiting:
        ready = [model for model in waiting if not (needs(model) & set(waiting)) - {model}] or waiting[:1]
        ordered += ready
        waiting = [model for model in waiting if model not in ready]
    return ordered


def needs(model: type[Model]) -> set[type[Model]]:
    return {
        field.remote_field.model
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and isinstance(field.remote_field.model, type)
    }


def is_seeded(model: type[Model]) -> bool:
    """Rows that migrations themselves write are replaced by the copied ones."""
    return model._meta.app_label not in ("accounts", "archive", "jobs", "provenance")


def write(model: type[Model], batch: list[Model]) -> int:
    if batch:
        keep_times(model)
        model._base_manager.using(TARGET).bulk_create(batch)
    return len(batch)


def keep_times(model: type[Model]) -> None:
    """``auto_now`` would stamp the copies with the present time."""
    for field in model._meta.local_fields:
        if isinstance(field, models.DateField):
            field.auto_now = field.auto_now_add = False
