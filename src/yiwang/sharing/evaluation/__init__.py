"""Evaluation of sharing: how departments give and use data, by month and year, as reports."""
