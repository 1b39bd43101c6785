package import PacketDissector

/// Who did something.
package enum Party: Hashable, Sendable {
  case local
  case peer
}

/// What happened to a session that its driver may want to know.
package enum SessionEvent: Sendable {
  case natDetected(local: Bool, remote: Bool)
  /// A request stayed unanswered until it came in IP datagrams of this many octets.
  case fragmentsReduced(to: Int)
  /// Both sides have proved who they are.
  case established(EstablishedSA)
  /// The initiator says that it has no other IKE SA with this side (RFC 7296, section 2.4).
  case initialContact
  case childEstablished(ChildSA)
  /// There is no Child SA, but the IKE SA stands.
  case childRefused(ChildFault)
  /// The first Child SA gave way to the second.
  case childRekeyed(ChildSA, successor: ChildSA)
  case childDeleted(ChildSA, by: Party)
  case rekeyed(EstablishedSA.Algorithms)
  /// The IKE SA stands as it was.
  case rekeyRefused(ChildFault)
  /// A liveness check was answered: how long after its first transmission, and with which of them.
  case alive(roundTrip: Duration, transmissions: Int)
  case redirected(GatewayIdentity)
  /// A notification in an INFORMATIONAL exchange that changes nothing here.
  case notified(NotifyPayload)
  /// The IKE SA and all its Child SAs are gone.
  case deleted(by: Party)
  /// The session ended otherwise than by a deletion.
  case failed(SessionFailure)
}

/// An IKE SA whose ends are authenticated.
package struct EstablishedSA: Sendable {
  package struct Algorithms: Sendable {
    package var initiatorSPI: UInt64
    package var responderSPI: UInt64
    /// Whether this end is the SA's initiator.
    package var isInitiator: Bool
    package var suite: IKESuite
  }

  package var algorithms: Algorithms
  package var peerIdentity: Identity
  /// How each side proved itself; with EAP, how it did in the end.
  package var localMethod: AuthenticationMethod
  package var remoteMethod: AuthenticationMethod
  /// The initiator's name in EAP; nil without EAP.
  package var eapUserName: String?
  package var usesPPK: Bool
  package var usesFragmentation: Bool
  package var natLocal: Bool
  package var natRemote: Bool
  /// What the responder gave in CP.
  package var attributes: [ConfigurationAttribute]
  /// The status notifications of the peer's IKE_AUTH, the first 64.
  package var announced: [NotifyType]
}
