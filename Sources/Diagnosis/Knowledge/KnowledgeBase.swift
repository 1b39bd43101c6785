/// All topics, and the ways to find one.
package enum KnowledgeBase {
  package static let topics: [Topic] =
    FindingKnowledge.all.map(\.topic) + NotifyKnowledge.topics + TransformKnowledge.topics
    + CounterKnowledge.all.map(\.topic) + ProtocolKnowledge.all.map(\.topic)

  /// What words of a command line ask for.
  package enum Answer {
    /// `others` are transforms that have a number which was given without a kind in front.
    case topics([Topic], others: [Topic])
    /// With the nearest that there is, best first.
    case unknown(String, nearest: [String])
  }

  /// Looks words up: names and keywords in any spelling, numbers, and numbers with a kind in front, as
  /// "ke 14". Each word may mean several things; the first unknown one ends the search.
  package static func answer(to words: [String]) -> Answer {
    var found: [Topic] = []
    var others: [Topic] = []
    var rest = words.flatMap { $0.split(separator: " ").map(String.init) }[...]
    if rest.isEmpty { return .unknown(words.first ?? "", nearest: []) }
    // Some registered names are several words.
    let whole = named(words.joined())
    if !whole.isEmpty { return .topics(whole, others: []) }
    while let word = rest.popFirst() {
      var topics: [Topic] = []
      if let kinds = kinds(called: word), let next = rest.first, let number = number(next) {
        rest = rest.dropFirst()
        topics = Self.topics.filter { kinds.contains($0.kind) && $0.number == number }
        if topics.isEmpty { return .unknown("\(word) \(next)", nearest: []) }
      } else if let number = number(word) {
        topics = Self.topics.filter { $0.number == number }
        let notifies = topics.filter { $0.kind == .ikev2Notify || $0.kind == .ikev1Notify }
        // A bare number is a notify type's; a transform's needs its kind, unless nothing else has it.
        if !notifies.isEmpty {
          others += topics.filter { $0.kind != .ikev2Notify && $0.kind != .ikev1Notify }
          topics = notifies
        }
      } else {
        topics = named(word)
      }
      if topics.isEmpty { return .unknown(word, nearest: nearest(to: word)) }
      found += topics.filter { topic in
        !found.contains { $0.kind == topic.kind && $0.name == topic.name }
      }
    }
    return .topics(found, others: others)
  }

  private static func named(_ word: String) -> [Topic] {
    index[canonical(word)]?.map { topics[$0] } ?? []
  }

  private static func number(_ word: String) -> UInt16? {
    word.allSatisfy(\.isASCII) && word.allSatisfy(\.isNumber) ? UInt16(word) : nil
  }

  /// What may stand in front of a number.
  private static func kinds(called word: String) -> [Topic.Kind]? {
    switch word.lowercased() {
    case "encr", "enc", "encryption": [.encryption]
    case "prf": [.prf]
    case "integ", "auth", "integrity": [.integrity]
    case "ke", "dh", "group", "addke": [.keyExchange]
    case "sn", "esn": [.sequenceNumbers]
    case "notify": [.ikev2Notify, .ikev1Notify]
    case "ikev2-notify", "ikev2": [.ikev2Notify]
    case "ikev1-notify", "ikev1": [.ikev1Notify]
    default: nil
    }
  }

  // MARK: Names

  /// From a name's letters and digits to the places in ``topics``.
  private static let index: [String: [Int]] = {
    var index: [String: [Int]] = [:]
    for (place, topic) in topics.enumerated() {
      for name in Set(([topic.name] + topic.keywords).map(canonical)) {
        index[name, default: []].append(place)
      }
    }
    return index
  }()

  /// Its letters and digits in lower case: neither case nor punctuation keeps two spellings apart.
  private static func canonical(_ word: String) -> String {
    String(
      word.lowercased().unicodeScalars.filter {
        $0.properties.isAlphabetic || ("0"..."9").contains($0)
      })
  }

  /// At most three names that a slip of the finger turns into `word`, or that begin or end with it.
  private static func nearest(to word: String) -> [String] {
    let wanted = Array(canonical(word).utf8.prefix(64))
    guard !wanted.isEmpty else { return [] }
    var best: [(distance: Int, name: String)] = []
    for topic in topics {
      let names = [topic.name] + topic.keywords
      guard
        let nearest = names.map({ name in
          (distance: distance(wanted, Array(canonical(name).utf8)), name: name)
        }).min(by: { $0.distance < $1.distance }), nearest.distance <= max(1, wanted.count / 3)
      else { continue }
      if !best.contains(where: { $0.name == nearest.name }) { best.append(nearest) }
    }
    return best.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
  }

  /// How many letters have to be put in, left out or changed; 1 where one word has the other within.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    if left.count >= 3, right.count > left.count, contains(right, left) { return 1 }
    var row = Array(0...right.count)
    for (line, byte) in left.enumerated() {
      var diagonal = row[0]
      row[0] = line + 1
      for (column, other) in right.enumerated() {
        let change = diagonal + (byte == other ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(change, min(row[column], row[column + 1]) + 1)
      }
    }
    return row[right.count]
  }

  private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
    (0...(bytes.count - part.count)).contains { bytes[$0...].starts(with: part) }
  }
}
