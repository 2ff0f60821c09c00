"""GB/T 26875.3-2011: alarms of buildings' fire protection facilities, over TCP and UDP."""
