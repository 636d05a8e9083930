"""The job type ``sleep``: for users of UWS who try their client, and for tests."""

import time
from dataclasses import dataclass
from typing import Annotated

from jobs.activity import InputError
from jobs.description import Description, Input, Output, Param
from jobs.registry import TRIAL, JobType, LightRun


@dataclass(frozen=True)
class Sleep:
    seconds: Annotated[float, Param(text="How long the job lasts", unit="s", ucd="time.duration", min=0, max=3600)] = (
        1.0
    )
    fail: Annotated[bool, Param(text="End with an error instead of a result")] = False
    note: Annotated[str, Param(text="Words that come back in the result", max_length=10_000, advanced=True)] = ""
    attachment: Annotated[
        tuple[str, ...], Input(text="A file that comes back as a result", multiplicity="0..1", max_count=1)
    ] = ()


def sleep(params: Sleep, run: LightRun) -> None:
    """Sleeps in ten steps, so that there is progress to watch."""
    for step in range(10):
        run.out.progress(step / 10, f"Asleep, {params.seconds * step / 10:g} of {params.seconds:g} s")
        time.sleep(params.seconds / 10)
    print(f"slept {params.seconds:g} s", flush=True)
    if params.fail:
        raise InputError("The job was asked to fail, and did. Run it again without fail.")
    run.out.path("result").write_text(f"slept {params.seconds:g} s\n{params.note}")
    run.out.file("result", content_type="text/plain", title="Result")
    for staged in run.inputs["attachment"]:
        run.out.path("attachment").write_bytes(staged.path.read_bytes())
        run.out.file("attachment", content_type=staged.content_type, title="Attachment")


TYPE = JobType(
    light=sleep,
    description=Description(
        name="sleep",
        title="Sleep",
        version="1.0",
        text="Does nothing for some seconds and says so: to try out a client of this service.",
        parameters=Sleep,
        outputs=(Output(name="result", text="What was done", content_type="text/plain"),),
        type="Analysis",
        subtype=TRIAL,
        duration=60,
        max_duration=3600,
        test_values={"seconds": 2},
    ),
)
