"""Field protocols: how devices that do not speak MQTT or SensorThings are connected."""
