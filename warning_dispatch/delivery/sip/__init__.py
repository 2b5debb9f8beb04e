"""SIP 中继: the bureau's own lines, each a supervised baresip process; see docs/adr/0043-a-line-is-a-process.md."""
