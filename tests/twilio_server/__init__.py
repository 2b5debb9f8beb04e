"""A Twilio of our own on loopback: it rings, is picked up, takes keys, sends signed callbacks and counts what rang.

`rest` is its REST interface, `calls` and `messages` what becomes of what it took, `callbacks` how it tells us (late,
twice, out of order, not at all), `people` who is on the other end.
"""
