internal import Diagnosis
package import IKE
internal import PacketDissector

extension MainModeConfiguration {
  /// IKEv1 with a peer that an operator has described. Where no proposals were given, they are IKEv1's usual
  /// ones: those of IKEv2 would be too many for a datagram, and too new for a peer of IKEv1.
  package init(_ peer: LivePeer) throws(MainModeUnusable) {
    try self.init(peer.configuration)
    let usual = try? ProposalNotation.parse(PeerPlan.usualIKE, for: .ike)
    if peer.configuration.ikeProposals == usual { proposals = PhaseOneProposal.usual }
  }
}
