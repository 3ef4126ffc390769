"""Data sets: one file each with a spec and an iterator over labelled records; the packed store."""

BUILT_IN = ("cinc2017", "synthetic", "synthetic_af")
"""Names of the data sets that come with ecglab; a user's own ones have other names."""
