"""What a database calls the words of the SQL files."""
