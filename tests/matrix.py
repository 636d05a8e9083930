"""The table of the access matrix: one row for each pattern of the URLconf. ``tests/test_matrix.py`` walks it.

A new address needs a row here, or the build fails. Choose the kind that says who gets what:

- ``OPEN``: everyone gets an answer that is no refusal; tokens with the scope of the address too
- ``KNOWN``: what may be *known* of a product: everyone but where its metadata are hidden (then 404 for strangers)
- ``BYTES``: what may be *had* of a product: 401 and 403 with the reason where it is known, 404 where it is hidden
- ``MINE``: something of alice's: 401 for anonymous, 403 or 404 for strangers, hers and the staff's
- ``SIGNED_IN``: anonymous visitors are led to sign-in
- ``STAFF``: staff alone

``{key}`` in an address stands for the product of each right in turn; other names are filled from the world of the test.
``post`` marks addresses that only POST may reach; they are asked with the form fields given.
"""

from dataclasses import dataclass, field
from enum import Enum, auto


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
    stranger: frozenset[int] = frozenset()
    """statuses a stranger may get, where they differ from those of the kind"""


def opened(address: str, **more: object) -> Row:
    return Row(Kind.OPEN, address, **more)  # type: ignore[arg-type]


def mine(address: str, **more: object) -> Row:
    return Row(Kind.MINE, address, **more)  # type: ignore[arg-type]


def signed_in(address: str, **more: object) -> Row:
    return Row(Kind.SIGNED_IN, address, **more)  # type: ignore[arg-type]


ACCOUNTS = {
    "accounts/tokens/": signed_in("/accounts/tokens/"),
    "accounts/tokens/<uuid:pk>/revoke": signed_in(
        "/accounts/tokens/{token}/revoke", post=True, stranger=frozenset({404})
    ),
    "accounts/audit/": Row(Kind.STAFF, "/accounts/audit/"),
    "accounts/audit.csv": Row(Kind.STAFF, "/accounts/audit.csv"),
    "accounts/login/": opened("/accounts/login/"),
    "accounts/logout/": opened("/accounts/logout/"),
    "accounts/inactive/": opened("/accounts/inactive/"),
    "accounts/signup/": opened("/accounts/signup/"),
    "accounts/reauthenticate/": signed_in("/accounts/reauthenticate/"),
    "accounts/email/": signed_in("/accounts/email/"),
    "accounts/confirm-email/": opened("/accounts/confirm-email/"),
    "accounts/password/change/": signed_in("/accounts/password/change/"),
    "accounts/password/set/": signed_in("/accounts/password/set/"),
    "accounts/password/reset/": opened("/accounts/password/reset/"),
    "accounts/login/code/confirm/": opened("/accounts/login/code/confirm/"),
    r"accounts/^confirm-email/(?P<key>[-:\w]+)/$": opened("/accounts/confirm-email/unknown/"),
    "accounts/password/reset/key/done/": opened("/accounts/password/reset/key/done/"),
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": opened("/accounts/password/reset/key/1-x/"),
    "accounts/password/reset/done/": opened("/accounts/password/reset/done/"),
    "accounts/2fa/": signed_in("/accounts/2fa/"),
    "accounts/2fa/authenticate/": opened("/accounts/2fa/authenticate/"),
    "accounts/2fa/reauthenticate/": signed_in("/accounts/2fa/reauthenticate/"),
    "accounts/2fa/totp/activate/": signed_in("/accounts/2fa/totp/activate/"),
    "accounts/2fa/totp/deactivate/": signed_in("/accounts/2fa/totp/deactivate/"),
    "accounts/2fa/recovery-codes/": signed_in("/accounts/2fa/recovery-codes/"),
    "accounts/2fa/recovery-codes/generate/": signed_in("/accounts/2fa/recovery-codes/generate/"),
    "accounts/2fa/recovery-codes/download/": signed_in("/accounts/2fa/recovery-codes/download/"),
    "accounts/2fa/webauthn/": signed_in("/accounts/2fa/webauthn/"),
    "accounts/2fa/webauthn/add/": signed_in("/accounts/2fa/webauthn/add/"),
    "accounts/2fa/webauthn/reauthenticate/": signed_in("/accounts/2fa/webauthn/reauthenticate/", post=True),
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": signed_in("/accounts/2fa/webauthn/keys/1/remove/"),
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": signed_in("/accounts/2fa/webauthn/keys/1/edit/"),
    "accounts/2fa/webauthn/login/": opened("/accounts/2fa/webauthn/login/"),
    "accounts/3rdparty/login/cancelled/": opened("/accounts/3rdparty/login/cancelled/"),
    "accounts/3rdparty/login/error/": opened("/accounts/3rdparty/login/error/"),
    "accounts/3rdparty/signup/": opened("/accounts/3rdparty/signup/"),
    "accounts/3rdparty/": signed_in("/accounts/3rdparty/"),
    "accounts/social/login/cancelled/": opened("/accounts/social/login/cancelled/"),
    "accounts/social/login/error/": opened("/accounts/social/login/error/"),
    "accounts/social/signup/": opened("/accounts/social/signup/"),
    "accounts/social/connections/": opened("/accounts/social/connections/"),
    # Providers that are not configured do not exist; the flows are proved in tests/accounts.
    "accounts/github/login/": opened("/accounts/github/login/"),
    "accounts/github/login/callback/": opened("/accounts/github/login/callback/"),
    "accounts/google/login/": opened("/accounts/google/login/"),
    "accounts/google/login/callback/": opened("/accounts/google/login/callback/"),
    "accounts/google/login/token/": opened("/accounts/google/login/token/"),
    "accounts/orcid/login/": opened("/accounts/orcid/login/"),
    "accounts/orcid/login/callback/": opened("/accounts/orcid/login/callback/"),
    "accounts/oidc/^(?P<provider_id>[^/]+)/login/": opened("/accounts/oidc/none/login/"),
    "accounts/oidc/^(?P<provider_id>[^/]+)/login/callback/": opened("/accounts/oidc/none/login/callback/"),
    "accounts/institutions/": opened("/accounts/institutions/?q=x"),
    "accounts/institutions/login": opened("/accounts/institutions/login", post=True),
    "accounts/institutions/forget": opened("/accounts/institutions/forget", post=True),
    "accounts/saml/federation/acs/": opened("/accounts/saml/federation/acs/", post=True),
    "accounts/saml/federation/acs/finish/": opened("/accounts/saml/federation/acs/finish/", post=True),
    "accounts/saml/federation/metadata/": opened("/accounts/saml/federation/metadata/"),
}

