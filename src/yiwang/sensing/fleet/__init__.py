"""Devices as things that are bought, mounted, watched, repaired and replaced (物联管理)."""
