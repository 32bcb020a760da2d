// StructuredStreaming