ACCESS = {
    "access/": signed_in("/access/"),
    "access/invitation/<str:secret>/": signed_in("/access/invitation/unknown/", stranger=frozenset({404})),
    "access/<uuid:uid>/ask": signed_in("/access/{hidden_policy}/ask", stranger=frozenset({404})),
    "access/<uuid:uid>/members": signed_in("/access/{hidden_policy}/members", stranger=frozenset({404})),
    "access/<uuid:uid>/members/<uuid:user_id>/remove": signed_in(
        "/access/{hidden_policy}/members/{stranger}/remove", post=True, stranger=frozenset({404})
    ),
    "access/<uuid:uid>/requests/<uuid:request_id>": signed_in(
        "/access/{hidden_policy}/requests/{stranger}", post=True, stranger=frozenset({404})
    ),
    "access/<uuid:uid>/explain": Row(Kind.STAFF, "/access/{hidden_policy}/explain"),
}

SITE = {
    "": opened("/"),
    "help/": opened("/help/"),
    "help/images/<str:name>": opened("/help/images/none.png"),
    "help/<slug:name>/": opened("/help/glossary/"),
    "health": opened("/health"),
    "metrics": opened("/metrics"),
    "i18n/setlang/": opened("/i18n/setlang/", post=True, fields={"language": "fr"}),
}

