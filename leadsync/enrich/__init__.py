"""What others are asked about leads: the providers, each behind a small class that does the talking."""
