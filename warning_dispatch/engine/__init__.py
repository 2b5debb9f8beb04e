"""Use cases: intake, turn, outbox, answers, officer's acts, recovery. Batches in, batches out."""
