"""Everything about HubSpot: the connector and, in `sandbox`, a strict local stand-in for the CRM itself."""

from connectors.hubspot.connector import HubSpotConnector

__all__ = ["HubSpotConnector"]
