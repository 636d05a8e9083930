"""Bodies of the Solar System: they have no fixed position, so a search by name must say so instead of guessing."""

import re

BODIES = frozenset(
    re.findall(
        r"\w+",
        "sun moon mercury venus earth mars jupiter saturn uranus neptune pluto ceres vesta pallas juno eris haumea"
        " makemake sedna io europa ganymede callisto titan enceladus triton charon phobos deimos halley"
        " soleil lune terre saturne mercure",
    )
)
# Designations of comets (1P/Halley, C/2020 F3), interstellar objects (1I/'Oumuamua) and minor planets (2060 Chiron,
# 2015 TB145).
DESIGNATION = re.compile(r"\d*[PCXDAI]/.+|\(?\d{1,6}\)? [A-Z][a-z]{3,}|[12]\d{3} [A-Z]{2}\d{0,4}")


def is_moving(name: str) -> bool:
    text = " ".join(name.split())
    return text.casefold() in BODIES or DESIGNATION.fullmatch(text) is not None
