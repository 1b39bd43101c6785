import Decryption
import Testing

/// The recordings of a real kernel, with what their index says.
struct KernelRecording: CustomTestStringConvertible {
  static let folder = "\(packageRoot)/Tests/Fixtures/recordings-kernel"

  let name: String
  let packets: Int
  var testDescription: String { name }

  var path: String { "\(Self.folder)/\(name).pcap" }
  var keyPath: String { "\(Self.folder)/\(name).xfrm_state" }
  func keys() throws -> KeyFile { try KeyFile.read(keyPath) }

  var usesESN: Bool { name.contains("esn") || name == "udp-tunnel-aes128gcm16" }
  var isFragmented: Bool { name.hasSuffix("fragments") }
  var isAH: Bool { name.hasPrefix("ah-") }
  var isTunnel: Bool { name.contains("tunnel") || name.hasPrefix("esn-") }

  static let all: [Self] = {
    guard let index = try? text(of: "\(folder)/INDEX.csv") else { return [] }
    return index.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: ",", maxSplits: 2)
      guard fields.count == 3, fields[0].hasSuffix(".pcap"), let packets = Int(fields[1]) else {
        return nil
      }
      return Self(name: String(fields[0].dropLast(5)), packets: packets)
    }
  }()

  /// The state file's text with one bit of the key flipped that stands on each line of `kind`, where
  /// "aead" and "auth-trunc" are keys that an ICV proves.
  func keyText(flipping kind: String) throws -> String {
    let lines = try text(of: keyPath).split(
      separator: "\n", omittingEmptySubsequences: false)
    return lines.map { line in
      guard line.contains("\t\(kind) "), let start = line.firstRange(of: " 0x") else {
        return String(line)
      }
      // The first digit: no parity bit of DES.
      let digit = start.upperBound
      guard let value = line[digit].hexDigitValue else { return String(line) }
      return line[..<digit] + String(value ^ 1, radix: 16) + line[line.index(after: digit)...]
    }.joined(separator: "\n")
  }
}
