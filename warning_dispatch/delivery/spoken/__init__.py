"""朗读成声: texts become sound that telephones play: 8 kHz, mono, 16 bit. See docs/adr/0044-sentences-are-spoken-once.md."""
