"""External commands: an argv template filled with values, one word each. No shell ever sees a value."""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from string import Formatter
from typing import Any

from django.utils.translation import gettext as _

from jobs.description import Description, Output
from jobs.errors import Refused
from jobs.parameters import text_of
from jobs.registry import Command
from jobs.runner.client import clean_environment
from jobs.staging import Inputs

UNSAFE = re.compile(r"LD_|PYTHON|BASH|PERL|IFS|ENV|SHELLOPTS|PS4|script$", re.IGNORECASE)
OURS = {"in", "events.jsonl", "request.json", "script"}
"""files of the run that are the gateway's"""


def command_request(command: Command, params: Any, inputs: Inputs, folder: Path, seen: Path) -> dict[str, Any]:
    """The members ``argv`` and ``environment`` of a request to the runner; ``seen``: the folder as the run sees it."""
    values = {f.name: getattr(params, f.name) for f in fields(params)} if is_dataclass(params) else dict(params)
    words = {name: words_of(name, value, inputs) for name, value in values.items()}
    if command.script:
        script = folder / "script"
        script.write_text(command.script)
        script.chmod(0o500)
        words["script"] = [str(seen / script.name)]
    environment = clean_environment(seen)
    # Scripts written for OPUS read the values as variables; none may change how the program itself is run.
    given = {name: "\n".join(texts) for name, texts in words.items() if not UNSAFE.match(name)}
    words["out"] = [str(seen)]
    return {"argv": fill(command.argv, words), "environment": given | environment}


def declared_files(description: Description, params: Any, folder: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What the command wrote of what its description declares, as events of a run, and what is missing of it."""
    files: dict[str, dict[str, Any]] = {}
    missing: list[str] = []
    for output in description.outputs:
        pattern = _file_of(output, params)
        names = [p.name for p in sorted(folder.iterdir()) if fnmatchcase(p.name, pattern) and p.name not in OURS]
        if not names and not output.multiplicity.startswith(("0", "*")):
            missing.append(pattern)
        for name in names:
            files[name] = _event(output, name, main=output.product and not any(f["main"] for f in files.values()))
    return files, missing


def output_files(description: Description, params: Any) -> list[str]:
    """Names, or patterns of names, of the files that the command writes."""
    return [_file_of(output, params) for output in description.outputs]


def _file_of(output: Output, params: Any) -> str:
    """An output that has a parameter's name lies in the file that its value names."""
    given = getattr(params, output.name, None)
    return output.file or (text_of(given) if isinstance(given, str) and given else output.name)


def _event(output: Output, name: str, *, main: bool) -> dict[str, Any]:
    event: dict[str, Any] = {"event": "product" if output.product else "file", "name": name, "title": output.text}
    event |= {"content_type": output.content_type, "main": main, "obscore": {}}
    return event | {"preview": not output.product and output.content_type.startswith("image/")}


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
