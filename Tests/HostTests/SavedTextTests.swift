import Glibc
import IPsecCrypto
import PacketDissector
import Testing

@testable import Host

@Suite("What programs have printed of SAs, read again")
struct SavedTextTests {
  static let folder =
    "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    + "/Fixtures"

  private func text(_ name: String) throws -> SavedText {
    SavedText(try #require(SystemFile.read("\(Self.folder)/\(name)")))
  }

  private static let links = [
    NetworkInterface(index: 1, name: "lo", mtu: 65_536, isUp: true, isLoopback: true),
    NetworkInterface(index: 3, name: "wan", mtu: 1500, isUp: true, isLoopback: false),
  ]

  @Test("Each SA of `ip -s -d xfrm state` has its fields, whatever form it has")
  func state() throws {
    let state = StateText(try text("saved-host/state.txt"), Self.links)
    #expect(state.sas.count == 10)
    #expect(state.unreadable.isEmpty)
    func sa(_ spi: UInt32) throws -> KernelSA { try #require(state.sas.first { $0.spi == spi }) }
    let extended = try sa(0xC0DE_0001)
    #expect(extended.usesESN && extended.replay.hasBitmap)
    #expect(extended.replay.window == 128 && extended.replay.incoming == 50)
    #expect(extended.replay.received == 50)
    #expect(extended.counters.packets == 50 && extended.counters.bytes == 4200)
    #expect(extended.aead?.name == "rfc4106(gcm(aes))")
    #expect(extended.aead?.keyBits == 160 && extended.aead?.icvBits == 128)
    let limited = try sa(.max)
    #expect(limited.limits.bytes == .init(soft: 1000, hard: 2000))
    #expect(limited.limits.packets == .init(soft: 3, hard: 4))
    #expect(limited.limits.age == .init(soft: 3600, hard: 7200))
    #expect(limited.limits.use == .init(soft: 60, hard: 120))
    #expect(limited.integrity?.name == "hmac(sha256)" && limited.integrity?.icvBits == 128)
    #expect(limited.cipher?.keyBits == 128)
    let large = try sa(0x106)
    #expect(large.replay.window == 4096 && large.replay.received == 0)
    #expect(large.replay.incoming == 0x2_FFFF_FFFF && large.replay.outgoing == 0x1_0000_0005)
    #expect(large.flags == [.decapDSCP, .noPMTUDiscovery, .wildReceive, .icmp, .align4, .esn])
    #expect(large.extraFlags == [.dontEncapsulateDSCP, .outgoingMayWrap])
    #expect(large.trafficPadding == 200 && large.mark == .init(value: 3, mask: 0xFF))
    let inUDP = try sa(0x105)
    #expect(inUDP.encapsulation == .init(type: 2, sourcePort: 4500, destinationPort: 4501))
    #expect(inUDP.interfaceID == 9 && inUDP.outputMark == .init(value: 0x10, mask: 0xF0))
    let selected = try sa(0x102)
    #expect(selected.mode == 0 && selected.reqID == .max)
    #expect(selected.selector?.ipProtocol == 6)
    #expect(selected.selector?.destinationPort == .init(value: 80, mask: .max))
    #expect(try sa(0x109).mode == 4)
  }

  @Test("One line each says the same")
  func oneLine() throws {
    let long = StateText(try text("saved-host/state.txt"), Self.links).sas
      .map { StateText.write($0, []) }
    let short = StateText(try text("saved-forms/state-one-line.txt"), Self.links).sas
    #expect(short.map { StateText.write($0, []) } == long)
  }

  @Test("No key is kept, nor written again")
  func secrets() throws {
    let state = StateText(try text("saved-host/state.txt"), Self.links)
    for sa in state.sas {
      for algorithm in [sa.aead, sa.cipher, sa.integrity].compactMap({ $0 }) {
        #expect(algorithm.key.count == 0)
      }
      #expect(!StateText.write(sa, []).contains("0405060708"))
    }
    // A key that was read for another purpose does not get out either.
    var sa = Self.everything
    var key = [UInt8](repeating: 0xAB, count: 20)
    sa.aead = .init(name: "rfc4106(gcm(aes))", key: Secret(consuming: &key), icvBits: 128)
    #expect(!StateText.write(sa, []).lowercased().contains("abab"))
  }

  private static var everything: KernelSA {
    var sa = KernelSA(
      source: IPAddress(v4: 0x0A01_0002), destination: IPAddress(v4: 0x0A02_0002), spi: 7)
    sa.mode = 5
    sa.reqID = 9
    var match = TrafficMatch(
      source: .init(IPAddress(v4: 0x0A00_0000), 8), destination: .init(IPAddress(v4: 0), 0))
    match.ipProtocol = 47
    match.interface = 3
    sa.selector = match
    sa.usesESN = true
    sa.flags = [.esn, .noECN]
    sa.extraFlags = [.dontEncapsulateDSCP, .outgoingMayWrap]
    sa.counters = .init(
      bytes: 1 << 60, packets: 1 << 40, beforeWindow: 5, replayed: 6, integrityFailed: .max)
    sa.limits.bytes = .init(soft: 1, hard: 2)
    sa.limits.age = .init(hard: 3960)
    sa.added = Timestamp(nanoseconds: 1_800_000_000_000_000_000)
    sa.firstUsed = Timestamp(nanoseconds: 1_800_000_001_000_000_000)
    sa.lastUsed = Timestamp(nanoseconds: 1_800_000_002_000_000_000)
    sa.replay = .init(outgoing: 1 << 33, incoming: 1 << 34, window: 4096)
    sa.replay.hasBitmap = true
    sa.replay.received = 17
    sa.compression = "deflate"
    sa.encapsulation = .init(type: 7, sourcePort: 4500, destinationPort: 4500)
    sa.interfaceID = 11
    sa.mark = .init(value: 42, mask: 0xFF)
    sa.outputMark = .init(value: 1, mask: .max)
    sa.offload = .init(interface: 3, isWholePacket: true)
    sa.cpu = 2
    sa.trafficPadding = 1400
    sa.direction = .outgoing
    return sa
  }

  @Test("What is written is read as it was, with all that an SA can have")
  func roundTrip() throws {
    let written = StateText.write(Self.everything, Self.links)
    let read = try #require(StateText(SavedText(Array(written.utf8)), Self.links).sas.first)
    #expect(StateText.write(read, Self.links) == written)
    #expect(read.selector == Self.everything.selector)
    #expect(read.replay == Self.everything.replay)
    #expect(read.limits == Self.everything.limits)
    #expect(read.counters == Self.everything.counters)
    #expect(read.added == Self.everything.added && read.lastUsed == Self.everything.lastUsed)
    #expect(read.offload == Self.everything.offload && read.direction == .outgoing)
    #expect(read.flags == Self.everything.flags && read.cpu == 2 && read.mode == 5)
  }

  @Test("Policies are read with their templates, and written as they were")
  func policies() throws {
    let policies = PolicyText(try text("saved-host/policy.txt"), Self.links).policies
    #expect(policies.map(\.direction) == [.outgoing, .incoming])
    #expect(policies.map(\.index) == [9, 8])
    let first = try #require(policies.first)
    #expect(first.templates.map(\.reqID) == [1])
    var policy = first
    policy.action = .block
    policy.direction = .forwarded
    policy.mark = .init(value: 1, mask: 3)
    policy.interfaceID = 5
    policy.templates[0].isOptional = true
    policy.templates.append(
      .init(source: first.templates[0].source, destination: first.templates[0].destination))
    let written = PolicyText.write(policy, Self.links)
    #expect(PolicyText(SavedText(Array(written.utf8)), Self.links).policies == [policy])
  }

  @Test("setkey -D tells less, and what it tells is taken")
  func setkey() throws {
    let sas = SetkeyText(try text("saved-forms/setkey.txt")).sas
    #expect(sas.map(\.spi) == [0xC0DE_0001, 0x100])
    #expect(sas.map(\.ipProtocol) == [50, 51])
    let first = try #require(sas.first)
    #expect(first.encapsulation == .init(type: 2, sourcePort: 4500, destinationPort: 4501))
    #expect(first.cipher?.name == "cbc(aes)" && first.integrity?.name == "hmac(sha256)")
    #expect(first.integrity?.key.count == 0)
    #expect(first.replay.window == 32 && first.reqID == 1)
    #expect(first.limits.age == .init(soft: 3000, hard: 3600))
    #expect(first.limits.bytes == .init(hard: 1_000_000))
    #expect(first.counters.bytes == 4200 && first.counters.packets == 50)
    #expect(first.added != nil && sas[1].mode == 0)
  }

  @Test("Addresses, interfaces and routes of the main table are read, with their sizes")
  func network() throws {
    let network = NetworkText([try text("saved-host/route.txt"), try text("saved-host/addr.txt")])
    #expect(network.addresses.contains(IPAddress(v4: 0xC000_0202)))
    #expect(network.addresses.count == 5)
    #expect(network.network.interfaces.map(\.name) == ["lo", "wan"])
    #expect(network.network.interfaces.map(\.mtu) == [65_536, 1500])
    let route = try #require(network.network.routes.first { $0.mtu != nil })
    #expect(route.mtu == 1400 && route.isMTULocked && route.advertisedMSS == 1300)
    #expect(network.network.routes.count == 4)
    let written = NetworkText.write(network.addresses, network.network)
    let again = NetworkText([SavedText(Array(written.utf8))])
    #expect(again.network.routes == network.network.routes)
    #expect(Set(again.addresses) == Set(network.addresses))
  }

  @Test("A time of day ends with Z where it is UTC's, else it is this machine's")
  func times() {
    let utc = SavedText.moment("2026-11-24", "09:16:26Z")
    #expect(utc == Timestamp(nanoseconds: 1_795_511_786_000_000_000))
    #expect(utc.map(SavedText.text) == "2026-11-24 09:16:26Z")
    #expect(SavedText.moment("2026-11-24", "09:16:26") != nil)
    for (date, time) in [
      ("2026-13-01", "00:00:00Z"), ("-", "-"), ("2026-11", "1:2:3"), ("99999-1-1", "0:0:0Z"),
      ("2026-11-24", "25:00:00Z"), ("2026-11-99999999999", "1:1:1"),
    ] { #expect(SavedText.moment(Substring(date), Substring(time)) == nil, "\(date) \(time)") }
  }

  @Test("Cut and changed at any place, text is read without harm")
  func hostile() throws {
    for name in [
      "saved-host/state.txt", "saved-forms/state-one-line.txt", "saved-host/policy.txt",
      "saved-forms/setkey.txt", "saved-host/addr.txt", "saved-host/route.txt",
      "saved-forms/setkey.txt", "saved-host/addr.txt", "saved-host/route.txt",
    ] {
      let whole = try #require(SystemFile.read("\(Self.folder)/\(name)"))
      for end in stride(from: 0, to: whole.count, by: 211) { Self.read(Array(whole[..<end])) }
      for place in stride(from: 0, to: whole.count, by: 97) {
        for byte: UInt8 in [0, 0x0A, 0x20, 0x39, 0x5C, 0xFF] {
          var changed = whole
          changed[place] = byte
          Self.read(changed)
        }
      }
    }
    let huge =
      "src 1.1.1.1 dst 2.2.2.2\n\tproto esp spi 0xffffffff reqid 99999999999999999999\n"
      + "\treplay-window 4294967295\n"
      + "\tanti-replay context: seq 0x1, oseq 0x2, bitmap 0xffffffffffffffff\n"
      + "\t replay_window 99999999999, bitmap-length 18446744073709551615\n"
      + String(repeating: "\t ffffffff ffffffff\n", count: 1000)
    let sa = try #require(StateText(SavedText(Array(huge.utf8)), []).sas.first)
    #expect(sa.reqID == 0 && sa.replay.received == 64_000)
  }

  private static func read(_ bytes: [UInt8]) {
    let text = SavedText(bytes)
    _ = StateText(text, links)
    _ = PolicyText(text, links)
    _ = SetkeyText(text)
    _ = NetworkText([text])
  }
}
