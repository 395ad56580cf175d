"""One migration, for any number of models."""
