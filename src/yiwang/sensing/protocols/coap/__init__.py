"""CoAP: light devices that report over UDP."""
