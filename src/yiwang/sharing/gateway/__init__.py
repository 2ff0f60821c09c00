"""The query gateway (数据接口): granted resources as interfaces, and answers of yes and no."""
