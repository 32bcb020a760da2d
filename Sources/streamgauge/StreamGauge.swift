import ArgumentParser

@main
struct StreamGauge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "streamgauge")
}
