"""The command line: one command, one small file. A command returns what it found; ``output`` alone prints."""
