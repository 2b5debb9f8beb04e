"""Asterisk ARI: calls by a PBX that the site has already; Asterisk rings and plays, we say what. See docs/adr/0045."""
