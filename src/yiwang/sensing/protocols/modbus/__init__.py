"""Modbus TCP: registers that the platform reads in turn."""
