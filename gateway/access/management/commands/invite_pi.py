"""``manage.py invite_pi PROPOSAL E-MAIL``: mails the PI a link that leads through sign-in straight to the data."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from gateway.access import service
from gateway.access.models import Policy, Role


class Command(BaseCommand):
    help = "Mail the PI of a proposal the direct link to its data."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("proposal")
        parser.add_argument("email")
        parser.add_argument("--role", choices=Role.values, default=Role.PI)
        parser.add_argument("--target", help="address of this site to lead to (default: the search for the proposal)")

    def handle(self, *args: Any, **options: Any) -> None:
        policies = list(Policy.objects.filter(proposal_id=options["proposal"]))
        if not policies:
            raise CommandError(f"No data of a proposal {options['proposal']!r} are here.")
        try:
            validate_email(options["email"])
        except ValidationError as error:
            raise CommandError(f"{options['email']!r} is no e-mail address.") from error
        target = options["target"] or service.target(options["proposal"])
        if not target.startswith("/") or target.startswith(("//", "/\\")):
            raise CommandError("The target must be an address of this site and begin with one slash.")
        service.invite(policies, options["email"], options["role"], target, None)
        self.stdout.write(f"A link to the data of {options['proposal']} went to {options['email']}.")
