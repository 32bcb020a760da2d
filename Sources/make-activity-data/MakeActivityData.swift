import ArgumentParser

@main
struct MakeActivityData: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "make-activity-data")
}
