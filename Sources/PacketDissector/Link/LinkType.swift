/// What a capture's frames begin with: the LINKTYPE_ numbers of pcap and pcapng files.
///
/// Source: the registry at tcpdump.org ("Link-layer header types"). Only those that the dissector
/// reads are named.
package struct LinkType: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  package static let null = LinkType(rawValue: 0)
  package static let ethernet = LinkType(rawValue: 1)
  package static let ppp = LinkType(rawValue: 9)
  package static let pppHDLC = LinkType(rawValue: 50)
  package static let raw = LinkType(rawValue: 101)
  package static let ieee80211 = LinkType(rawValue: 105)
  package static let loop = LinkType(rawValue: 108)
  package static let linuxSLL = LinkType(rawValue: 113)
  package static let ieee80211Radiotap = LinkType(rawValue: 127)
  package static let ipv4 = LinkType(rawValue: 228)
  package static let ipv6 = LinkType(rawValue: 229)
  package static let linuxSLL2 = LinkType(rawValue: 276)
}
