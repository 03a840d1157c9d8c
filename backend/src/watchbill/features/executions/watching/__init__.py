"""Watching executions live, for as long as whoever watches may."""
