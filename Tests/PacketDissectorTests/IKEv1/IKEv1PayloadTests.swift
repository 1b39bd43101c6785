import PacketDissector
import Testing

@Suite("IKEv1 payloads")
struct IKEv1PayloadTests {
  private func bodies(_ number: Int) throws -> [IKEv1Payload.Body] {
    let bytes = IKEv1Samples.bytes(IKEv1Samples.written[number])
    return try IKEv1Samples.decode(bytes).payloads.map(\.body)
  }

  @Test("Bodies without inner structures come back equal", arguments: [2, 5, 6, 7])
  func plainBodies(number: Int) throws {
    var expected = IKEv1Samples.written[number].payloads.map(\.body)
    if case .fragment(var fragment) = expected[0] {
      fragment.dataRange = 36..<36 + fragment.data.count
      expected[0] = .fragment(fragment)
    }
    #expect(try bodies(number) == expected)
  }

  @Test("A phase 1 proposal has its transforms, attributes, names and ranges")
  func phase1() throws {
    guard case .securityAssociation(let association) = try bodies(0)[0] else {
      Issue.record("no SA")
      return
    }
    let proposal = try #require(association.proposals.first)
    #expect(proposal.range == 40..<200)
    #expect(proposal.transforms.map(\.range) == [48..<88, 88..<200])
    let transform = proposal.transforms[0]
    #expect(
      transform.attributes.map(\.valueName) == [
        "AES-CBC", nil, "SHA2-256", "XAUTHInitPreShared", "256-bit random ECP", "seconds", nil,
      ])
    #expect(transform.attributes.last?.range == 80..<88)
    #expect(transform.number(of: .phase1(.keyLength)) == 256)
    #expect(transform.lifetimes.map(\.type) == [.seconds])
    #expect(transform.lifetimes.map(\.duration) == [86400])
    #expect(proposal.transforms[1].attributes[1].number == nil)
    #expect(
      proposal.transforms[1].attributes[1].value
        == .variable([UInt8](repeating: 0xAB, count: 96)))
  }

  @Test("Phase 2 proposals name transforms and attributes by their protocol")
  func phase2() throws {
    guard case .securityAssociation(let association) = try bodies(1)[1] else {
      Issue.record("no SA")
      return
    }
    let proposals = association.proposals
    #expect(proposals.map(\.number) == [1, 1, 2])
    #expect(proposals.map(\.spi) == [[0xC0, 0, 0, 1], [0x12, 0x34], [0xC0, 0, 0, 2]])
    #expect(
      proposals.map { $0.transforms.map { $0.id.name } } == [
        ["ESP_AES-CBC"], ["IPCOMP_DEFLATE"], ["AH_SHA2-256"],
      ])
    let transform = proposals[0].transforms[0]
    #expect(
      transform.attributes.map(\.valueName) == [
        nil, "HMAC-SHA", "UDP-Encapsulated-Tunnel", "2048-bit MODP", "seconds", nil, "kilobytes",
        nil,
      ])
    #expect(transform.lifetimes.map(\.type) == [.seconds, .kilobytes])
    #expect(transform.lifetimes.map(\.duration) == [3600, 4_608_000])
  }

  @Test(
    "Identification data is read by its type",
    arguments: [
      (.idIPv4Addr, [10, 0, 0, 1], .address(IPAddress(v4: 0x0A00_0001))),
      (
        .idIPv4AddrSubnet, [10, 0, 0, 0, 255, 0, 0, 0],
        .subnet(IPAddress(v4: 0x0A00_0000), mask: IPAddress(v4: 0xFF00_0000))
      ),
      (
        .idIPv4AddrRange, [10, 0, 0, 1, 10, 0, 0, 9],
        .range(first: IPAddress(v4: 0x0A00_0001), last: IPAddress(v4: 0x0A00_0009))
      ),
      (
        .idIPv6Addr, [UInt8](repeating: 0, count: 15) + [1],
        .address(IPAddress(v6High: 0, low: 1))
      ),
      (
        .idIPv6AddrSubnet, [UInt8](repeating: 0, count: 16) + [UInt8](repeating: 255, count: 16),
        .subnet(
          IPAddress(v6High: 0, low: 0), mask: IPAddress(v6High: .max, low: .max))
      ),
      (.idFQDN, Array("gw.example.org".utf8), .name(Array("gw.example.org".utf8))),
      (.idDERASN1DN, [0x30, 0], .opaque([0x30, 0])),
      (.idKeyID, [1, 2, 3], .opaque([1, 2, 3])),
      // The wrong size for the type.
      (.idIPv4Addr, [UInt8](repeating: 0, count: 16), .opaque([UInt8](repeating: 0, count: 16))),
      (.idIPv4AddrSubnet, [10, 0, 0, 0], .opaque([10, 0, 0, 0])),
    ] as [(IKEv1IdentificationType, [UInt8], IKEv1Identity)])
  func identities(type: IKEv1IdentificationType, data: [UInt8], identity: IKEv1Identity) {
    #expect(IKEv1Identity(type: type, data: data) == identity)
  }

  @Test("The data of known notifications has a meaning")
  func notifications() throws {
    let notifications = try bodies(3).compactMap { body -> IKEv1Notification? in
      if case .notification(let notification) = body { notification } else { nil }
    }
    #expect(
      notifications.map(\.meaning) == [
        .sequenceNumber(0x1234_5678), nil, .replayDetection(true),
        .gateway(IPAddress(v4: 0xC000_0207)), nil, nil,
      ])
    #expect(notifications[1].spi == IKEv1Samples.cookies)
    let lifetimes = notifications[4].attributes.lifetimes
    #expect(lifetimes.map(\.type) == [.seconds])
    #expect(lifetimes.map(\.duration) == [3600])
  }

  @Test("A delete lists the SPIs of its size")
  func deletes() throws {
    let deletes = try bodies(3).compactMap { body -> IKEv1Delete? in
      if case .delete(let delete) = body { delete } else { nil }
    }
    #expect(deletes.map(\.spis) == [[[1, 2, 3, 4], [5, 6, 7, 8]], [IKEv1Samples.cookies]])
    #expect(deletes.map(\.protocolID) == [.protoIpsecESP, .protoIsakmp])
  }

  @Test("Mode-config values are read by their type, secrets only as such")
  func configuration() throws {
    guard case .attributes(let configuration) = try bodies(4)[0] else {
      Issue.record("no attributes payload")
      return
    }
    #expect(configuration.type == .reply)
    #expect(configuration.identifier == 0xBEEF)
    let network = IKEv1ConfigurationValue.Network(
      address: IPAddress(v4: 0xAC10_0000), mask: IPAddress(v4: 0xFFF0_0000))
    #expect(
      configuration.attributes.map(IKEv1ConfigurationValue.init) == [
        .address(IPAddress(v4: 0x0A09_0807)), .address(IPAddress(v4: 0xFFFF_0000)), .empty,
        .number(256, name: nil), .text(Array("strongSwan".utf8)),
        .subnet(IPAddress(v4: 0x0A00_0000), mask: IPAddress(v4: 0xFF00_0000)),
        .prefix(IPAddress(v6High: 0x2001_0db8_0000_0000, low: 0), bits: 64),
        .types([.internalIP4Address, .internalIP4Netmask]), .networks([network]),
        .number(0, name: "Generic"), .text(Array("alice".utf8)), .secret, .secret, .secret,
        .secret, .number(1, name: "Success"), .opaque([1, 2]),
      ])
    #expect(configuration.attributes.filter(\.isSecret).count == 4)
  }

  @Test("No password reaches a line or a tree")
  func secrets() throws {
    let message = try IKEv1Samples.decode(IKEv1Samples.bytes(IKEv1Samples.written[4]))
    let shown = IKEv1Samples.outline(message.fields).joined() + IKEv1Samples.summary(message)
    #expect(shown.contains("alice"))
    #expect(shown.contains("xauth_user_password: \"(secret)\""))
    #expect(!shown.contains("sesame"))
    #expect(!shown.contains(Array("sesame".utf8).map { "\($0)" }.joined(separator: ".")))
  }

  @Test("A password whose length is a lie is dropped, not shown raw")
  func cutSecret() throws {
    var bytes = IKEv1Samples.bytes(
      IKEv1Samples.message(
        .transaction,
        [
          IKEv1Payload(
            .attributes,
            .attributes(
              IKEv1Configuration(
                type: .reply, identifier: 1,
                attributes: [
                  IKEv1Attribute(
                    .configuration(.xauthUserPassword), .variable(Array("sesame".utf8)))
                ])))
        ]))
    bytes[39] += 1
    let message = try IKEv1Samples.decode(bytes)
    #expect(message.payloads.first?.stop != nil)
    let shown = IKEv1Samples.outline(message.fields).joined()
    #expect(!shown.contains(Array("sesame".utf8).map { "\($0)" }.joined(separator: ".")))
  }
}
