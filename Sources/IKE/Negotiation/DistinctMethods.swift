internal import PacketDissector

/// The choice of a key exchange and its additional ones, of which no two may be the same method
/// (RFC 9370, section 2.2.2); NONE and a type that is left out do not count.
enum DistinctMethods {
  /// The best choice for each of several types, earlier types first; nil if there is none.
  static func choose(_ options: [[Transform?]]) -> [Transform?]? {
    var options = options
    for index in options.indices {
      let best = options[index].first { option in
        var attempt = options
        attempt[index] = [option]
        return isPossible(attempt)
      }
      guard let best else { return nil }
      options[index] = [best]
    }
    return options.compactMap(\.first)
  }

  /// Whether each type can have a method of its own: a bipartite matching by augmenting paths, so that
  /// no offer, however made, costs more than the product of its lengths.
  private static func isPossible(_ options: [[Transform?]]) -> Bool {
    let bound = options.filter { !$0.contains { $0?.isNone ?? true } }
      .map { $0.compactMap { $0?.id } }
    var owners: [UInt16: Int] = [:]
    for index in bound.indices {
      var visited: Set<UInt16> = []
      guard place(index, bound, &owners, &visited) else { return false }
    }
    return true
  }

  /// Finds a method for a type, moving others to methods of theirs that are still free.
  private static func place(
    _ index: Int, _ options: [[UInt16]], _ owners: inout [UInt16: Int], _ visited: inout Set<UInt16>
  ) -> Bool {
    for method in options[index] where visited.insert(method).inserted {
      guard let owner = owners[method] else {
        owners[method] = index
        return true
      }
      if place(owner, options, &owners, &visited) {
        owners[method] = index
        return true
      }
    }
    return false
  }
}
