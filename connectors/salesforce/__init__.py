"""Everything about Salesforce in one room: the connector (`connector.py` and siblings) and the sandbox."""

from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.settings import SalesforceSettings

__all__ = ["SalesforceConnector", "SalesforceSettings"]
