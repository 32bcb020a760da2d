import HTTPTypes
import Hummingbird
import NIOCore

/// A request that is answered with an error.
struct Refusal: Error, Hashable {
    var status: HTTPResponse.Status
    var message: String
    /// The methods that the path takes, for 405.
    var allowed: [String] = []

    init(_ status: HTTPResponse.Status, _ message: String, allowed: [String] = []) {
        self.status = status
        self.message = message
        self.allowed = allowed
    }

    /// The error's name in the answer.
    var code: String {
        switch status {
        case .badRequest: "bad_request"
        case .unauthorized: "unauthorized"
        case .forbidden: "forbidden"
        case .notFound: "not_found"
        case .methodNotAllowed: "method_not_allowed"
        case .contentTooLarge: "content_too_large"
        case .tooManyRequests: "too_many_requests"
        default: "internal_error"
        }
    }
}

/// Makes answers: the type of the content, and what every answer says to browsers.
enum Reply {
    static let json = "application/json; charset=utf-8"
    static let html = "text/html; charset=utf-8"
    static let events = "text/event-stream; charset=utf-8"

    /// Nothing is loaded from elsewhere, nothing inline is run, and no other page may show this one.
    static let contentSecurityPolicy =
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

    private static let common: HTTPFields = {
        var fields = HTTPFields()
        let values = [
            "Content-Security-Policy": contentSecurityPolicy, "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        ]
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }()

    /// An answer with a body that is there.
    static func of(
        _ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok, _ more: [(HTTPField.Name, String)] = []
    ) -> Response {
        of(ByteBuffer(bytes: bytes), type: type, status: status, more)
    }

    private static func of(
        _ bytes: ByteBuffer, type: String, status: HTTPResponse.Status = .ok, _ more: [(HTTPField.Name, String)] = []
    ) -> Response {
        Response(status: status, headers: fields(type, more), body: ResponseBody(byteBuffer: bytes))
    }

    /// An answer without a body.
    static func empty(_ status: HTTPResponse.Status, _ more: [(HTTPField.Name, String)] = []) -> Response {
        Response(status: status, headers: fields(nil, more))
    }

    /// An answer whose body is written as it comes.
    static func stream(
        type: String, _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        let buffering = HTTPField.Name("X-Accel-Buffering").map { [($0, "no")] } ?? []
        return Response(status: .ok, headers: fields(type, buffering), body: ResponseBody(write))
    }

    static func json(_ write: (JSONBody) throws -> Void) rethrows -> Response {
        let body = JSONBody()
        try body.object { try write(body) }
        return of(body.buffer, type: json)
    }

    static func error(_ refusal: Refusal) -> Response {
        let body = JSONBody()
        body.object {
            body.key("error")
            body.object {
                body.key("code")
                body.string(refusal.code)
                body.key("message")
                body.string(refusal.message)
            }
        }
        var more: [(HTTPField.Name, String)] = []
        if !refusal.allowed.isEmpty { more.append((.allow, refusal.allowed.joined(separator: ", "))) }
        if refusal.status == .unauthorized { more.append((.wwwAuthenticate, "Bearer realm=\"streamgauge\"")) }
        if refusal.status == .tooManyRequests { more.append((.retryAfter, "60")) }
        // What is left of a body that is too large is not read.
        if refusal.status == .contentTooLarge { more.append((.connection, "close")) }
        return of(body.buffer, type: json, status: refusal.status, more)
    }

    /// The same head as for GET, and no body.
    static func head(_ response: Response) -> Response {
        var headers = response.headers
        headers[.contentLength] = response.body.contentLength.map { "\($0)" }
        return Response(status: response.status, headers: headers)
    }

    private static func fields(_ type: String?, _ more: [(HTTPField.Name, String)]) -> HTTPFields {
        var fields = common
        fields[.contentType] = type
        fields[.cacheControl] = "no-store"
        for (name, value) in more { fields[name] = value }
        return fields
    }
}
