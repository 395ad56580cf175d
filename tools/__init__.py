"""The commands behind `./dev`; standard library only, nothing of the package itself."""
