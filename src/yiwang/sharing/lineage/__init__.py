"""Lineage: which data came from which, by OpenLineage events in and out."""
