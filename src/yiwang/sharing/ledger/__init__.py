"""Behind the catalogue: information systems, responsibilities, demands and what is not shared."""
