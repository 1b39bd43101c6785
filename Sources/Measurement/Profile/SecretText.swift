internal import Diagnosis
internal import Glibc
package import IPsecCrypto

/// Secrets as strongSwan and libreswan write them: the octets as they are, 0x and hexadecimal digits, or 0s
/// and base64 (ipsec.secrets(5), section "shared secret").
package enum SecretText {
  /// Nil for what begins with 0x or 0s, and goes on otherwise than it must.
  package static func decode(_ bytes: [UInt8]) -> [UInt8]? {
    let prefix = bytes.prefix(2).map { $0 | 0x20 }
    if prefix == Array("0x".utf8) { return hexadecimal(bytes.dropFirst(2)) }
    if prefix == Array("0s".utf8) { return base64(bytes.dropFirst(2)) }
    return bytes
  }

  private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
    let values = digits.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard !values.isEmpty, values.count == digits.count, values.count.isMultiple(of: 2) else {
      return nil
    }
    return stride(from: 0, to: values.count, by: 2)
      .map { UInt8(truncatingIfNeeded: values[$0] << 4 | values[$0 + 1]) }
  }

  /// RFC 4648, section 4, with or without the padding.
  private static func base64(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
    var octets: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    let content = digits.prefix { $0 != UInt8(ascii: "=") }
    let padding = digits.dropFirst(content.count)
    guard !content.isEmpty, content.count % 4 != 1, padding.count <= 2,
      padding.allSatisfy({ $0 == UInt8(ascii: "=") })
    else { return nil }
    for digit in content {
      guard let value = base64Value(digit) else { return nil }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        octets.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return octets
  }

  private static func base64Value(_ digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}

/// A file with one secret, on its first line; "-" is standard input.
package struct SecretFile: Sendable {
  package let secret: Secret
  /// The file's permissions, where others than its owner have some.
  package let openMode: UInt32?

  package enum Form: Sendable {
    /// As ``SecretText`` decodes it.
    case key
    /// The octets as they are.
    case password
  }

  package init(_ path: String, _ form: Form) throws(SettingProblem.Reason) {
    var line: [UInt8]
    do throws(ConfigurationFile.Failure) {
      line = Array(try ConfigurationFile.read(path).prefix { $0 != UInt8(ascii: "\n") })
    } catch {
      throw .unreadable(error)
    }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    guard !line.isEmpty else { throw .emptySecret(path: path) }
    guard var octets = form == .key ? SecretText.decode(line) : line else {
      throw .badSecret(path: path)
    }
    secret = Secret(consuming: &octets)
    openMode = Self.openMode(path)
  }

  private static func openMode(_ path: String) -> UInt32? {
    var status = stat()
    guard path != "-", unsafe stat(path, &status) == 0, status.st_mode & 0o077 != 0 else {
      return nil
    }
    return status.st_mode & 0o777
  }
}
