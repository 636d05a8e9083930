"""Why a record is refused. The texts are shown to whoever sent it."""


class Refused(ValueError):
    """The record breaks a rule of the model; nothing of it was kept."""


class Conflict(Refused):
    """The record says something else than what is known already."""


class Unknown(Refused):
    """The record speaks of something that is not known."""
