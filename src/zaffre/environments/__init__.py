"""An environment's definition -> a lock -> a realised prefix, cached by content; and our own code for other Pythons."""
