"""One shell round one function each."""
