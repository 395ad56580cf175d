"""The parts of a push that ask no database."""
