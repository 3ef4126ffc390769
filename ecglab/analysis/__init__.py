"""What the notebooks call: looking at records, small measured comparisons, a browser of records."""
