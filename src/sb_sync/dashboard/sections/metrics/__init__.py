"""How fast everything is: figures over time, by operation and model."""
