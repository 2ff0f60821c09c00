"""Pictures that people send: read, cleaned of everything but the picture, made small."""
