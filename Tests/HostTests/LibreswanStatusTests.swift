import Host
import Testing

@Suite("What libreswan's status tells")
struct LibreswanStatusTests {
  /// pluto 4.10 in User Mode Linux: lines of `ipsec whack --status` and `--trafficstatus`, the end of what the
  /// lab's namespace A said after three pings.
  private static let text = """
    000 using kernel interface: xfrm
    000 interface out UDP 10.1.0.2:500
    000  
    000 pluto_version=4.10, pluto_vendorid=OE-Libreswan-4.10, audit-log=yes
    000 algorithm ESP encrypt: name=AES_GCM_16, keysizemin=128, keysizemax=256
    000 Connection list:
    000  
    000 "away": 10.98.0.0/24===10.1.0.2...10.2.0.9===10.77.0.0/24; unrouted; eroute owner: #0
    000 "away":     oriented; my_ip=unset; their_ip=unset; my_updown=/bin/true;
    000 "away":   ike_life: 28800s; ipsec_life: 28800s; ipsec_max_bytes: 2^63B; ipsec_max_packets: 2^63; \
    replay_window: 128; rekey_margin: 540s; rekey_fuzz: 100%; keyingtries: 0;
    000 "away":   policy: IKEv2+PSK+ENCRYPT+TUNNEL+PFS+IKE_FRAG_ALLOW+ESN_NO+ESN_YES;
    000 "away":   liveness: passive; dpdaction:hold; dpddelay:0s; retransmit-timeout:60s
    000 "many/0x1": 10.98.0.0/24===10.1.0.2...10.2.0.7===10.79.0.0/24; unrouted; eroute owner: #0
    000 "many/0x1":   aliases: many
    000 "net": 10.98.0.0/24===10.1.0.2...10.2.0.2===10.99.0.0/24; erouted; eroute owner: #3
    000 "net":   ike_life: 28800s; ipsec_life: 28800s; ipsec_max_bytes: 2^63B; ipsec_max_packets: 2^63; \
    replay_window: 64; rekey_margin: 540s; rekey_fuzz: 100%; keyingtries: 0;
    000 "net":   policy: IKEv2+PSK+ENCRYPT+TUNNEL+PFS+UP+IKE_FRAG_ALLOW+ESN_NO+ESN_YES;
    000 "net":   liveness: active; dpdaction:restart; dpddelay:30s; retransmit-timeout:60s
    000 "net":   newest IKE SA: #1; newest IPsec SA: #3; conn serial: $6;
    000 "trap": 10.98.0.0/24===10.1.0.2...10.2.0.8===10.78.0.0/24; prospective erouted; eroute owner: #0
    000 "trap":   policy: IKEv2+PSK+ENCRYPT+TUNNEL+PFS+IKE_FRAG_ALLOW+ESN_NO+ESN_YES;
    000  
    000 Total IPsec connections: loaded 5, active 1
    000  
    000 #1: "net":500 STATE_V2_ESTABLISHED_IKE_SA (established IKE SA); REKEY in 28236s; REPLACE in \
    28797s; newest; idle;
    000 #3: "net":500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); LIVENESS in 27s; REKEY in \
    27852s; REPLACE in 28797s; newest; eroute owner; IKE SA #1; idle;
    000 #3: "net" esp.c49dfee0@10.2.0.2 esp.4df7ba19@10.1.0.2 tun.0@10.2.0.2 tun.0@10.1.0.2 Traffic: \
    ESPin=252B ESPout=252B ESPmax=2^63B 
    000  
    000 Bare Shunt list:
    006 #3: "net", type=ESP, add_time=1795496008, inBytes=252, outBytes=336, maxBytes=2^63B, id='10.2.0.2'
    """

  @Test("Connections have their ends, window, delay, and what is wanted of them")
  func connections() {
    let state = DaemonState(libreswanStatus: Self.text.utf8)
    #expect(state.kind == .libreswan && state.version == "4.10")
    #expect(state.connections.map(\.name) == ["away", "many/0x1", "net", "trap"])
    #expect(state.connections.map(\.ikeVersion) == [2, nil, 2, 2])
    #expect(state.connections.map(\.dpdDelay) == [nil, nil, 30, nil])
    #expect(state.connections.map(\.remoteAddresses)[2] == ["10.2.0.2"])
    #expect(state.connections.map(\.localAddresses)[2] == ["10.1.0.2"])
    let children = state.connections.flatMap(\.children)
    #expect(children.map(\.replayWindow) == [128, nil, 64, nil])
    #expect(children.map(\.isWanted) == [false, nil, true, true])
    #expect(children.map(\.isTrapped) == [false, false, false, true])
    #expect(children[2].localSelectors == ["10.98.0.0/24"])
    #expect(children[2].remoteSelectors == ["10.99.0.0/24"])
    let stands = DaemonState.Standings(state)
    let standings = state.connections.map { stands.standing(of: $0.children[0], in: $0) }
    #expect(standings == [.down, .down, .up, .waitsForTraffic])
  }

