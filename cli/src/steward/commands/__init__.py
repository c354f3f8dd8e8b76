"""The commands, by what a person wants: to look, to walk, to repair, to set rules, to schedule."""
