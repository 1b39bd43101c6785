import PacketDissector
import Testing

@Suite("Registry names")
struct RegistryTests {
  @Test("A registered value has IANA's name, another stays a number")
  func names() {
    #expect(NotifyType.natDetectionSourceIP.name == "NAT_DETECTION_SOURCE_IP")
    #expect(KeyExchangeMethod(rawValue: 36).description == "ml-kem-768")
    #expect(NotifyType(rawValue: 60000).name == nil)
    #expect(NotifyType(rawValue: 60000).description == "unknown(60000)")
  }

  @Test("A value that two vendors claim shows both names")
  func clash() {
    #expect(NotifyType(rawValue: 40961).name == "REACTIVATION_REQUESTED_CAUSE or USE_BEET_MODE")
  }

  @Test("A vendor ID is named by its most specific row")
  func vendorID() {
    let deadPeerDetection: [UInt8] = [
      0xaf, 0xca, 0xd7, 0x13, 0x68, 0xa1, 0xf1, 0xc9, 0x6b, 0x86, 0x96, 0xfc, 0x77, 0x57, 1, 0,
    ]
    #expect(VendorIDTable.name(of: deadPeerDetection)?.contains("Dead Peer Detection") == true)
    #expect(VendorIDTable.name(of: [1, 2, 3]) == nil)
  }
}
