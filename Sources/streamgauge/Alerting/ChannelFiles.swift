import AlertChannels
import AlertRuleFiles
import AlertTopicChannel
import Foundation
import Kafka

/// Reads files of alert channels, and makes the channels.
enum ChannelFiles {
    /// A file's channels.
    static func plan(_ file: String) throws -> AlertChannelPlan {
        do {
            return try check(file).get()
        } catch let error as AlertFileError {
            throw AlertFiles.refusal(error)
        }
    }

    /// A file's channels, or all that is wrong in it.
    static func check(_ file: String) throws -> Result<AlertChannelPlan, AlertFileError> {
        let text = try AlertFiles.text(of: file)
        return Result { () throws(AlertFileError) in
            let plan = try AlertChannelFile.plan(
                from: text, file: file, environment: ProcessInfo.processInfo.environment)
            return plan
        }
    }

    /// A channel to Kafka, with the options of its file, of the environment and of the channel itself.
    static let topicChannel: ChannelFactory.TopicChannel = { settings, name, externalURL throws(ChannelError) in
        let configuration: KafkaConfiguration
        do throws(KafkaError) {
            let flags = settings.options.sorted { $0.key < $1.key }
                .map { KafkaSettings.Flag(flag: "the channel \(name)", name: $0.key, value: $0.value.text) }
            configuration = try KafkaSettings(
                path: settings.configurationFile, environment: ProcessInfo.processInfo.environment, flags: flags,
                defaults: ["client.id": "streamgauge"]
            ).configuration
        } catch {
            throw refusal(name, error.message)
        }
        if let weakness = configuration.weaknesses.first { throw refusal(name, weakness) }
        return try AlertTopicChannel(
            configuration: configuration, topic: settings.topic, name: name, externalURL: externalURL,
            timeout: settings.timeout)
    }

    private static func refusal(_ name: String, _ reason: String) -> ChannelError {
        ChannelError(
            code: .invalidConfiguration, message: "cannot make the channel \(name): \(reason)", isRetriable: false)
    }
}
