from django.urls import path

from gateway.pages import views

urlpatterns = [path("", views.home, name="home")]
