"""Evidence: a log of uses that nobody can change unseen (a Merkle tree after RFC 6962)."""
