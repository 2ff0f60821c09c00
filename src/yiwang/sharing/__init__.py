"""Sharing (数联): departments find, request, exchange, check, protect and open data."""
