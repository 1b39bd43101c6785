package import Diagnosis
package import PacketDissector

/// How a report calls those whom the evidence names: by their own names, or by made-up ones that stay the
/// same throughout (`--redact`).
///
/// Made-up addresses come from the ranges kept for documentation (RFC 5737, RFC 3849), so that a report
/// still reads as one; SPIs and identities are numbered as they appear.
package final class Naming {
  package let redacts: Bool
  private var addresses: [IPAddress: IPAddress] = [:]
  private var spis: [UInt32: UInt32] = [:]
  private var ikeSPIs: [UInt64: UInt64] = [:]
  private var identities: [String: String] = [:]
  private var networks: [String: String] = [:]

  package init(redacts: Bool = false) { self.redacts = redacts }

  package func name(of address: IPAddress) -> IPAddress {
    guard redacts else { return address }
    if let known = addresses[address] { return known }
    let count = addresses.count
    // 192.0.2.0/24, then 198.51.100.0/24, then 203.0.113.0/24, each from 1; the few beyond share IPv6.
    let bases: [UInt32] = [0xC000_0200, 0xC633_6400, 0xCB00_7100]
    let made: IPAddress
    if address.isIPv6 || count >= 254 * bases.count {
      made = IPAddress(v6High: 0x2001_0DB8_0000_0000, low: UInt64(count) + 1)
    } else {
      made = IPAddress(v4: bases[count / 254] + UInt32(count % 254) + 1)
    }
    addresses[address] = made
    return made
  }

  package func name(of spi: UInt32) -> UInt32 {
    guard redacts, spi != 0 else { return spi }
    let made = spis[spi] ?? UInt32(truncatingIfNeeded: 0xA000_0001 + spis.count)
    spis[spi] = made
    return made
  }

  package func name(ofIKE spi: UInt64) -> UInt64 {
    guard redacts, spi != 0 else { return spi }
    let made = ikeSPIs[spi] ?? 0xA000_0000_0000_0001 + UInt64(ikeSPIs.count)
    ikeSPIs[spi] = made
    return made
  }

  package func name(ofIdentity identity: String) -> String {
    guard redacts else { return identity }
    let made = identities[identity] ?? "identity-\(identities.count + 1)"
    identities[identity] = made
    return made
  }

  package func name(ofNetwork network: String) -> String {
    guard redacts else { return network }
    let made = networks[network] ?? "network-\(networks.count + 1)"
    networks[network] = made
    return made
  }

  /// The sentence, with what came off the wire escaped for a terminal.
  package func text(_ statement: Statement) -> String {
    var text = TextBuffer(capacity: 256)
    text.escaped(unescaped(statement))
    return text.string
  }

  /// The sentence as it is: for forms that escape it their own way.
  package func unescaped(_ statement: Statement) -> String {
    var text = TextBuffer(capacity: 256)
    for part in statement.parts {
      switch part {
      case .text(let words): text.put(words)
      case .address(let address): text.put(name(of: address))
      case .spi(let spi): text.hex(UInt64(name(of: spi)), digits: 8)
      case .ikeSPI(let spi): text.hex(name(ofIKE: spi), digits: 16)
      case .identity(let identity): text.put(name(ofIdentity: identity))
      case .network(let network): text.put(name(ofNetwork: network))
      }
    }
    return text.string
  }
}
