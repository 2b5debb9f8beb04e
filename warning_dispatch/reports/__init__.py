"""What is printed and handed out: beside the web, above the adapters. Nothing of it is needed for a call to go out."""
