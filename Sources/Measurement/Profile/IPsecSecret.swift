internal import Diagnosis

/// A line of ipsec.secrets: "a.example b.example : PSK "secret"", ": RSA key.pem "passphrase"".
/// libreswan's and strongSwan's ipsec.secrets(5).
struct IPsecSecret {
  /// PSK, EAP, RSA and so on, in capitals.
  let kind: String
  let secret: SharedSecret
  /// Of a private key, whose passphrase the secret is.
  let file: String?

  /// Reads a file with those that it includes. Lines that say nothing of use are passed over: some kinds of
  /// secret are spoken here by nobody.
  static func read(_ path: String) throws(ConfigurationFile.Failure) -> [IPsecSecret] {
    var secrets: [IPsecSecret] = []
    var files = ConfigurationFiles(path)
    var problems = ProblemList()
    var waiting = [(number: 0, bytes: try ConfigurationFile.read(path))]
    while let (number, bytes) = waiting.popLast() {
      for (words, line) in lines(bytes) {
        if words.first == "include", words.count == 2 {
          waiting += files.include(words[1], line: line, from: number, &problems)
        } else if let secret = IPsecSecret(words, .file(files.names[number], line: line)) {
          secrets.append(secret)
        }
      }
    }
    return secrets
  }

  private init?(_ words: [String], _ origin: Setting.Origin) {
    // "b.example: PSK" has its colon at the owner.
    var owners: [String] = []
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == ":" { break }
      if word.hasSuffix(":"), let next = rest.first, Self.kinds.contains(next.uppercased()) {
        owners.append(String(word.dropLast()))
        break
      }
      owners.append(word)
    }
    guard let kind = rest.popFirst()?.uppercased(), Self.kinds.contains(kind) else { return nil }
    let isKey = ["RSA", "ECDSA", "PKCS8"].contains(kind)
    file = isKey ? rest.popFirst() : nil
    guard let text = rest.first, let secret = SharedSecret(text, owners: owners, origin) else {
      return nil
    }
    self.kind = kind
    self.secret = secret
  }

  private static let kinds: Set = ["PSK", "EAP", "XAUTH", "RSA", "ECDSA", "PKCS8"]

  /// The words of each entry with the line that it begins on; what is indented goes on with the one before.
  private static func lines(_ bytes: [UInt8]) -> [(words: [String], line: Int)] {
    var entries: [(words: [String], line: Int)] = []
    for (index, line) in bytes.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
    ).enumerated() {
      let words = words(line)
      guard !words.isEmpty, let first = line.first else { continue }
      if first <= 0x20, let last = entries.indices.last {
        entries[last].words += words
      } else {
        entries.append((words, index + 1))
      }
    }
    return entries
  }

  /// Words between blanks; one in quotes of either kind may have blanks. A comment ends the line.
  private static func words(_ line: ArraySlice<UInt8>) -> [String] {
    var words: [String] = []
    var rest = line
    while let first = rest.first {
      switch first {
      case 0...0x20: rest.removeFirst()
      case UInt8(ascii: "#"): return words
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        let word = rest.dropFirst().prefix { $0 != first }
        words.append(String(decoding: word, as: UTF8.self))
        rest = rest.dropFirst(word.count + 2)
      default:
        let word = rest.prefix { $0 > 0x20 }
        words.append(String(decoding: word, as: UTF8.self))
        rest = rest.dropFirst(word.count)
      }
    }
    return words
  }
}
