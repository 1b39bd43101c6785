import PacketDissector
import Testing

@testable import IKE

@Suite("Narrowing traffic selectors")
struct TrafficSelectorNarrowingTests {
  private func selectors(_ texts: [String]) throws -> [TrafficSelector] {
    try texts.map { try #require(TrafficSelector(text: $0)) }
  }

  private func narrow(_ offered: String..., to own: String...) throws -> [TrafficSelector]? {
    TrafficSelectorNarrowing.narrow(try selectors(offered), to: try selectors(own))
  }

  @Test("an offer within the policy stays as it is")
  func whole() throws {
    #expect(
      try narrow("10.1.2.0/24", "2001:db8::/64", to: "10.0.0.0/8", "::/0")
        == selectors(["10.1.2.0/24", "2001:db8::/64"]))
  }

  @Test("an offer beyond the policy is cut to it")
  func cut() throws {
    #expect(try narrow("0.0.0.0/0", to: "10.1.0.0/16") == selectors(["10.1.0.0/16"]))
    #expect(
      try narrow("10.0.0.1-10.0.0.9", to: "10.0.0.5-10.0.0.20") == selectors(["10.0.0.5-10.0.0.9"]))
    #expect(
      try narrow("0.0.0.0/0", to: "10.1.0.0/16", "10.3.0.0/16")
        == selectors(["10.1.0.0/16", "10.3.0.0/16"]))
  }

  @Test("nothing in common is nil, across families too")
  func nothing() throws {
    #expect(try narrow("10.1.0.0/16", to: "10.2.0.0/16") == nil)
    #expect(try narrow("0.0.0.0/0", to: "::/0") == nil)
    #expect(try narrow("10.0.0.0/8[tcp]", to: "10.0.0.0/8[udp]") == nil)
    #expect(try narrow("10.0.0.0/8[tcp/80]", to: "10.0.0.0/8[tcp/81-90]") == nil)
    #expect(TrafficSelectorNarrowing.narrow([], to: try selectors(["::/0"])) == nil)
  }

  @Test("the packet's own selector, which comes first, is part of the answer")
  func packetsOwn() throws {
    let own = try selectors(["10.1.0.0/16"])
    let first = try selectors(["10.1.2.3[udp/53]"])
    let answer = try #require(
      TrafficSelectorNarrowing.narrow(first + (try selectors(["10.1.2.0/24"])), to: own))
    #expect(answer == (try selectors(["10.1.2.0/24"])))
    #expect(TrafficSelectorNarrowing.covers(answer, first))
    let narrow = try #require(
      TrafficSelectorNarrowing.narrow(first + (try selectors(["10.9.0.0/16"])), to: own))
    #expect(narrow == first)
  }

  @Test("protocols and ports are narrowed as addresses are")
  func upperLayer() throws {
    #expect(
      try narrow("10.0.0.0/8", to: "10.0.0.0/8[tcp/443]") == selectors(["10.0.0.0/8[tcp/443]"]))
    #expect(
      try narrow("10.0.0.0/8[tcp/1000-2000]", to: "10.0.0.0/8[tcp/1500-3000]")
        == selectors(["10.0.0.0/8[tcp/1500-2000]"]))
  }

  @Test("OPAQUE ports are part of any ports, and of no range")
  func opaque() throws {
    let opaque = "10.0.0.0/8[udp/opaque]"
    #expect(try narrow(opaque, to: "10.0.0.0/8[udp]") == selectors([opaque]))
    #expect(try narrow("10.0.0.0/8", to: opaque) == selectors([opaque]))
    #expect(try narrow(opaque, to: opaque) == selectors([opaque]))
    #expect(try narrow(opaque, to: "10.0.0.0/8[udp/1-65535]") == nil)
  }

  @Test("selectors that take nothing, or are no addresses, are passed over")
  func malformed() throws {
    let low = IPAddress(v4: 1)
    let high = IPAddress(v4: 9)
    let all = try selectors(["0.0.0.0/0", "::/0"])
    for selector in [
      TrafficSelector(.init(start: high, end: low)),
      TrafficSelector(.init(startPort: 10, endPort: 9, start: low, end: high)),
      TrafficSelector(.init(start: low, end: IPAddress(v6High: 0, low: 9))),
      TrafficSelector(type: .tsSeclabel, ipProtocol: 0, content: .securityLabel([1])),
      TrafficSelector(type: 200, ipProtocol: 0, content: .opaque([1, 2])),
    ] {
      #expect(TrafficSelectorNarrowing.narrow([selector], to: all) == nil)
      #expect(TrafficSelectorNarrowing.narrow(all, to: [selector]) == nil)
      #expect(!TrafficSelectorNarrowing.covers(all, [selector]))
      #expect(TrafficSelectorNarrowing.narrow([selector] + all, to: all) == all)
    }
  }

  @Test("an answer never has more selectors than a payload holds")
  func limit() throws {
    let many = (0..<5000).map { index in
      let address = IPAddress(v4: UInt32(index) * 2)
      return TrafficSelector(.init(start: address, end: address))
    }
    let answer = try #require(TrafficSelectorNarrowing.narrow(many, to: many))
    #expect(answer.count == 255)
  }

  @Test("an answer may only narrow what was offered")
  func covers() throws {
    func covers(_ outer: [String], _ inner: [String]) throws -> Bool {
      TrafficSelectorNarrowing.covers(try selectors(outer), try selectors(inner))
    }
    #expect(try covers(["10.0.0.0/8"], ["10.1.0.0/16", "10.2.0.0/16[tcp/80]"]))
    #expect(try !covers(["10.0.0.0/8"], ["10.1.0.0/16", "11.0.0.0/16"]))
    #expect(try !covers(["10.0.0.0/8[tcp]"], ["10.1.0.0/16"]))
    #expect(try !covers(["10.0.0.0/8[tcp/80]"], ["10.1.0.0/16[tcp]"]))
    #expect(try !covers(["10.0.0.0/8[udp/1-65535]"], ["10.0.0.0/8[udp/opaque]"]))
    #expect(try covers(["10.0.0.0/8"], ["10.0.0.0/8[udp/opaque]"]))
    #expect(try !covers(["10.0.0.0/8"], []))
    #expect(try !covers([], ["10.0.0.0/8"]))
  }

  @Test("neighbouring ranges cover together what none of them covers alone")
  func union() throws {
    let halves = try selectors(["0.0.0.0/1", "128.0.0.0/1"])
    #expect(TrafficSelectorNarrowing.covers(halves, try selectors(["0.0.0.0/0"])))
    let six = try selectors(["::/1", "8000::/1"])
    #expect(TrafficSelectorNarrowing.covers(six, try selectors(["::/0"])))
    let gap = try selectors(["10.0.0.0-10.0.0.4", "10.0.0.6-10.0.0.9"])
    #expect(!TrafficSelectorNarrowing.covers(gap, try selectors(["10.0.0.0-10.0.0.9"])))
  }
}

