"""Scoring: which agents may take what a row asks for, what each is worth, and the best of them."""
