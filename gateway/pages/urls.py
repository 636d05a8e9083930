from django.urls import path

from gateway.pages import views

urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_index, name="help"),
    path("help/images/<str:name>", views.help_image, name="help-image"),
    path("help/<slug:name>/", views.help_page, name="help-page"),
    path("hips/<path:name>", views.hips_file, name="hips"),
    path("health", views.health_view, name="health"),
    path("metrics", views.metrics, name="metrics"),
]
