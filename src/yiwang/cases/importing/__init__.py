"""Cases of another system, imported with their history."""
