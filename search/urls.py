"""Protocol endpoints beside TAP: DataLink, cone search, cut-outs."""

from django.urls import URLPattern, URLResolver, path

from jobs.uws.urls import patterns
from search import conesearch, documents
from search.datalink import views as datalink
from search.soda import views as soda

urlpatterns: list[URLPattern | URLResolver] = [
    path("datalink/links", datalink.links_document, name="datalink"),
    path("datalink/capabilities", documents.capabilities_of(documents.datalink), name="datalink-capabilities"),
    path("datalink/availability", documents.availability, name="datalink-availability"),
    path("scs", conesearch.search, name="scs"),
    path("scs/capabilities", documents.capabilities_of(documents.cone_search), name="scs-capabilities"),
    path("scs/availability", documents.availability, name="scs-availability"),
    path("soda/capabilities", documents.capabilities_of(documents.soda), name="soda-capabilities"),
    path("soda/availability", documents.availability, name="soda-availability"),
    path("soda/sync", soda.sync, name="soda-sync"),
    path("soda/async", soda.asynchronous, name="soda-async"),
    *patterns("soda/async", soda.JOB_TYPE, "soda"),
]
