"""传播: accepted warnings as CAP 1.2, in an Atom feed and by webhook to outlets."""
