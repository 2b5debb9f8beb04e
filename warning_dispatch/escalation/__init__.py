"""The escalation core: pure functions of (state, event, now). No clock, no database, no random number."""
