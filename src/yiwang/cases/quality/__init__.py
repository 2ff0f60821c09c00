"""Cases of data quality: what a rule finds in a resource is its provider's to put right."""
