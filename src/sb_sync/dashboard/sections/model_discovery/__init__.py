"""Every setting, and which models are found by them."""
