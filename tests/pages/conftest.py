"""The small archive of the portal serves the pages too."""

from tests.portal.conftest import archive  # noqa: F401 - a fixture
