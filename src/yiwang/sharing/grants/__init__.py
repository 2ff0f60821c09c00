"""Requests and grants (申请与授权): who may use what of a resource, for what, until when."""
