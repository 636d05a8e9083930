"""What job types and the fields of the search form say of themselves, for the catalogues of translation: pages show it
in the reader's language.

Documents (ActivityDescriptions, UWS, WADL) keep the words of the description as they are.
"""

from collections.abc import Iterator

from jobs import parameters, registry
from jobs.description import Description, Param
from search.portal import meaning


def declared() -> list[str]:
    """Each text once, as its description declares it."""
    said: dict[str, None] = {}
    for _name, job_type in registry.types.items():
        said.update(dict.fromkeys(text for text in _texts(job_type.description) if text))
    said.update(dict.fromkeys(meaning.texts()))
    return list(said)


def _texts(description: Description) -> Iterator[str]:
    yield from (description.title, description.text)
    for parameter in parameters.parameters_of(description):
        yield from (parameter.label, parameter.meta.text)
        if isinstance(parameter.meta, Param):
            yield parameter.meta.group
    yield from (output.text for output in description.outputs)


def source() -> str:
    """A module that marks them for ``makemessages``."""
    calls = (f"gettext_noop({text!r})" for text in declared())
    return "\n".join(["from django.utils.translation import gettext_noop", *calls, ""])
