"""The table of the access matrix: one row for each pattern of the URLconf. ``tests/test_matrix.py`` walks it.

A new address needs a row here, or the build fails. Choose the kind that says who gets what:

- ``OPEN``: the same for everyone, if nothing else is said
- ``KNOWN``: what may be *known* of a product: everyone but where its metadata are hidden (then 404 for strangers)
- ``BYTES``: what may be *had* of a product: 401 and 403 with the reason where it is known, 404 where it is hidden
- ``MINE``: something of alice's: 401 for anonymous, 403 for strangers, hers and the staff's
- ``SIGNED_IN``: anonymous visitors are led to sign-in
- ``STAFF``: staff alone

``status`` is what is answered, exactly: one number for all, or five for anonymous, charlie (stranger), bob (collaborator),
alice (PI) and dana (staff); of ``KNOWN`` and ``BYTES`` it is that of those who may. ``page`` is the same for a browser
that asks for HTML, where it differs.

``{key}`` in an address stands for the product of each right in turn, ``{activity}`` and ``{agent}`` for the run that made
it and the one who did it; other names are filled from the world of the test. ``post`` marks addresses that only POST may
reach; they are asked with the form fields given.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

PEOPLE = ("anonymous", "charlie", "bob", "alice", "dana")
Statuses = int | tuple[int, int, int, int, int]


class Kind(Enum):
    OPEN = auto()
    KNOWN = auto()
    BYTES = auto()
    MINE = auto()
    SIGNED_IN = auto()
    STAFF = auto()


@dataclass(frozen=True)
class Row:
    kind: Kind
    address: str
    post: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    status: Statuses = 200
    page: Statuses | None = None

    def answer(self, who: str, *, page: bool) -> int:
        """The status that this person gets (of KNOWN and BYTES: where they may)."""
        given = self.page if page and self.page is not None else self.status
        return given if isinstance(given, int) else given[PEOPLE.index(who)]


def opened(address: str, **more: object) -> Row:
    return Row(Kind.OPEN, address, **more)  # type: ignore[arg-type]


def mine(address: str, **more: object) -> Row:
    return Row(Kind.MINE, address, **{"status": (401, 403, 403, 200, 200), **more})  # type: ignore[arg-type]


def signed_in(address: str, **more: object) -> Row:
    return Row(Kind.SIGNED_IN, address, **{"status": (302, 200, 200, 200, 200), **more})  # type: ignore[arg-type]


def staff(address: str, **more: object) -> Row:
    return Row(Kind.STAFF, address, **{"status": (302, 403, 403, 403, 200), **more})  # type: ignore[arg-type]


NOT_THERE = (401, 403, 403, 404, 404)
"""of a thing of alice's that does not exist"""

