from django.urls import path

from gateway.access import views

urlpatterns = [
    path("access/", views.index, name="access"),
    path("access/invitation/<str:secret>/", views.invitation, name="access_invitation"),
    path("access/<uuid:uid>/ask", views.ask, name="access_ask"),
    path("access/<uuid:uid>/watch", views.watch, name="access_watch"),
    path("access/<uuid:uid>/use", views.use, name="access_use"),
    path("access/<uuid:uid>/use.csv", views.use_export, name="access_use_export"),
    path("access/<uuid:uid>/members", views.members, name="access_members"),
    path("access/<uuid:uid>/members/<uuid:user_id>/remove", views.remove_member, name="access_remove_member"),
    path("access/<uuid:uid>/requests/<uuid:request_id>", views.answer, name="access_answer"),
    path("access/<uuid:uid>/explain", views.explain, name="access_explain"),
]
