package import IKE
package import PacketDissector

/// A state machine of IKE that datagrams and the time drive: a session, or a responder with many.
package protocol IKEMachine: AnyObject {
  associatedtype Event: Sendable

  var deadline: Instant? { get }
  func handle(_ datagram: [UInt8], from remote: Endpoint, to local: Endpoint, at now: Instant)
  func handleTimeout(at now: Instant)
  /// Whether IKE between these ends stands behind the non-ESP marker, so that what has none is ESP.
  func hasMarker(from remote: Endpoint, to local: Endpoint) -> Bool
  func nextStep() -> MachineStep<Event>?
}

/// What a machine wants done.
package enum MachineStep<Event: Sendable>: Sendable {
  case send([UInt8], from: Endpoint, to: Endpoint)
  case event(Event)
}

extension IKESession: IKEMachine {
  package func hasMarker(from remote: Endpoint, to local: Endpoint) -> Bool {
    IKEPath(local: local, remote: remote).hasMarker(configuration.ports)
  }

  package func nextStep() -> MachineStep<SessionEvent>? {
    switch nextOutput() {
    case .send(let bytes, let local, let remote): .send(bytes, from: local, to: remote)
    case .event(let event): .event(event)
    case nil: nil
    }
  }
}

extension MainModeSession: IKEMachine {
  package func hasMarker(from remote: Endpoint, to local: Endpoint) -> Bool {
    IKEPath(local: local, remote: remote).hasMarker(configuration.ports)
  }

  package func nextStep() -> MachineStep<MainModeEvent>? {
    switch nextOutput() {
    case .send(let bytes, let local, let remote): .send(bytes, from: local, to: remote)
    case .event(let event): .event(event)
    case nil: nil
    }
  }
}

/// An event of one of a responder's sessions.
package struct ResponderEvent: Sendable {
  package var session: Int
  package var event: SessionEvent
}

extension IKEResponder: IKEMachine {
  package func hasMarker(from remote: Endpoint, to local: Endpoint) -> Bool {
    IKEPath(local: local, remote: remote).hasMarker(configuration.ports)
  }

  package func nextStep() -> MachineStep<ResponderEvent>? {
    switch nextOutput() {
    case .send(let bytes, let local, let remote): .send(bytes, from: local, to: remote)
    case .event(let event, let session): .event(ResponderEvent(session: session, event: event))
    case nil: nil
    }
  }
}
