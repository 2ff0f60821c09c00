"""A made-up district, lived through in front of the real platform.

Everything here is simulated and says so: names carry （模拟）, things carry
``properties.simulated``. Given a seed, district, weather, troubles and people are the same
every time; only what the network and the scheduler do to the order is not.
"""
