"""Base libraries (基础库): of each person, enterprise or place one record, from many sources."""
