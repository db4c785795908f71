"""Compiled inner loops: integers only, nothing allocated inside, the caller owns every array."""