  @Test("The kernel's incoming SPI is the second, and bytes are those of trafficstatus")
  func sas() throws {
    let state = DaemonState(libreswanStatus: Self.text.utf8, now: 1_795_496_018)
    let ike = try #require(state.ikeSAs.first)
    #expect(state.ikeSAs.count == 1 && ike.uniqueID == "1" && ike.rekeyIn == 28_236)
    #expect(ike.state == "STATE_V2_ESTABLISHED_IKE_SA" && !ike.isBeingSetUp && ike.ikeVersion == 2)
    let child = try #require(ike.children.first)
    #expect(child.outboundSPI == 0xC49D_FEE0 && child.inboundSPI == 0x4DF7_BA19)
    #expect(child.state == "STATE_V2_ESTABLISHED_CHILD_SA" && child.carriesTraffic)
    #expect(child.bytesIn == 252 && child.bytesOut == 336 && child.age == 10)
    #expect(child.rekeyIn == 27_852 && child.endsIn == 28_797)
  }

  @Test("Older and newer forms: without a code, with hops and identities, in IKEv1")
  func otherForms() throws {
    let text = """
      "site": 192.168.70.0/24===192.0.2.5<gw.example>[@a...b,+S=C]---192.0.2.1...198.51.100.4[CN=x [y]]\
      ===10.20.0.0/24; routed-ondemand; my_ip=unset
      "site":   policy: PSK+ENCRYPT+TUNNEL+PFS+UP+IKEV1_ALLOW;
      "site":   dpd: action:restart; delay:15; timeout:60; nat-t: encaps:auto
      "host": 2001:db8::1...2001:db8::2; erouted; eroute owner: #2
      #1: "site":4500 STATE_MAIN_I4 (ISAKMP SA established); EVENT_SA_REPLACE in 27667s; newest ISAKMP; idle
      #2: "site":4500 STATE_QUICK_I2 (sent QI2, IPsec SA established); newest IPSEC; isakmp#1; idle;
      #2: "site" esp.c7b0328@198.51.100.4 esp.b531330@192.0.2.5 ref=0 Traffic: ESPin=8KB ESPout=588B! \
      ESPmax=4194303B
      #9: "host"[1] 2001:db8::2:500 STATE_V2_PARENT_I1 (sent IKE_SA_INIT request); RETRANSMIT in 3s; idle;
      #12: "host" esp.1@2001:db8::2 esp.2@2001:db8::1 Traffic: ESPin=0B ESPout=0B
      """
    let state = DaemonState(libreswanStatus: text.utf8)
    let site = try #require(state.connections.first)
    #expect(site.localAddresses == ["192.0.2.5"] && site.remoteAddresses == ["198.51.100.4"])
    #expect(site.ikeVersion == 1 && site.dpdDelay == 15)
    #expect(site.children.first?.isTrapped == true && site.children.first?.isWanted == true)
    #expect(state.connections.last?.children.first?.remoteSelectors == ["2001:db8::2/128"])
    #expect(state.ikeSAs.map(\.name) == ["site", "host", "host"])
    #expect(state.ikeSAs.map(\.isBeingSetUp) == [false, true, false])
    let child = try #require(state.ikeSAs.first?.children.first)
    #expect(child.outboundSPI == 0x0C7B_0328 && child.inboundSPI == 0x0B53_1330)
    #expect(child.bytesIn == nil && child.bytesOut == 588 && child.carriesTraffic)
    // Its IKE SA is not in the text.
    #expect(state.ikeSAs[2].state == "" && state.ikeSAs[2].children.first?.inboundSPI == 2)
  }

  @Test("Cut, changed and foreign text never ends the program")
  func hostile() {
    let bytes = Array(Self.text.utf8)
    for count in stride(from: 0, to: bytes.count, by: 7) {
      _ = DaemonState(libreswanStatus: bytes.prefix(count))
    }
    var random = Random(seed: 0x11B2)
    for _ in 0..<400 {
      var changed = bytes
      for _ in 0..<8 { changed[random.below(changed.count)] = UInt8(random.below(256)) }
      #expect(DaemonState(libreswanStatus: changed).connections.count <= 24)
    }
    let odd = [
      "#", "#1", "#1:", "#1: \"", "\"", "\"a", "\"a\"", "\"a\":", "\"a\": ...;", "#1: \"a\" esp.@",
    ]
    let state = DaemonState(libreswanStatus: odd.joined(separator: "\n").utf8)
    #expect(state.connections.isEmpty && state.ikeSAs.flatMap(\.children).count == 1)
  }
}
