"""What the cron trigger fires."""
