"""The resource catalogue (资源目录): what departments hold, in the words of the national guide."""
