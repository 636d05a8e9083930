from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "search.portal"
    label = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from jobs.keeper import Chore, chores
        from jobs.registry import types
        from search.portal import cart, watching
        from search.portal.elsewhere import job

        user_logged_in.connect(cart.take_over, dispatch_uid="portal.cart")
        types.add(job.TYPE.name, job.TYPE)
        chores.add("saved searches", Chore(watching.EVERY, watching.look))
