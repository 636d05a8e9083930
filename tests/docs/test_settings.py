"""An operator finds every variable of the environment in the documentation."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
READ = re.compile(r"""\benv\.(?:text|flag|number|words|secret)\(\s*"(\w+)\"""")


def test_every_variable_that_the_settings_read_is_in_the_documentation() -> None:
    asked = set(READ.findall((ROOT / "gateway" / "settings.py").read_text()))
    pages = "\n".join(page.read_text() for page in ROOT.glob("docs/*.md"))
    # Secrets are shown in the form that reads them from a file.
    written = {name.removesuffix("_FILE") for name in re.findall(r"\b[A-Z][A-Z0-9_]+\b", pages)}
    assert len(asked) > 40
    assert asked - written == set()
