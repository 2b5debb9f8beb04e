"""The field's words as frozen dataclasses and closed enums. Imports nothing of ours but errors."""
