internal import PacketDissector

/// Finds a flow by SPI and addresses: an open-addressing hash table of places in a list.
///
/// The lookup is made once a packet, where a `Dictionary` of the same keys took an eighth of all time.
/// The hash is seeded, so that a capture cannot choose keys that collide.
struct FlowIndex: Sendable {
  /// A hash in the upper half, the place in the list plus one in the lower; zero is empty. The count
  /// is a power of two, and at least twice the number of entries.
  private var slots = [UInt64](repeating: 0, count: 1024)
  private var entries = 0
  private let seed: UInt64
  private let multiplier: UInt64

  init() {
    seed = .random(in: .min ... .max)
    multiplier = .random(in: .min ... .max) | 1
  }

  func hash(_ spi: UInt32, _ source: IPAddress, _ destination: IPAddress) -> UInt32 {
    if !source.isIPv6, !destination.isIPv6 {
      return UInt32(
        truncatingIfNeeded: mixed(UInt64(spi) ^ seed, source.low << 32 | destination.low))
    }
    var value = mixed(UInt64(spi) ^ seed, source.low)
    value = mixed(value ^ source.high, destination.low)
    return UInt32(truncatingIfNeeded: mixed(value, destination.high))
  }

  private func mixed(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = (left ^ multiplier).multipliedFullWidth(by: right ^ seed | 1)
    return product.high ^ product.low
  }

  /// The place whose hash this is and which `matches`.
  @inline(__always)
  func find(_ hash: UInt32, where matches: (Int) -> Bool) -> Int? {
    let mask = slots.count &- 1
    var slot = Int(hash) & mask
    while slots[slot] != 0 {
      if slots[slot] >> 32 == UInt64(hash) {
        let place = Int(slots[slot] & 0xFFFF_FFFF) &- 1
        if matches(place) { return place }
      }
      slot = (slot &+ 1) & mask
    }
    return nil
  }

  /// Adds a place that `find` did not find.
  mutating func insert(_ place: Int, _ hash: UInt32) {
    if entries >= slots.count / 2 { grow() }
    entries += 1
    put(UInt64(hash) << 32 | UInt64(place + 1))
  }

  /// Forgets a place. Entries that collided with it move up, so that a search still meets them.
  mutating func remove(_ place: Int, _ hash: UInt32) {
    let mask = slots.count &- 1
    var slot = Int(hash) & mask
    while slots[slot] != UInt64(hash) << 32 | UInt64(place + 1) {
      guard slots[slot] != 0 else { return }
      slot = (slot &+ 1) & mask
    }
    entries -= 1
    slots[slot] = 0
    var next = (slot &+ 1) & mask
    while slots[next] != 0 {
      let entry = slots[next]
      slots[next] = 0
      put(entry)
      next = (next &+ 1) & mask
    }
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt64](repeating: 0, count: old.count * 2)
    for entry in old where entry != 0 { put(entry) }
  }

  private mutating func put(_ entry: UInt64) {
    let mask = slots.count &- 1
    var slot = Int(entry >> 32) & mask
    while slots[slot] != 0 { slot = (slot &+ 1) & mask }
    slots[slot] = entry
  }
}