ACCOUNTS = {
    "accounts/tokens/": signed_in("/accounts/tokens/"),
    "accounts/tokens/<uuid:pk>/revoke": signed_in(
        "/accounts/tokens/{token}/revoke", post=True, status=(302, 404, 404, 302, 404)
    ),
    "accounts/audit/": staff("/accounts/audit/"),
    "accounts/audit.csv": staff("/accounts/audit.csv"),
    "accounts/login/": opened("/accounts/login/", status=(200, 302, 302, 302, 302)),
    "accounts/logout/": opened("/accounts/logout/"),
    "accounts/inactive/": opened("/accounts/inactive/"),
    "accounts/signup/": opened("/accounts/signup/", status=(200, 302, 302, 302, 302)),
    "accounts/reauthenticate/": signed_in("/accounts/reauthenticate/"),
    "accounts/email/": signed_in("/accounts/email/"),
    "accounts/confirm-email/": opened("/accounts/confirm-email/"),
    "accounts/password/change/": signed_in("/accounts/password/change/"),
    "accounts/password/set/": signed_in("/accounts/password/set/", status=302),
    "accounts/password/reset/": opened("/accounts/password/reset/"),
    "accounts/login/code/confirm/": opened("/accounts/login/code/confirm/", status=302),
    r"accounts/^confirm-email/(?P<key>[-:\w]+)/$": opened("/accounts/confirm-email/unknown/"),
    "accounts/password/reset/key/done/": opened("/accounts/password/reset/key/done/"),
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": opened("/accounts/password/reset/key/1-x/"),
    "accounts/password/reset/done/": opened("/accounts/password/reset/done/"),
    "accounts/2fa/": signed_in("/accounts/2fa/"),
    "accounts/2fa/authenticate/": opened("/accounts/2fa/authenticate/", status=302),
    "accounts/2fa/reauthenticate/": signed_in("/accounts/2fa/reauthenticate/", status=302),
    "accounts/2fa/totp/activate/": signed_in("/accounts/2fa/totp/activate/", status=302),
    "accounts/2fa/totp/deactivate/": signed_in("/accounts/2fa/totp/deactivate/", status=(302, 404, 404, 404, 404)),
    "accounts/2fa/recovery-codes/": signed_in("/accounts/2fa/recovery-codes/", status=(302, 404, 404, 404, 404)),
    "accounts/2fa/recovery-codes/generate/": signed_in("/accounts/2fa/recovery-codes/generate/", status=302),
    "accounts/2fa/recovery-codes/download/": signed_in(
        "/accounts/2fa/recovery-codes/download/", status=(302, 404, 404, 404, 404)
    ),
    "accounts/2fa/webauthn/": signed_in("/accounts/2fa/webauthn/"),
    "accounts/2fa/webauthn/add/": signed_in("/accounts/2fa/webauthn/add/", status=302),
    "accounts/2fa/webauthn/reauthenticate/": signed_in("/accounts/2fa/webauthn/reauthenticate/", post=True, status=302),
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": signed_in("/accounts/2fa/webauthn/keys/1/remove/", status=302),
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": signed_in("/accounts/2fa/webauthn/keys/1/edit/", status=302),
    "accounts/2fa/webauthn/login/": opened("/accounts/2fa/webauthn/login/", status=302),
    "accounts/3rdparty/login/cancelled/": opened("/accounts/3rdparty/login/cancelled/"),
    "accounts/3rdparty/login/error/": opened("/accounts/3rdparty/login/error/", status=401),
    "accounts/3rdparty/signup/": opened("/accounts/3rdparty/signup/", status=302),
    "accounts/3rdparty/": signed_in("/accounts/3rdparty/"),
    "accounts/social/login/cancelled/": opened("/accounts/social/login/cancelled/", status=301),
    "accounts/social/login/error/": opened("/accounts/social/login/error/", status=301),
    "accounts/social/signup/": opened("/accounts/social/signup/", status=301),
    "accounts/social/connections/": opened("/accounts/social/connections/", status=301),
    # Providers that are not configured do not exist; the flows are proved in tests/accounts.
    "accounts/github/login/": opened("/accounts/github/login/", status=404),
    "accounts/github/login/callback/": opened("/accounts/github/login/callback/", status=404),
    "accounts/google/login/": opened("/accounts/google/login/", status=404),
    "accounts/google/login/callback/": opened("/accounts/google/login/callback/", status=404),
    "accounts/google/login/token/": opened("/accounts/google/login/token/", status=404),
    "accounts/orcid/login/": opened("/accounts/orcid/login/", status=404),
    "accounts/orcid/login/callback/": opened("/accounts/orcid/login/callback/", status=404),
    "accounts/oidc/^(?P<provider_id>[^/]+)/login/": opened("/accounts/oidc/none/login/", status=404),
    "accounts/oidc/^(?P<provider_id>[^/]+)/login/callback/": opened("/accounts/oidc/none/login/callback/", status=404),
    "accounts/institutions/": opened("/accounts/institutions/?q=x"),
    "accounts/institutions/login": opened("/accounts/institutions/login", post=True, status=400),
    "accounts/institutions/forget": opened("/accounts/institutions/forget", post=True, status=302),
    "accounts/saml/federation/acs/": opened("/accounts/saml/federation/acs/", post=True, status=400),
    "accounts/saml/federation/acs/finish/": opened("/accounts/saml/federation/acs/finish/", post=True, status=400),
    "accounts/saml/federation/metadata/": opened("/accounts/saml/federation/metadata/"),
}

