// StreamingTesting
