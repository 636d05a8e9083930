"""``manage.py create_token USER --scopes a,b``: prints a new access token, and nothing else."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q
from django.utils import timezone

from gateway.accounts import scopes, tokens
from gateway.accounts.models import User


class Command(BaseCommand):
    help = "Make an access token for a user and print it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="user name or e-mail address")
        parser.add_argument("--scopes", required=True, help=f"comma-separated: {', '.join(scopes.WORDS)}")
        parser.add_argument("--name", default="made by the operator")
        parser.add_argument("--days", type=int, help="lifetime; without it the token does not expire")

    def handle(self, *args: Any, **options: Any) -> None:
        who = options["user"]
        user = User.objects.filter(Q(username=who) | Q(email__iexact=who), is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {who!r}.")
        days = options["days"]
        expires = None if days is None else timezone.now() + timedelta(days=days)
        wanted = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()]
        try:
            _, text = tokens.create(user, options["name"], wanted, expires)
        except ValueError as error:
            raise CommandError(f"{error}; known are {', '.join(scopes.WORDS)}") from error
        self.stdout.write(text)