ARCHIVE = {
    "data": Row(Kind.KNOWN, "/data?ID={key}"),
    "data/<str:key>": Row(Kind.BYTES, "/data/{key}"),
    "packages/<str:key>": Row(Kind.BYTES, "/packages/{key}"),
    "previews/<str:key>": Row(Kind.BYTES, "/previews/{key}"),
    "signed/<str:token>": opened("/signed/unknown"),
    "products/<str:key>/signed": Row(Kind.BYTES, "/products/{key}/signed", post=True),
    "products/<str:key>/region": Row(Kind.BYTES, "/products/{key}/region?ra=83.6&dec=22&radius=1"),
    "products/<str:key>/ask": signed_in("/products/{hidden}/ask", post=True, stranger=frozenset({404})),
    "products/<str:key>/keep": signed_in("/products/{hidden}/keep", post=True, stranger=frozenset({404})),
    "products/<str:key>/share": signed_in("/products/{hidden}/share", post=True, stranger=frozenset({404})),
    "products/<str:key>/publish": signed_in("/products/{hidden}/publish", post=True, stranger=frozenset({404})),
    "products/": Row(Kind.KNOWN, "/products/?id={key}"),
    "products/<str:key>/": Row(Kind.KNOWN, "/products/{key}/"),
    "search/": opened("/search/"),
    "search/go": opened("/search/go?target=Crab"),
    "search/preview": opened("/search/preview?ra=83.6&dec=22&radius=180"),
    "search/results/": opened("/search/results/?ra=83.6&dec=22&radius=180"),
    "search/results/beside": opened("/search/results/beside?ra=83.6&dec=22&radius=180"),
    "search/resolve": opened("/search/resolve?name=Crab"),
    "search/object": opened("/search/object?name=Crab+Nebula"),
    "search/object/remote": opened("/search/object/remote?name=Crab+Nebula"),
    "search/simultaneous": Row(Kind.KNOWN, "/search/simultaneous?ID={key}"),
    "search/suggest": opened("/search/suggest?q=se"),
}

ADQL = "SELECT+*+FROM+ivoa.obscore"


def tap(base: str) -> dict[str, Row]:
    """The same service under its two addresses; ``/tap-auth`` challenges whoever is not signed in."""
    make = mine if base == "tap-auth" else opened
    all_ = frozenset({200, 303, 400, 404, 405})
    return {
        base: make(f"/{base}", stranger=all_),
        f"{base}/sync": make(f"/{base}/sync?LANG=ADQL&QUERY={ADQL}", stranger=all_),
        f"{base}/tables": make(f"/{base}/tables", stranger=all_),
        f"{base}/tables/<str:name>": make(f"/{base}/tables/ivoa.obscore", stranger=all_),
        f"{base}/capabilities": make(f"/{base}/capabilities", stranger=all_),
        f"{base}/availability": make(f"/{base}/availability", stranger=all_),
        f"{base}/examples": make(f"/{base}/examples", stranger=all_),
    }


def jobs(pattern: str, address: str, parameter: str) -> dict[str, Row]:
    """The UWS tree of one job of alice's."""
    parts = ("phase", "executionduration", "destruction", "quote", "owner", "error", "parameters", "results")
    return {
        pattern: mine(address),
        **{f"{pattern}/{part}": mine(f"{address}/{part}") for part in parts},
        f"{pattern}/parameters/<str:name>": mine(f"{address}/parameters/{parameter}"),
        f"{pattern}/results/<path:name>": mine(f"{address}/results/none"),
    }


TAP = {
    **tap("tap"),
    **tap("tap-auth"),
    "tap/async": opened("/tap/async"),
    "tap/async/<uuid:job_id>/error": mine("/tap/async/{tap_job}/error"),
    **jobs("tap/async/<str:job_id>", "/tap/async/{tap_job}", "QUERY"),
    "tap-auth/async": mine("/tap-auth/async", stranger=frozenset({200, 302})),
    "tap-auth/async/<uuid:job_id>/error": mine("/tap-auth/async/{tap_job}/error"),
    **jobs("tap-auth/async/<str:job_id>", "/tap-auth/async/{tap_job}", "QUERY"),
    "registry/": opened("/registry/"),
    "registry/<slug:name>": opened("/registry/tap"),
    "oai": opened("/oai?verb=Identify"),
}

JOBS = {
    "uws": opened("/uws"),
    "uws/<slug:type_name>": opened("/uws/sleep"),
    **jobs("uws/<slug:type_name>/<str:job_id>", "/uws/sleep/{job}", "seconds"),
    "jobs/": opened("/jobs/"),
    "jobs/types/": opened("/jobs/types/"),
    "jobs/types/new/": signed_in("/jobs/types/new/"),
    "jobs/types/<slug:name>/<str:version>/": mine("/jobs/types/drafted/1.0/"),
    "jobs/types/<slug:name>/<str:version>/edit": mine("/jobs/types/drafted/1.0/edit"),
    "jobs/types/<slug:name>/<str:version>/<slug:action>": mine("/jobs/types/drafted/1.0/nothing", post=True),
    "jobs/types/<slug:type_name>/": opened("/jobs/types/sleep/"),
    "jobs/types/<slug:type_name>.<str:form>": opened("/jobs/types/sleep.xml"),
    "jobs/bulk": opened("/jobs/bulk", post=True),
    "jobs/new/": opened("/jobs/new/"),
    "jobs/new/<slug:type_name>": opened("/jobs/new/counts_map?ID={hidden}"),
    "jobs/<uuid:job_id>/": mine("/jobs/{job}/"),
    "jobs/<uuid:job_id>/edit": mine("/jobs/{job}/edit"),
    "jobs/<uuid:job_id>/live": mine("/jobs/{job}/live"),
    "jobs/<uuid:job_id>/log": mine("/jobs/{job}/log"),
    "jobs/<uuid:job_id>/<slug:action>": mine("/jobs/{job}/none", post=True),
}

