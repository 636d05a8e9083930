from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "search.portal"
    label = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from jobs.keeper import Chore, chores
        from jobs.registry import types
        from search.portal import cart, saving, watching
        from search.portal.elsewhere import job

        user_logged_in.connect(cart.take_over, dispatch_uid="portal.cart")
        user_logged_in.connect(saving.take_over, dispatch_uid="portal.searches")
        types.add(job.TYPE.name, job.TYPE)
        chores.add("saved searches", Chore(watching.EVERY, watching.look))
