from django.urls import URLPattern, URLResolver, path

from jobs.pages import descriptions
from jobs.pages import views as pages
from jobs.uws import views as uws
from jobs.uws.urls import all_types

app_name = "jobs"
urlpatterns: list[URLPattern | URLResolver] = [
    path("uws", uws.types, name="uws"),
    path("uws/capabilities", uws.capabilities, name="capabilities"),
    path("uws/availability", uws.availability, name="availability"),
    *all_types(),
    path("jobs/", pages.job_list, name="list"),
    path("jobs/types/", pages.types, name="types"),
    path("jobs/types/new/", descriptions.new, name="describe"),
    path("jobs/types/<slug:name>/<str:version>/", descriptions.version, name="description-version"),
    path("jobs/types/<slug:name>/<str:version>/edit", descriptions.edit, name="description-edit"),
    path("jobs/types/<slug:name>/<str:version>/<slug:action>", descriptions.act, name="description-act"),
    path("jobs/types/<slug:type_name>/", pages.job_type, name="type"),
    path("jobs/types/<slug:type_name>.<str:form>", pages.description, name="description"),
    path("jobs/bulk", pages.bulk, name="bulk"),
    path("jobs/test/<slug:type_name>", pages.trial, name="trial"),
    path("jobs/new/", pages.choose, name="choose"),
    path("jobs/new/<slug:type_name>", pages.new, name="new"),
    path("jobs/<uuid:job_id>/", pages.job, name="job"),
    path("jobs/<uuid:job_id>/edit", pages.edit, name="edit"),
    path("jobs/<uuid:job_id>/live", pages.live, name="live"),
    path("jobs/<uuid:job_id>/log", pages.log, name="log"),
    path("jobs/<uuid:job_id>/<slug:action>", pages.act, name="act"),
]
