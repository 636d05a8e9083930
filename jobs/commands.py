"""External commands: an argv template filled with values, one word each. No shell ever sees a value."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from django.utils.translation import gettext as _

from jobs.errors import Refused
from jobs.parameters import text_of
from jobs.registry import Command
from jobs.runner.client import clean_environment
from jobs.staging import Inputs


def command_request(command: Command, params: Any, inputs: Inputs, folder: Path) -> dict[str, Any]:
    """The members ``argv`` and ``environment`` of a request to the runner."""
    values = {f.name: getattr(params, f.name) for f in fields(params)} if is_dataclass(params) else dict(params)
    words = {name: words_of(name, value, inputs) for name, value in values.items()}
    if command.script:
        script = folder / "script"
        script.write_text(command.script)
        script.chmod(0o500)
        words["script"] = [str(script)]
    words["out"] = [str(folder)]
    return {"argv": fill(command.argv, words), "environment": clean_environment(folder)}


def words_of(name: str, value: Any, inputs: Inputs) -> list[str]:
    """Inputs as paths, other values as texts; nothing that a program could take for an option."""
    if name in inputs.products:
        return [str(member.path) for member in inputs.products[name]]
    members = value if isinstance(value, tuple) else (value,)
    return [text_of(member) for member in members if member is not None]


def fill(argv: tuple[str, ...], words: Mapping[str, list[str]]) -> list[str]:
    """``{name}`` alone in a word becomes one word for each value; inside a word, the first value."""
    filled: list[str] = []
    for template in argv:
        names = [name for _text, name, _spec, _conversion in Formatter().parse(template) if name]
        if len(names) == 1 and template == f"{{{names[0]}}}":
            filled += [_harmless(names[0], word) for word in words.get(names[0], [])]
        else:
            text = template
            for name in names:
                text = text.replace(f"{{{name}}}", next(iter(words.get(name, [])), ""))
            filled.append(text)
    return filled


def _harmless(name: str, word: str) -> str:
    """A value that stands alone must not become an option; numbers may be negative."""
    if word.startswith("-") and not _is_number(word):
        raise Refused(400, name, word, _("must not begin with a dash"))
    return word


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
