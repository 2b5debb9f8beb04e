"""Twilio: calls and text messages over its REST interface. `kind` is what a route names; `voice` and `sms` the channels."""
