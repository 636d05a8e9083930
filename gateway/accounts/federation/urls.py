from django.urls import path

from gateway.accounts.federation import views

urlpatterns = [
    path("institutions/", views.institutions, name="institutions"),
    path("institutions/login", views.choose, name="institution_login"),
    path("institutions/forget", views.forget, name="institution_forget"),
    path("saml/federation/acs/", views.acs, name="saml_acs"),
    path("saml/federation/acs/finish/", views.finish, name="saml_finish_acs"),
    path("saml/federation/metadata/", views.metadata, name="saml_metadata"),
]
