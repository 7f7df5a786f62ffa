"""What stands behind the views: the open study, jobs, background tasks, looks."""
