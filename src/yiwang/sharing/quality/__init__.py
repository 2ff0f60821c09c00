"""Quality: rules as data over tables; what they find, as scores and as work for providers."""
