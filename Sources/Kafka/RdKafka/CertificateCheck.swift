import CRdKafka

/// Tells why a broker's certificate was refused: librdkafka itself only says that it was.
///
/// OpenSSL has decided before this is asked; the answer is always OpenSSL's.
enum CertificateCheck {
    static func install(on configuration: OpaquePointer) {
        // Refused only by a librdkafka that was built without TLS, which then refuses the protocol as well.
        rd_kafka_conf_set_ssl_cert_verify_cb(configuration, verifyCallback)
    }

    /// What to say of OpenSSL's number of a fault.
    static func reason(_ code: Int32) -> String {
        switch code {
        case 9: "its certificate is not valid yet: check this machine's clock and the certificate's dates"
        case 10: "its certificate has expired: renew it on the broker, or check this machine's clock"
        case 18: "its certificate is signed by itself: give that certificate, as PEM, in ssl.ca.location"
        case 19, 20, 21:
            "its certificate comes from an authority that is not trusted here: give the authority's certificate, as PEM, "
                + "in ssl.ca.location"
        case 23: "its certificate was revoked: renew it on the broker"
        case 26: "its certificate is not meant for a server: renew it on the broker with that purpose"
        case 62:
            "its certificate is for another host name: use a name that stands in the certificate, or renew the certificate "
                + "with this one"
        case 64:
            "its certificate is for another address: use a name that stands in the certificate, or renew the certificate "
                + "with this address"
        case 66, 67, 68: "its certificate's key or signature is too weak: renew it on the broker"
        default: "its certificate does not verify (OpenSSL's error \(code))"
        }
    }
}

private func verifyCallback(
    _ client: OpaquePointer?, _ broker: UnsafePointer<CChar>?, _ id: Int32, _ code: UnsafeMutablePointer<Int32>?,
    _ depth: Int32, _ certificate: UnsafePointer<CChar>?, _ size: Int, _ text: UnsafeMutablePointer<CChar>?,
    _ textSize: Int, _ opaque: UnsafeMutableRawPointer?
) -> Int32 {
    // Without a code nothing is known to be right.
    guard let code else { return 0 }
    guard code.pointee != 0 else { return 1 }
    let broker = broker.map { String(cString: $0) } ?? "a broker"
    Callbacks.context(opaque)?.onError(
        KafkaError(
            code: .tlsFailed, rdKafkaCode: RD_KAFKA_RESP_ERR__SSL.rawValue, rdKafkaName: "_SSL",
            message: "cannot trust \(broker): \(CertificateCheck.reason(code.pointee))"))
    return 0
}
