"""What notebooks call: explore records, measure designs, explain and compare models."""
