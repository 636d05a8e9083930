"""Addresses of one UWS job list: ``patterns("tap/async", "tap")`` for a room that has its own."""

from django.urls import URLPattern, path

from jobs.uws import views


def patterns(base: str, type_name: str, name: str = "uws") -> list[URLPattern]:
    """``base`` without slashes at its ends, as in ``tap/async``; url names are ``NAME-list``, ``NAME-job`` …"""
    return _patterns(base, {"type_name": type_name, "base": f"/{base}"}, name)


def all_types() -> list[URLPattern]:
    """``/uws/TYPE`` for every type that has no address of its own."""
    return _patterns("uws/<slug:type_name>", {}, "uws")


def _patterns(base: str, given: dict[str, str], name: str) -> list[URLPattern]:
    job = f"{base}/<str:job_id>"
    children = {
        "phase": views.phase,
        "executionduration": views.execution_duration,
        "destruction": views.destruction,
        "quote": views.quote_of,
        "owner": views.owner,
        "error": views.error,
        "parameters": views.parameters,
        "results": views.results,
    }
    known = [
        (base, views.job_list, "list"),
        (job, views.job, "job"),
        *((f"{job}/{child}", view, child) for child, view in children.items()),
        (f"{job}/parameters/<str:name>", views.parameter, "parameter"),
        (f"{job}/results/<path:name>", views.result, "result"),
    ]
    # Clients that join addresses put a slash at the end; a redirect would lose the body of their POST.
    with_slash = [path(f"{route}/", view, given) for route, view, child in known if child != "result"]
    return [*with_slash, *(path(route, view, given, name=f"{name}-{child}") for route, view, child in known)]