ACCESS = {
    "access/": signed_in("/access/"),
    "access/invitation/<str:secret>/": signed_in("/access/invitation/unknown/", status=(302, 404, 404, 404, 404)),
    "access/<uuid:uid>/ask": signed_in("/access/{hidden_policy}/ask", status=(302, 404, 302, 302, 302)),
    "access/<uuid:uid>/watch": signed_in("/access/{hidden_policy}/watch", post=True, status=(302, 404, 302, 302, 302)),
    "access/<uuid:uid>/use": signed_in("/access/{hidden_policy}/use", status=(302, 404, 403, 200, 200)),
    "access/<uuid:uid>/use.csv": signed_in("/access/{hidden_policy}/use.csv", status=(302, 404, 403, 200, 200)),
    "access/<uuid:uid>/members": signed_in("/access/{hidden_policy}/members", status=(302, 404, 403, 200, 200)),
    "access/<uuid:uid>/members/<uuid:user_id>/remove": signed_in(
        "/access/{hidden_policy}/members/{stranger}/remove", post=True, status=(302, 404, 403, 404, 404)
    ),
    "access/<uuid:uid>/requests/<uuid:request_id>": signed_in(
        "/access/{hidden_policy}/requests/{stranger}", post=True, status=(302, 404, 403, 404, 404)
    ),
    "access/<uuid:uid>/explain": staff("/access/{hidden_policy}/explain"),
}

SITE = {
    "": opened("/"),
    "help/": opened("/help/"),
    "help/images/<str:name>": opened("/help/images/none.png", status=404),
    "help/<slug:name>/": opened("/help/glossary/"),
    "health": opened("/health"),
    "metrics": opened("/metrics"),
    "i18n/setlang/": opened("/i18n/setlang/", post=True, fields={"language": "fr"}, status=302),
}

ARCHIVE = {
    "data": Row(Kind.KNOWN, "/data?ID={key}", status=302),
    "data/<str:key>": Row(Kind.BYTES, "/data/{key}"),
    "packages/<str:key>": Row(Kind.BYTES, "/packages/{key}"),
    "previews/<str:key>": Row(Kind.BYTES, "/previews/{key}"),
    "signed/<str:token>": opened("/signed/unknown", status=403),
    "products/<str:key>/signed": Row(Kind.BYTES, "/products/{key}/signed", post=True),
    "products/<str:key>/region": Row(
        Kind.BYTES, "/products/{key}/region?ra=83.6&dec=22&radius=1", status=400
    ),  # of an event list nothing is measured
    "products/<str:key>/image.fits": Row(Kind.BYTES, "/products/{key}/image.fits", status=400),
    "products/<str:key>/image.png": Row(Kind.BYTES, "/products/{key}/image.png", status=400),
    "products/<str:key>/ask": signed_in("/products/{hidden}/ask", post=True, status=(302, 404, 302, 302, 302)),
    "products/<str:key>/keep": signed_in("/products/{hidden}/keep", post=True, status=(302, 404, 403, 403, 403)),
    "products/<str:key>/share": signed_in("/products/{hidden}/share", post=True, status=(302, 404, 404, 404, 404)),
    "products/<str:key>/publish": signed_in("/products/{hidden}/publish", post=True, status=(302, 404, 403, 403, 302)),
    "products/": Row(Kind.KNOWN, "/products/?id={key}", status=302),
    "products/<str:key>/": Row(Kind.KNOWN, "/products/{key}/"),
    "search/": opened("/search/"),
    "search/go": opened("/search/go?target=Crab", status=302),
    "search/preview": opened("/search/preview?ra=83.6&dec=22&radius=180"),
    "search/targets": opened("/search/targets", post=True, status=400),
    "search/results/": opened("/search/results/?ra=83.6&dec=22&radius=180"),
    "search/results/beside": opened("/search/results/beside?ra=83.6&dec=22&radius=180"),
    "search/resolve": opened("/search/resolve?name=Crab"),
    "search/object": opened("/search/object?name=Crab+Nebula"),
    "search/object/remote": opened("/search/object/remote?name=Crab+Nebula"),
    "search/suggest": opened("/search/suggest?q=se"),
}

ADQL = "SELECT+*+FROM+ivoa.obscore"


def tap(base: str) -> dict[str, Row]:
    """The same service under its two addresses; ``/tap-auth`` challenges whoever is not signed in."""
    status = (401, 200, 200, 200, 200) if base == "tap-auth" else 200
    documents = ("tables", "tables/<str:name>", "capabilities", "availability", "examples")
    return {
        base: opened(f"/{base}", status=status),
        f"{base}/sync": opened(f"/{base}/sync?LANG=ADQL&QUERY={ADQL}", status=status),
        **{
            f"{base}/{name}": opened(f"/{base}/{name}".replace("<str:name>", "ivoa.obscore"), status=status)
            for name in documents
        },
    }


