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
    return [
        path(base, views.job_list, given, name=f"{name}-list"),
        path(job, views.job, given, name=f"{name}-job"),
        *(path(f"{job}/{child}", view, given, name=f"{name}-{child}") for child, view in children.items()),
        path(f"{job}/parameters/<str:name>", views.parameter, given, name=f"{name}-parameter"),
        path(f"{job}/results/<path:name>", views.result, given, name=f"{name}-result"),
    ]
