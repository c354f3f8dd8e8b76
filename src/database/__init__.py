"""What the owner's database is: its tables, references and guards, and how its rows are reached."""