def jobs(pattern: str, address: str, parameter: str, *, here: bool = True) -> dict[str, Row]:
    """The UWS tree of one job of alice's; ``here`` False: of another type, so it is not there even for her."""
    there: Statuses = (401, 403, 403, 200, 200) if here else NOT_THERE
    page: Statuses = (401, 403, 403, 302, 302) if here else NOT_THERE
    parts = ("phase", "executionduration", "destruction", "quote", "owner", "parameters", "results")
    return {
        pattern: mine(address, status=there, page=page),
        **{f"{pattern}/{part}": mine(f"{address}/{part}", status=there) for part in parts},
        f"{pattern}/error": mine(f"{address}/error", status=NOT_THERE),
        f"{pattern}/parameters/<str:name>": mine(f"{address}/parameters/{parameter}", status=there),
        f"{pattern}/results/<path:name>": mine(f"{address}/results/none", status=NOT_THERE),
    }


TAP = {
    **tap("tap"),
    **tap("tap-auth"),
    "tap/async": opened("/tap/async", page=302),
    "tap/async/<uuid:job_id>/error": mine("/tap/async/{tap_job}/error", status=NOT_THERE),
    **jobs("tap/async/<str:job_id>", "/tap/async/{tap_job}", "QUERY"),
    "tap-auth/async": mine("/tap-auth/async", status=(401, 200, 200, 200, 200), page=(401, 302, 302, 302, 302)),
    "tap-auth/async/<uuid:job_id>/error": mine("/tap-auth/async/{tap_job}/error", status=NOT_THERE),
    **jobs("tap-auth/async/<str:job_id>", "/tap-auth/async/{tap_job}", "QUERY"),
    "registry/": opened("/registry/"),
    "registry/<slug:name>": opened("/registry/tap"),
    "oai": opened("/oai?verb=Identify"),
}

JOBS = {
    "uws": opened("/uws", page=302),
    "uws/<slug:type_name>": opened("/uws/sleep", page=302),
    **jobs("uws/<slug:type_name>/<str:job_id>", "/uws/sleep/{job}", "seconds"),
    "jobs/": opened("/jobs/"),
    "jobs/types/": opened("/jobs/types/"),
    "jobs/types/new/": signed_in("/jobs/types/new/", status=(401, 200, 200, 200, 200)),
    "jobs/types/<slug:name>/<str:version>/": mine("/jobs/types/drafted/1.0/", status=(401, 404, 404, 200, 200)),
    "jobs/types/<slug:name>/<str:version>/edit": mine("/jobs/types/drafted/1.0/edit", status=(401, 404, 404, 200, 200)),
    "jobs/types/<slug:name>/<str:version>/<slug:action>": mine(
        "/jobs/types/drafted/1.0/nothing", post=True, status=(401, 404, 404, 404, 404)
    ),
    "jobs/types/<slug:type_name>/": opened("/jobs/types/sleep/"),
    "jobs/types/<slug:type_name>.<str:form>": opened("/jobs/types/sleep.xml"),
    "jobs/bulk": opened("/jobs/bulk", post=True, fields={"action": "abort", "job": "{spare}"}, status=302),
    "jobs/test/<slug:type_name>": signed_in("/jobs/test/sleep", post=True, status=(401, 302, 302, 302, 302)),
    "jobs/new/": opened("/jobs/new/"),
    "jobs/new/<slug:type_name>": opened("/jobs/new/counts_map?ID={hidden}"),
    "jobs/<uuid:job_id>/": mine("/jobs/{job}/"),
    "jobs/<uuid:job_id>/edit": mine("/jobs/{job}/edit"),
    "jobs/<uuid:job_id>/live": mine("/jobs/{job}/live"),
    "jobs/<uuid:job_id>/log": mine("/jobs/{job}/log"),
    "jobs/<uuid:job_id>/<slug:action>": mine("/jobs/{job}/none", post=True, status=NOT_THERE),
}

PROVENANCE = {
    "provsap": Row(Kind.KNOWN, "/provsap?ID={key}"),
    "provenance/entity/<str:identifier>/": Row(Kind.KNOWN, "/provenance/entity/{key}/"),
    "provenance/entity/<str:identifier>/card": Row(Kind.KNOWN, "/provenance/entity/{key}/card"),
    "provenance/entity/<str:identifier>/verify": Row(
        Kind.BYTES, "/provenance/entity/{key}/verify", post=True, status=302
    ),
    "provenance/activity/<str:identifier>/": Row(Kind.KNOWN, "/provenance/activity/{activity}/"),
    "provenance/activity/<str:identifier>/card": Row(Kind.KNOWN, "/provenance/activity/{activity}/card"),
    "provenance/agent/<str:identifier>/": Row(Kind.KNOWN, "/provenance/agent/{agent}/"),
    "provenance/agent/<str:identifier>/card": Row(Kind.KNOWN, "/provenance/agent/{agent}/card"),
}

