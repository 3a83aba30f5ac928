"""The connectors that ship with leadsync: one room per CRM, found through the entry points `leadsync.connectors`."""
