import IKE
import IPsecCrypto

/// How many things a value holds, all that it refers to included: octets, elements, and properties. Coarse,
/// but nothing that grows stays hidden from it, whatever it is called.
struct Footprint {
  private(set) var count = 0
  private var seen: Set<ObjectIdentifier> = []

  static func of(_ value: Any) -> Int {
    var footprint = Footprint()
    footprint.add(value)
    return footprint.count
  }

  private mutating func add(_ value: Any) {
    // Ciphers cannot be looked into; what they hold does not grow, and fragments are counted elsewhere.
    if value is MessageProtection { return }
    if let octets = value as? [UInt8] {
      count += octets.count
      return
    }
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .class {
      guard seen.insert(ObjectIdentifier(value as AnyObject)).inserted else { return }
    }
    for child in mirror.children {
      count += 1
      add(child.value)
    }
  }
}
