"""Other packages that synchronise, each in an environment of its own; they run where they can be installed.

Not sides of the table: they store other things, check other things and are asked in another way. Their figures say how
much work a choice of package makes, against the same limits. This file is read in their environments too.
"""
