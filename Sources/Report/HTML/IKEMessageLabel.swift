internal import Diagnosis
internal import PacketDissector

/// What an arrow says of its message.
struct IKEMessageLabel {
  /// "SA KE(Curve25519) No N(COOKIE) N×4", "SK{IDi AUTH SA TSi TSr}", "SK{N …}"
  let payloads: String
  /// It carries an error notification.
  let isRefusal: Bool

  init(_ content: IKEMessageContent, majorVersion: UInt8) {
    let names = Names(majorVersion: majorVersion)
    let error = content.error
    isRefusal = error != nil
    let notified = Self.telling(content, majorVersion).map { "N(\(names.notify($0.type)))" }
    let shell = majorVersion == 1 ? "encrypted" : "SK"
    let clear = content.payloadTypes.filter { !names.isEncrypted($0) }
    var parts: [String] = []
    if content.isOpened {
      parts += Self.grouped(clear, names, notified: [])
      let inside = Self.grouped(content.payloadTypesInside, names, notified: notified)
      parts.append("\(shell){\(inside.joined(separator: " "))}")
    } else {
      parts += Self.grouped(clear, names, notified: notified)
      if let first = content.firstEncrypted {
        parts.append(first == 0 ? "\(shell){}" : "\(shell){\(names.payload(first)) \u{2026}}")
      } else if content.fragment != nil {
        parts.append("\(shell){\u{2026}}")
      }
    }
    payloads = parts.joined(separator: " ")
  }

  /// Notifications that matter to who looks for a fault: errors, cookies, rekeying; of IKEv1 all.
  private static func telling(
    _ content: IKEMessageContent, _ majorVersion: UInt8
  ) -> [IKEMessageContent.Notify] {
    if majorVersion == 1 { return content.notifies }
    let statuses = [NotifyType.cookie, .rekeySA, .initialContact, .redirect].map(\.rawValue)
    return content.notifies.filter { $0.type < 16384 || statuses.contains($0.type) }
  }

  /// Equal payloads once with their count; of the notifications those that tell by name.
  private static func grouped(_ types: [UInt8], _ names: Names, notified: [String]) -> [String] {
    var order: [UInt8] = []
    var counts: [UInt8: Int] = [:]
    for type in types {
      if counts[type] == nil { order.append(type) }
      counts[type, default: 0] += 1
    }
    return order.flatMap { type -> [String] in
      var count = counts[type] ?? 0
      var words: [String] = []
      if names.isNotify(type) {
        words = Array(notified.prefix(count))
        count -= words.count
      }
      if count > 0 {
        words.append(count == 1 ? names.payload(type) : "\(names.payload(type))\u{D7}\(count)")
      }
      return words
    }
  }

  /// "1,204 bytes in 3 IP fragments"
  static func size(_ message: IKEMessageTrack) -> String {
    var size = "\(Quantity.grouped(Int64(message.bytes))) bytes"
    if message.ipFragments > 0 { size += " in \(message.ipFragments) IP fragments" }
    guard let fragments = message.fragments else { return size }
    guard fragments.total > 0 else { return "\(size) in \(fragments.seen.count) IKE fragments" }
    let missing = fragments.missing
    if missing.isEmpty { return "\(size) in \(fragments.total) IKE fragments" }
    let shown = missing.prefix(8).map { "\($0)" }.joined(separator: ", ")
    return "\(size), \(fragments.seen.count) of \(fragments.total) IKE fragments: missing \(shown)"
      + (missing.count > 8 ? " and \(missing.count - 8) more" : "")
  }

  private struct Names {
    let majorVersion: UInt8

    func payload(_ type: UInt8) -> String {
      (majorVersion == 1
        ? IKEv1PayloadType.notation(of: type) : PayloadType.notation(of: type))
        ?? "payload \(type)"
    }

    func notify(_ type: UInt16) -> String {
      (majorVersion == 1
        ? IKEv1NotifyType(rawValue: type).name : NotifyType(rawValue: type).name) ?? "\(type)"
    }

    func isNotify(_ type: UInt8) -> Bool {
      majorVersion == 1
        ? type == IKEv1PayloadType.notification.rawValue : type == PayloadType.notify.rawValue
    }

    /// SK and SKF, whose content is named instead.
    func isEncrypted(_ type: UInt8) -> Bool {
      majorVersion != 1
        && (type == PayloadType.encrypted.rawValue
          || type == PayloadType.encryptedFragment.rawValue)
    }
  }
}
