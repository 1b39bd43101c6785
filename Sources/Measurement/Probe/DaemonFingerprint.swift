internal import Diagnosis
internal import PacketDissector

/// Whose daemon a peer runs, by what it sends unasked.
///
/// Vendor IDs name it outright. Where there are none, the order of transforms and notifications does, as
/// observed of strongSwan 5.9.8 and libreswan 4.10 in our lab.
struct DaemonFingerprint {
  let guess: DaemonGuess?

  init(_ result: AddressResult) {
    let ids = (result.peer?.vendorIDs ?? []) + (result.ikev1?.vendorIDs ?? [])
    guess = Self.named(ids) ?? result.peer.flatMap { Self.byOrder($0) }
  }

  /// Words of vendor IDs' names, and the daemon that they are of.
  private static let makers: [(word: String, daemon: String)] = [
    ("strongswan", "strongSwan"), ("libreswan", "libreswan"), ("openswan", "Openswan"),
    ("freeswan", "FreeS/WAN"), ("openiked", "OpenIKED"), ("racoon", "racoon"),
    ("fortigate", "FortiGate"),
    ("ms nt5", "Windows"), ("windows", "Windows"), ("check point", "Check Point"),
    ("netscreen", "Juniper NetScreen"), ("juniper", "Juniper"), ("cisco", "Cisco"),
    ("sonicwall", "SonicWall"), ("watchguard", "WatchGuard"), ("nortel", "Nortel"),
    ("zyxel", "ZyXEL"), ("ssh sentinel", "SSH Sentinel"),
  ]

  private static func named(_ ids: [[UInt8]]) -> DaemonGuess? {
    for id in ids {
      guard let name = VendorIDTable.name(of: id) else { continue }
      let lowercased = name.lowercased()
      // Daemons of others send Cisco's too, to be understood by its clients.
      guard let maker = makers.first(where: { lowercased.contains($0.word) }),
        !lowercased.contains("unity"), !lowercased.contains("fragmentation")
      else { continue }
      return DaemonGuess(maker.daemon, .likely, reasons: ["it sends the vendor ID \(name)"])
    }
    return nil
  }

  private static func byOrder(_ peer: PeerDescription) -> DaemonGuess? {
    guard let chosen = peer.chosen else { return nil }
    var reasons: [String] = []
    let types = chosen.transforms.map(\.type)
    let integrity = types.firstIndex(of: .integrity)
    let prf = types.firstIndex(of: .prf)
    let isIntegrityFirst = integrity.flatMap { integrity in prf.map { integrity < $0 } }
    let isAnnouncedLast = peer.notifies.last == .multipleAuthSupported
    let fragments = peer.notifies.firstIndex(of: .ikev2FragmentationSupported)
    let nat = peer.notifies.firstIndex(of: .natDetectionSourceIP)
    let areFragmentsFirst = fragments.flatMap { fragments in nat.map { fragments < $0 } }
    if isAnnouncedLast, areFragmentsFirst != true, isIntegrityFirst != false {
      reasons.append("MULTIPLE_AUTH_SUPPORTED comes last, behind CHILDLESS_IKEV2_SUPPORTED")
      if areFragmentsFirst == false { reasons.append("NAT detection comes before fragmentation") }
      if isIntegrityFirst == true { reasons.append("integrity stands before the PRF") }
      return DaemonGuess(
        "strongSwan", reasons.count > 1 ? .likely : .possible, reasons: reasons)
    }
    if areFragmentsFirst == true, isIntegrityFirst != true,
      !peer.notifies.contains(.multipleAuthSupported)
    {
      reasons.append("fragmentation is announced before NAT detection")
      if isIntegrityFirst == false { reasons.append("the PRF stands before integrity") }
      return DaemonGuess(
        "libreswan", reasons.count > 1 ? .likely : .possible, reasons: reasons)
    }
    return nil
  }
}
