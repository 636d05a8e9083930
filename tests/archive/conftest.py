from tests.support.archive import archive

__all__ = ["archive"]
