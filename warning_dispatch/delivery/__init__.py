"""Outbound adapters, one directory per channel, strangers to each other; and the texts they carry."""
