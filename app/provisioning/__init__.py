"""Safe settings at a voice platform: what files ask for, brought there without losing what they do not name."""
