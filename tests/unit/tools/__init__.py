"""Tests of what stands behind `./dev`."""
