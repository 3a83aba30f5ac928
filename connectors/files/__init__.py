"""A folder of CSV files as a connection: leads, activities and outcomes from outside of CRMs."""

from connectors.files.connector import FilesConnector

__all__ = ["FilesConnector"]
