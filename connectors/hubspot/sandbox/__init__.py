"""A strict local stand-in for HubSpot: same paths, shapes, limits and refusals, made-up people."""

from connectors.hubspot.sandbox.app import Sandbox, create

__all__ = ["Sandbox", "create"]
