"""Drop-in replacements for other packages and services."""
