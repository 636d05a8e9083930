"""Documents of UWS as a client reads them; each is checked against its schema."""

from jobs.models import Job
from tests.vo.schemas import check

UWS = "{http://www.ivoa.net/xml/UWS/v1.0}"
XLINK = "{http://www.w3.org/1999/xlink}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def xml(response):
    assert response.status_code == 200, getattr(response, "content", response)
    return check(b"".join(response.streaming_content) if response.streaming else response.content)


def one(path: str) -> Job:
    return Job.objects.get(pk=path.rsplit("/", 1)[1])


def ids(response) -> list[str]:
    return [ref.get("id") for ref in xml(response).iter(f"{UWS}jobref")]
