"""Telephones on loopback: SIPp plays the village, baresip our lines."""
