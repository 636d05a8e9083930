"""Pages of one's own account, beside those of allauth."""

from django.urls import path

from gateway.accounts import views

urlpatterns = [
    path("tokens/", views.token_list, name="tokens"),
    path("tokens/<uuid:pk>/revoke", views.token_revoke, name="token_revoke"),
    path("audit/", views.audit_list, name="audit"),
    path("audit.csv", views.audit_export, name="audit_export"),
]
