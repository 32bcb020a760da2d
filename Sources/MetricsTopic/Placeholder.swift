// MetricsTopic
