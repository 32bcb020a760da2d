extension PropertyRules {
    /// Options whose values are words or lists.
    static let text: [String] = [
        "allow.auto.create.topics", "api.version.request", "auto.offset.reset", "bootstrap.servers",
        "broker.address.family", "broker.version.fallback", "check.crcs", "client.dns.lookup", "client.id",
        "client.rack", "compression.type", "debug", "enable.auto.commit", "enable.gapless.guarantee",
        "enable.idempotence", "enable.metrics.push", "enable.random.seed", "enable.sasl.oauthbearer.unsecure.jwt",
        "enable.ssl.certificate.verification", "acks", "group.id", "group.instance.id", "group.protocol",
        "group.protocol.type", "group.remote.assignor", "isolation.level", "log.connection.close", "log.thread.name",
        "metadata.recovery.strategy", "partition.assignment.strategy", "partitioner", "sasl.kerberos.principal",
        "sasl.kerberos.service.name", "sasl.mechanisms", "sasl.oauthbearer.client.id",
        "sasl.oauthbearer.client.secret", "sasl.oauthbearer.config", "sasl.oauthbearer.extensions",
        "sasl.oauthbearer.method", "sasl.oauthbearer.scope", "sasl.oauthbearer.token.endpoint.url", "sasl.password",
        "sasl.username", "security.protocol", "socket.keepalive.enable", "socket.nagle.disable",
        "ssl.ca.certificate.stores", "ssl.ca.pem", "ssl.certificate.pem", "ssl.cipher.suites", "ssl.curves.list",
        "ssl.endpoint.identification.algorithm", "ssl.key.password", "ssl.key.pem", "ssl.keystore.password",
        "ssl.providers", "ssl.sigalgs.list", "topic.blacklist", "topic.metadata.refresh.sparse",
    ]

    /// Options that are whole numbers.
    static let integers: [String] = [
        "api.version.fallback.ms", "api.version.request.timeout.ms", "auto.commit.interval.ms", "batch.num.messages",
        "batch.size", "broker.address.ttl", "compression.level", "connections.max.idle.ms",
        "coordinator.query.interval.ms", "fetch.error.backoff.ms", "fetch.max.bytes", "fetch.min.bytes",
        "fetch.queue.backoff.ms", "fetch.wait.max.ms", "heartbeat.interval.ms", "log_level",
        "max.in.flight.requests.per.connection", "max.partition.fetch.bytes", "max.poll.interval.ms",
        "message.copy.max.bytes", "message.max.bytes", "message.timeout.ms", "metadata.max.age.ms",
        "metadata.recovery.rebootstrap.trigger.ms", "queue.buffering.backpressure.threshold",
        "queue.buffering.max.kbytes", "queue.buffering.max.messages", "queued.max.messages.kbytes",
        "queued.min.messages", "receive.message.max.bytes", "reconnect.backoff.max.ms", "reconnect.backoff.ms",
        "request.timeout.ms", "retries", "retry.backoff.max.ms", "retry.backoff.ms",
        "sasl.kerberos.min.time.before.relogin", "session.timeout.ms", "socket.blocking.max.ms",
        "socket.connection.setup.timeout.ms", "socket.max.fails", "socket.receive.buffer.bytes",
        "socket.send.buffer.bytes", "socket.timeout.ms", "statistics.interval.ms", "sticky.partitioning.linger.ms",
        "topic.metadata.propagation.max.ms", "topic.metadata.refresh.fast.cnt",
        "topic.metadata.refresh.fast.interval.ms", "topic.metadata.refresh.interval.ms",
    ]

    /// Options that are paths of files.
    static let paths: [String] = [
        "sasl.kerberos.keytab", "ssl.ca.location", "ssl.certificate.location", "ssl.crl.location", "ssl.key.location",
        "ssl.keystore.location", tokenFile,
    ]
}

/// Options of Kafka's Java clients that librdkafka has not, or has by another name.
enum JavaNames {
    /// What to write instead, by name.
    static let hints: [String: String] = [
        "sasl.jaas.config": "give sasl.username and sasl.password, or sasl.oauthbearer.token.file",
        "sasl.login.callback.handler.class":
            "give sasl.oauthbearer.token.file, or sasl.oauthbearer.method=oidc and its options",
        "sasl.client.callback.handler.class": "leave it out", "sasl.login.class": "leave it out",
        "sasl.oauthbearer.jwks.endpoint.url": "leave it out; brokers use it",
        "ssl.truststore.location": "give the authorities as a PEM file in ssl.ca.location "
            + "(keytool -exportcert -rfc writes one)",
        "ssl.truststore.password": "a PEM file in ssl.ca.location needs none",
        "ssl.truststore.type": "ssl.ca.location takes PEM", "ssl.truststore.certificates": "use ssl.ca.pem",
        "ssl.keystore.type": "ssl.keystore.location takes PKCS#12; PEM files go into ssl.certificate.location and "
            + "ssl.key.location",
        "ssl.keystore.key": "use ssl.key.pem", "ssl.keystore.certificate.chain": "use ssl.certificate.pem",
        "ssl.protocol": "leave it out; the newest version of TLS is taken",
        "ssl.enabled.protocols": "leave it out; the newest version of TLS is taken",
        "ssl.provider": "use ssl.providers", "security.providers": "use ssl.providers",
        "ssl.keymanager.algorithm": "leave it out", "ssl.trustmanager.algorithm": "leave it out",
        "ssl.secure.random.implementation": "leave it out", "ssl.engine.factory.class": "leave it out",
        "key.serializer": "leave it out", "value.serializer": "leave it out", "key.deserializer": "leave it out",
        "value.deserializer": "leave it out", "interceptor.classes": "leave it out",
        "metric.reporters": "leave it out", "metrics.num.samples": "leave it out",
        "metrics.recording.level": "leave it out", "metrics.sample.window.ms": "leave it out",
        "auto.include.jmx.reporter": "leave it out", "partitioner.class": "use partitioner, such as murmur2_random",
        "buffer.memory": "use queue.buffering.max.kbytes", "max.request.size": "use message.max.bytes",
        "max.block.ms": "leave it out; sending never waits",
        "max.poll.records": "leave it out; the consumer's buffer has a bound of its own",
        "fetch.max.wait.ms": "use fetch.wait.max.ms", "send.buffer.bytes": "use socket.send.buffer.bytes",
        "receive.buffer.bytes": "use socket.receive.buffer.bytes", "default.api.timeout.ms": "use socket.timeout.ms",
        "socket.connection.setup.timeout.max.ms": "use socket.connection.setup.timeout.ms",
        "metadata.max.idle.ms": "use metadata.max.age.ms", "exclude.internal.topics": "leave it out",
        "internal.leave.group.on.close": "leave it out", "sasl.kerberos.kinit.cmd.path": "leave it out",
        "sasl.kerberos.ticket.renew.window.factor": "leave it out", "sasl.kerberos.ticket.renew.jitter": "leave it out",
    ]
}
