extension Rule {
  /// The rules on ESP and AH packets, path MTU, NAT and the capture itself.
  package static let packetRules: [Rule] = [
    ESPLoss.rule, ESPSequenceNumbers.rule, ESPIntegrity.rule, ESPDirection.rule, ESPUnknownSPI.rule,
    ReplayWindow.rule, RepeatedPackets.rule, AnnouncedReplayProtection.rule, PathMTUExceeded.rule,
    PathMTUBlackhole.rule, OuterFragments.rule, NATDetected.rule, NATMapping.rule, TCPNotIKE.rule,
    CaptureTruncated.rule,
  ]
}
