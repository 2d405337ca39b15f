"""What producers and operators run: send texts, read results, deal with dead letters."""
