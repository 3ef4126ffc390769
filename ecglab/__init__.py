"""Finds atrial fibrillation in short single-lead ECGs."""