@Suite("Traffic selectors as text")
struct TrafficSelectorTextTests {
  @Test(
    "a prefix becomes the range of its addresses",
    arguments: [
      ("10.1.2.3/24", "10.1.2.0", "10.1.2.255"), ("10.1.2.3/0", "0.0.0.0", "255.255.255.255"),
      ("10.1.2.3/32", "10.1.2.3", "10.1.2.3"), ("10.1.2.3", "10.1.2.3", "10.1.2.3"),
      ("2001:db8::5/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"),
      ("2001:db8::5/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
      ("2001:db8::5/120", "2001:db8::", "2001:db8::ff"), ("::1/128", "::1", "::1"),
      ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
      ("192.0.2.1-192.0.2.7", "192.0.2.1", "192.0.2.7"),
    ])
  func prefixes(_ text: String, _ start: String, _ end: String) throws {
    let first = try #require(IPAddress(text: start))
    let last = try #require(IPAddress(text: end))
    let selector = try #require(TrafficSelector(text: text))
    #expect(selector == TrafficSelector(.init(start: first, end: last)))
  }

  @Test("protocol and ports stand in brackets")
  func upperLayer() throws {
    let address = IPAddress(v4: 0x0A00_0001)
    func selector(_ number: IPProtocol, _ start: UInt16, _ end: UInt16) -> TrafficSelector {
      TrafficSelector(
        .init(startPort: start, endPort: end, start: address, end: address), ipProtocol: number)
    }
    #expect(TrafficSelector(text: "10.0.0.1[tcp/443]") == selector(6, 443, 443))
    #expect(TrafficSelector(text: "10.0.0.1[17/1000-2000]") == selector(17, 1000, 2000))
    #expect(TrafficSelector(text: "10.0.0.1[icmp]") == selector(1, 0, 65535))
    #expect(TrafficSelector(text: "10.0.0.1[udp/opaque]") == selector(17, 65535, 0))
    #expect(TrafficSelector(text: "10.0.0.1[any/any]") == selector(0, 0, 65535))
  }

  @Test(
    "anything else is refused",
    arguments: [
      "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "10.0.0/8", "::/129",
      "10.0.0.9-10.0.0.1",
      "10.0.0.1-::1", "10.0.0.1-", "10.0.0.1[tcp/80", "10.0.0.1[]", "10.0.0.1[tcp/]",
      "10.0.0.1[tcp/90-80]",
      "10.0.0.1[tcp/1-2-3]", "10.0.0.1[tcp/65536]", "10.0.0.1[256]", "10.0.0.1[nothing/5]", "[tcp]",
      "]",
    ])
  func refused(_ text: String) {
    #expect(TrafficSelector(text: text) == nil)
  }
}
