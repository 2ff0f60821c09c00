"""A made-up district, lived through in front of the real platform."""
