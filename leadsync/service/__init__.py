"""The process: its clock, its logs, its loop."""
