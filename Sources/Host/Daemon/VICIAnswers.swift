/// What charon answered over VICI, as it said it.
package struct VICIAnswers: Equatable, Sendable {
  package var version = VICIMessage()
  package var stats = VICIMessage()
  /// A section for each connection, and one without a name over all of them; empty where the plugin counters
  /// is not loaded.
  package var counters = VICIMessage()
  /// Each has one section: a connection, by its name.
  package var connections: [VICIMessage] = []
  /// Each has one section: an IKE SA, by its connection's name.
  package var sas: [VICIMessage] = []
  /// Traps, each a section.
  package var policies: [VICIMessage] = []

  package init() {}
}

extension VICIAnswers {
  /// Asks for all of it. What an older charon does not know stays empty.
  package static func read(
    _ connection: inout VICIConnection, until deadline: Int64
  ) throws(VICIError) -> VICIAnswers {
    var answers = VICIAnswers()
    answers.version = try connection.call("version", until: deadline)
    answers.connections = try connection.stream("list-conns", "list-conn", until: deadline)
    // Without it, an IKE SA that is busy holds up the whole list.
    let patiently = VICIMessage([.init("noblock", .text("yes"))])
    answers.sas = try connection.stream("list-sas", "list-sa", patiently, until: deadline)
    do throws(VICIError) {
      let traps = VICIMessage([.init("trap", .text("yes"))])
      answers.policies = try connection.stream(
        "list-policies", "list-policy", traps, until: deadline)
    } catch {
      guard case .unknown = error else { throw error }
    }
    answers.stats = try connection.callIfKnown("stats", until: deadline)
    let total = try connection.callIfKnown("get-counters", until: deadline)
    let each = try connection.callIfKnown(
      "get-counters", VICIMessage([.init("all", .text("yes"))]), until: deadline)
    answers.counters.entries =
      (total.section("counters")?.entries ?? []) + (each.section("counters")?.entries ?? [])
    return answers
  }

  /// Connects, asks for all of it, and disconnects. `address` nil is where charon usually listens.
  package static func read(
    _ address: VICIAddress?, until deadline: Int64
  ) throws(VICIError) -> VICIAnswers {
    var connection = try VICIConnection.open(address, until: deadline)
    return try read(&connection, until: deadline)
  }
}

extension VICIConnection {
  /// Connects to `address`, or to where charon usually listens.
  package static func open(
    _ address: VICIAddress?, until deadline: Int64
  ) throws(VICIError) -> VICIConnection {
    do throws(VICIError) {
      return try VICIConnection(to: address ?? .usual, until: deadline)
    } catch {
      guard address == nil, case .missing = error else { throw error }
      do throws(VICIError) {
        return try VICIConnection(to: .older, until: deadline)
      } catch .missing {
        throw error
      }
    }
  }

  fileprivate mutating func callIfKnown(
    _ command: String, _ request: VICIMessage = VICIMessage(), until deadline: Int64
  ) throws(VICIError) -> VICIMessage {
    do throws(VICIError) {
      return try call(command, request, until: deadline)
    } catch {
      guard case .unknown = error else { throw error }
      return VICIMessage()
    }
  }
}
