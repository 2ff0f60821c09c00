"""Proposals of who should have a case, learnt from closed cases."""
