"""A strict local stand-in for HubSpot: same paths, shapes, limits and refusals, made-up people."""

from connectors.hubspot.sandbox.app import create

__all__ = ["create"]
