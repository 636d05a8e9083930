from django.urls import URLPattern, URLResolver, path

from search.portal import (
    cart_views,
    object_views,
    presets,
    product_views,
    query_views,
    result_views,
    samp_views,
    search_views,
    sed_views,
    simultaneous,
)
from search.portal.elsewhere import views as elsewhere

urlpatterns: list[URLPattern | URLResolver] = [
    path("search/", search_views.page, name="search"),
    path("search/go", search_views.go, name="search-go"),
    path("search/preview", search_views.preview, name="search-preview"),
    path("search/adql", query_views.run, name="search-adql"),
    path("search/export", query_views.export, name="search-export"),
    path("search/results/", result_views.page, name="results"),
    path("search/results/beside", result_views.beside, name="results-beside"),
    path("search/archives", elsewhere.asking, name="archives"),
    path("search/archives/<uuid:identifier>/", elsewhere.page, name="archive"),
    path("search/archives/<uuid:identifier>/sign", elsewhere.sign, name="archive-sign"),
    path("search/archives/signed/<str:token>/results.vot", elsewhere.signed, name="archive-signed"),
    path("search/archives/<uuid:identifier>/export", elsewhere.export, name="archive-export"),
    path("search/simultaneous", simultaneous.go, name="simultaneous"),
    path("search/object", object_views.page, name="object"),
    path("search/sign", samp_views.sign_table, name="sign-table"),
    path("search/signed/<str:token>/results.vot", samp_views.signed_table, name="signed-table"),
    path("products/", product_views.by_identifier, name="product-by-identifier"),
    path("products/<str:key>/", product_views.page, name="product"),
    path("products/<str:key>/region", product_views.region, name="product-region"),
    path("sed/", sed_views.page, name="sed"),
    path("cart/", cart_views.page, name="cart"),
    path("cart/zip", cart_views.zipped, name="cart-zip"),
    path("cart/script", cart_views.script, name="cart-script"),
    path("searches/", cart_views.searches, name="searches"),
    path("searches/columns", presets.change, name="column-presets"),
    path("searches/<uuid:identifier>/", cart_views.change_search, name="change-search"),
]
