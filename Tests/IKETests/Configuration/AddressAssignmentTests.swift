import PacketDissector
import Testing

@testable import IKE

@Suite("Assigned addresses")
struct AddressAssignmentTests {
  private func address(_ text: String) throws -> IPAddress {
    try #require(IPAddress(text: text))
  }

  @Test("what is handed out is what is understood")
  func roundTrip() throws {
    let assignment = AddressAssignment(
      ipv4: try address("10.3.0.5"), ipv6: try address("2001:db8::5"), ipv6PrefixLength: 64,
      nameServers: [try address("10.3.0.1"), try address("2001:db8::1")],
      subnets: try [
        "10.98.0.0/16", "10.1.2.3/32", "0.0.0.0/0", "2001:db8:1::/48", "2001:db8:2::/72", "::/0",
        "2001:db8::7/128",
      ].map { try #require(TrafficSelector(text: $0)) })
    let attributes = assignment.attributes
    #expect(AddressAssignment(attributes) == assignment)
    #expect(attributes.allSatisfy { AddressAssignment.requestedTypes.contains($0.type) })
    #expect(
      attributes.first { $0.type == .internalIP4Subnet }?.value == [10, 98, 0, 0, 255, 255, 0, 0])
    #expect(attributes.first { $0.type == .internalIP6Subnet }?.value.last == 48)
  }

  @Test("the assigned addresses are the initiator's traffic")
  func selectors() throws {
    let assignment = AddressAssignment(ipv4: try address("10.3.0.5"))
    #expect(assignment.selectors == [TrafficSelector(text: "10.3.0.5")])
    #expect(AddressAssignment().selectors.isEmpty)
  }

  @Test("the first address of a family counts, an unspecified one never")
  func addresses() throws {
    let assignment = AddressAssignment([
      ConfigurationAttribute(type: .internalIP4Address, value: [0, 0, 0, 0]),
      ConfigurationAttribute(type: .internalIP4Address, value: [10, 0, 0, 1]),
      ConfigurationAttribute(type: .internalIP4Address, value: [10, 0, 0, 2]),
      ConfigurationAttribute(
        type: .internalIP6Address, value: [UInt8](repeating: 0, count: 16) + [64]),
      ConfigurationAttribute(
        type: .internalIP6Address, value: [UInt8](repeating: 1, count: 16) + [129]),
    ])
    #expect(assignment == AddressAssignment(ipv4: try address("10.0.0.1")))
  }

  @Test("attributes that do not fit are passed over")
  func malformed() {
    let assignment = AddressAssignment([
      ConfigurationAttribute(type: .internalIP4Address),
      ConfigurationAttribute(type: .internalIP4Address, value: [10, 0, 0]),
      ConfigurationAttribute(type: .internalIP6DNS, value: [1]),
      ConfigurationAttribute(type: .internalIP4Subnet, value: [10, 0, 0, 0, 255, 0, 255, 0]),
      ConfigurationAttribute(
        type: .internalIP6Subnet, value: [UInt8](repeating: 1, count: 16) + [200]),
      ConfigurationAttribute(type: 9999, value: [1, 2, 3, 4]),
    ])
    #expect(assignment == AddressAssignment())
  }

  @Test("a range that is no subnet is not handed out as one")
  func noPrefix() throws {
    let ranges = try ["10.0.0.1-10.0.0.2", "10.0.0.0/24[tcp/80]", "2001:db8::1-2001:db8::2"]
      .map { try #require(TrafficSelector(text: $0)) }
    #expect(AddressAssignment(subnets: ranges).attributes.isEmpty)
  }
}
