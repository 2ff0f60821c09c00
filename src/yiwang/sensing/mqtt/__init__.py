"""MQTT: the embedded listener, the client of an external broker, and what topics mean."""
