"""Records what a pipeline does and sends it to a Distiller gateway."""

from distiller_client.gateway import Gateway, GatewayError
from distiller_client.recorder import Run

__all__ = ["Gateway", "GatewayError", "Run"]
