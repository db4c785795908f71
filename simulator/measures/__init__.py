"""What a replication came to: named measures, cut by queue, language, region, channel, hour ..."""
