// KafkaTesting
