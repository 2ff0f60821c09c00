"""JT/T 808 of 2013 and 2019, the protocol of vehicle terminals (道路运输车辆终端通信协议)."""
