"""SL 651-2014, the protocol of hydrological telemetry stations (水文监测数据通信规约)."""