PROVENANCE = {
    "provsap": Row(Kind.KNOWN, "/provsap?ID={key}"),
    "provenance/entity/<str:identifier>/": Row(Kind.KNOWN, "/provenance/entity/{key}/"),
    "provenance/entity/<str:identifier>/card": Row(Kind.KNOWN, "/provenance/entity/{key}/card"),
    "provenance/entity/<str:identifier>/verify": Row(Kind.BYTES, "/provenance/entity/{key}/verify", post=True),
    "provenance/activity/<str:identifier>/": opened("/provenance/activity/unknown/"),
    "provenance/activity/<str:identifier>/card": opened("/provenance/activity/unknown/card"),
    "provenance/agent/<str:identifier>/": opened("/provenance/agent/unknown/"),
    "provenance/agent/<str:identifier>/card": opened("/provenance/agent/unknown/card"),
}

UNKNOWN = "00000000-0000-4000-8000-000000000000"
PORTAL = {
    "cart/": opened("/cart/"),
    "cart/script": opened("/cart/script"),
    "cart/zip": opened("/cart/zip", post=True),
    "sed/": opened("/sed/?ID={hidden}"),
    "hips/<path:name>": opened("/hips/none"),
    "search/archives": opened("/search/archives"),
    "search/archives/<uuid:identifier>/": opened(f"/search/archives/{UNKNOWN}/"),
    "search/archives/<uuid:identifier>/export": opened(f"/search/archives/{UNKNOWN}/export"),
    "search/archives/<uuid:identifier>/sign": opened(f"/search/archives/{UNKNOWN}/sign", post=True),
    "search/archives/signed/<str:token>/results.vot": opened("/search/archives/signed/unknown/results.vot"),
    "search/adql": opened(f"/search/adql?adql={ADQL}"),
    "search/export": opened("/search/export?ra=83.6&dec=22&radius=180&format=csv"),
    "search/sign": opened("/search/sign", post=True),
    "search/signed/<str:token>/results.vot": opened("/search/signed/unknown/results.vot"),
    "searches/": opened("/searches/"),
    "searches/<uuid:identifier>/": opened(f"/searches/{UNKNOWN}/"),
}

PROTOCOLS = {
    "datalink/links": opened("/datalink/links?ID={key}"),
    "scs": opened("/scs?RA=83.6&DEC=22&SR=180"),
    "soda/sync": Row(Kind.BYTES, "/soda/sync?ID={key}&CIRCLE=83.6+22+1"),
    "soda/async": opened("/soda/async"),
    **jobs("soda/async/<str:job_id>", "/soda/async/{job}", "ID"),
    **{
        f"{service}/{document}": opened(f"/{service}/{document}")
        for service in ("datalink", "scs", "soda", "uws")
        for document in ("capabilities", "availability")
    },
}

WORK = {
    "provenance/": opened("/provenance/"),
    "provenance/compare": opened("/provenance/compare"),
    "provenance/compare/verdict": opened("/provenance/compare/verdict"),
    "provenance/common": opened("/provenance/common"),
    "provenance/suspects": opened("/provenance/suspects"),
    "provenance/entity/<str:identifier>/crate.zip": Row(Kind.KNOWN, "/provenance/entity/{key}/crate.zip"),
    "provenance/entity/<str:identifier>/dependents/": Row(Kind.KNOWN, "/provenance/entity/{key}/dependents/"),
    "provenance/activity/<str:identifier>/dependents/": opened("/provenance/activity/unknown/dependents/"),
    "provenance/records": opened("/provenance/records", post=True),
}

TABLE: dict[str, Row] = PORTAL | PROTOCOLS | WORK | ACCOUNTS | ACCESS | SITE | ARCHIVE | TAP | JOBS | PROVENANCE
