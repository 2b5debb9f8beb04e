"""气象灾害预警"叫应" dispatcher: a severe weather warning is answered, not only sent."""

__version__ = "0.1.0"
