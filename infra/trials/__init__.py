"""Trials: the real servers on bad days for minutes, judged from outside. The suite runs short ones of each."""
