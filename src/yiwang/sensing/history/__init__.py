"""Observations over long times: aggregates, roll-ups, retention and export."""
