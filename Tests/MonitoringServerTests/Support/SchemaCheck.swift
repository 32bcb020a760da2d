import Foundation

/// Checks a JSON value against a schema of the OpenAPI document: what the document uses of JSON Schema, and nothing else.
struct SchemaCheck {
    private let schemas: [String: Any]

    init(document: [String: Any]) {
        schemas = (document["components"] as? [String: Any])?["schemas"] as? [String: Any] ?? [:]
    }

    /// What is wrong with a value, each with its place.
    func faults(of value: Any, _ schema: [String: Any], at place: String = "$") -> [String] {
        if let reference = schema["$ref"] as? String {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            guard let schema = schemas[name] as? [String: Any] else { return ["\(place): no schema \(name)"] }
            return faults(of: value, schema, at: place)
        }
        let types = (schema["type"] as? [String]) ?? (schema["type"] as? String).map { [$0] } ?? []
        guard types.isEmpty || types.contains(where: { Self.isOf($0, value) }) else {
            return ["\(place): \(value) is not \(types)"]
        }
        if let allowed = schema["enum"] as? [String], let text = value as? String, !allowed.contains(text) {
            return ["\(place): \(text) is not of \(allowed)"]
        }
        if schema["format"] as? String == "uuid", let text = value as? String {
            guard UUID(uuidString: text) != nil, text == text.lowercased() else {
                return ["\(place): \(text) is no id"]
            }
        }
        if let minimum = schema["minimum"] as? Double, let number = value as? Double, number < minimum {
            return ["\(place): \(number) is below \(minimum)"]
        }
        if let members = value as? [String: Any] { return faults(ofObject: members, schema, at: place) }
        if let elements = value as? [Any], let items = schema["items"] as? [String: Any] {
            return elements.enumerated().flatMap { faults(of: $1, items, at: "\(place)[\($0)]") }
        }
        return []
    }

    private func faults(ofObject members: [String: Any], _ schema: [String: Any], at place: String) -> [String] {
        let properties = schema["properties"] as? [String: Any] ?? [:]
        var faults = (schema["required"] as? [String] ?? []).filter { members[$0] == nil }.map { "\(place): no \($0)" }
        for (name, value) in members {
            if let property = properties[name] as? [String: Any] {
                faults += self.faults(of: value, property, at: "\(place).\(name)")
            } else if let other = schema["additionalProperties"] as? [String: Any] {
                faults += self.faults(of: value, other, at: "\(place).\(name)")
            } else if schema["additionalProperties"] as? Bool == false {
                faults.append("\(place): \(name) is not described")
            }
        }
        return faults
    }

    private static func isOf(_ type: String, _ value: Any) -> Bool {
        switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "null": value is NSNull
        case "boolean": value is Bool
        case "integer": (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false
        case "number": value is NSNumber
        default: false
        }
    }
}
