"""What every other room speaks: entities, states, errors, names, limits and wire messages. Imports nothing of ours."""
