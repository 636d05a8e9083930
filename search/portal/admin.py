"""The portal in the admin: for looking."""

from gateway.accounts.readonly import register_rest

register_rest("portal")
