from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "search.portal"
    label = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from jobs.keeper import Chore, chores
        from search.portal import cart, watching

        user_logged_in.connect(cart.take_over, dispatch_uid="portal.cart")
        chores.add("saved searches", Chore(watching.EVERY, watching.look))