UNKNOWN = "00000000-0000-4000-8000-000000000000"
PORTAL = {
    "cart/": opened("/cart/"),
    "cart/script": opened("/cart/script?ID={hidden}", status=(302, 302, 200, 200, 200)),
    "cart/zip": opened("/cart/zip", post=True, status=302),
    "sed/": opened("/sed/?ID={hidden}", status=(200, 200, 400, 400, 400)),
    "hips/<path:name>": opened("/hips/none", status=404),
    "search/archives": opened("/search/archives"),
    "search/archives/<uuid:identifier>/": opened(f"/search/archives/{UNKNOWN}/", status=404),
    "search/archives/<uuid:identifier>/cart": opened(f"/search/archives/{UNKNOWN}/cart", post=True, status=404),
    "search/archives/<uuid:identifier>/analyse": opened(f"/search/archives/{UNKNOWN}/analyse", post=True, status=404),
    "search/archives/<uuid:identifier>/export": opened(f"/search/archives/{UNKNOWN}/export", status=404),
    "search/archives/<uuid:identifier>/sign": opened(f"/search/archives/{UNKNOWN}/sign", post=True, status=404),
    "search/archives/signed/<str:token>/results.vot": opened("/search/archives/signed/unknown/results.vot", status=403),
    "search/adql": opened("/search/adql", post=True, fields={"adql": "SELECT * FROM ivoa.obscore"}, status=302),
    "search/export": opened("/search/export?ra=83.6&dec=22&radius=180&format=csv"),
    "search/sign": opened("/search/sign", post=True),
    "search/simultaneous": Row(Kind.KNOWN, "/search/simultaneous?ID={key}", status=302),
    "searches/columns": signed_in("/searches/columns", post=True, status=(302, 400, 400, 400, 400)),
    "search/signed/<str:token>/results.vot": opened("/search/signed/unknown/results.vot", status=403),
    "searches/": opened("/searches/"),
    "searches/<uuid:identifier>/": mine("/searches/{search}/", post=True, status=(302, 404, 404, 302, 404)),
}

PROTOCOLS = {
    "datalink/links": opened("/datalink/links?ID={key}"),
    "scs": opened("/scs?RA=83.6&DEC=22&SR=180"),
    "soda/sync": Row(Kind.BYTES, "/soda/sync?ID={key}&CIRCLE=83.6+22+1"),
    "soda/async": opened("/soda/async", page=302),
    **jobs("soda/async/<str:job_id>", "/soda/async/{job}", "ID", here=False),
    **{
        f"{service}/{document}": opened(f"/{service}/{document}")
        for service in ("datalink", "scs", "soda", "uws")
        for document in ("capabilities", "availability")
    },
}

WORK = {
    "provenance/": opened("/provenance/"),
    "provenance/compare": Row(Kind.KNOWN, "/provenance/compare?a={key}"),
    "provenance/compare/verdict": Row(Kind.KNOWN, "/provenance/compare/verdict?a={activity}&b={activity}"),
    "provenance/common": opened("/provenance/common?ID={hidden}"),
    "provenance/suspects": staff(
        "/provenance/suspects", post=True, fields={"key": "{hidden}"}, status=(403, 403, 403, 403, 302)
    ),
    "provenance/select": opened("/provenance/select", post=True, fields={"key": "{hidden}"}, status=302),
    "provenance/service": opened("/provenance/service"),
    "provenance/entity/<str:identifier>/crate.zip": Row(Kind.KNOWN, "/provenance/entity/{key}/crate.zip"),
    "provenance/entity/<str:identifier>/dependents/": Row(Kind.KNOWN, "/provenance/entity/{key}/dependents/"),
    "provenance/activity/<str:identifier>/dependents/": Row(Kind.KNOWN, "/provenance/activity/{activity}/dependents/"),
    "provenance/records": opened("/provenance/records", post=True, status=(401, 400, 400, 400, 400)),
}

TABLE: dict[str, Row] = PORTAL | PROTOCOLS | WORK | ACCOUNTS | ACCESS | SITE | ARCHIVE | TAP | JOBS | PROVENANCE
