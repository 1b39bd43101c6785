internal import Diagnosis
internal import Host
internal import Report

/// What swanctl.conf says of children and VICI does not: `replay_window` and `start_action`.
struct DaemonConfiguration {
  private static let usual = "/etc/swanctl/swanctl.conf"

  private let path: String
  private let syntax: SectionSyntax

  /// Nil where none is asked for and the usual one cannot be read.
  init?(_ path: String?, isUsual: Bool) throws {
    guard let path = path ?? (isUsual ? Self.usual : nil) else { return nil }
    self.path = path
    do throws(ConfigurationFile.Failure) {
      syntax = try SectionSyntax(file: path)
    } catch {
      if path == Self.usual { return nil }
      throw Failure("\(error)", exitCode: ExitCodes.inputMissing)
    }
  }

  /// Adds what the file says of the daemon's connections. What it leaves out keeps strongSwan's default, which
  /// strongswan.conf may change, and stays untold.
  func complete(_ daemon: inout DaemonReport.Daemon) {
    for index in daemon.state.connections.indices {
      let name = daemon.state.connections[index].name
      guard let section = syntax.named(["connections", name]) else { continue }
      for place in daemon.state.connections[index].children.indices {
        let child = daemon.state.connections[index].children[place].name
        func value(_ key: String) -> String? {
          syntax.value(key, in: ["children", child], of: section)?.text
        }
        let isListed = syntax.names(below: ["children"], of: section).contains(child)
        guard isListed else { continue }
        daemon.configuration = path
        daemon.state.connections[index].children[place].add(
          replayWindow: value("replay_window"), startAction: value("start_action"))
      }
    }
  }
}

extension DaemonState.ConfiguredChild {
  /// `trap|start` is both; `route` and `hold` are older words for `trap`.
  fileprivate mutating func add(replayWindow: String?, startAction: String?) {
    if let window = replayWindow.flatMap({ UInt32($0) }) { self.replayWindow = window }
    let actions = (startAction ?? "none").split(separator: "|")
    if actions.contains(where: { ["start", "trap", "route", "hold"].contains($0) }) {
      isWanted = true
    }
  }
}
