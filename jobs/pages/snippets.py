"""The same job as commands: curl and pyvo, complete, with the token as a variable."""

import shlex
from collections.abc import Mapping, Sequence

Values = Mapping[str, Sequence[str]]


def curl(address: str, values: Values) -> str:
    words = ['curl -H "Authorization: Bearer $TOKEN" \\']
    for name, texts in values.items():
        words += [f"  --data-urlencode {shlex.quote(f'{name}={text}')} \\" for text in texts]
    words += ["  --data-urlencode PHASE=RUN \\", f"  {shlex.quote(address)}"]
    return "\n".join(words)


def pyvo(address: str, values: Values) -> str:
    """pyvo has no call for a general UWS service: a session with its authentication, and plain POST and GET."""
    pairs = [f"    ({name!r}, {text!r})," for name, texts in values.items() for text in texts]
    return "\n".join(
        [
            "import os, pyvo, requests",
            "",
            "session = requests.Session()",
            'session.headers["Authorization"] = "Bearer " + os.environ["TOKEN"]',
            "values = [",
            *pairs,
            '    ("PHASE", "RUN"),',
            "]",
            f"response = session.post({address!r}, data=values)",
            "response.raise_for_status()",
            "job = pyvo.dal.AsyncTAPJob(response.url, session=session)",
            "job.wait()",
            "print(job.phase, [result.href for result in job.results])",
        ]
    )
