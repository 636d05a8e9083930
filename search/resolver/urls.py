from django.urls import URLPattern, URLResolver, path

from search.resolver import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("search/resolve", views.resolve, name="resolve"),
    path("search/suggest", views.suggest, name="suggest"),
]
