import ArgumentParser

@main
struct Ipsecdiag: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ipsecdiag", abstract: "Says what is wrong with an IPsec tunnel.")
}
