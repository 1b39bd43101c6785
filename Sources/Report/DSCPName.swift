/// Names of DSCP values (RFC 2474, 2597, 3246, 5865, 8622).
enum DSCPName {
  /// "EF", "AF41", "CS6", "best effort", or the number.
  static func of(_ dscp: UInt8) -> String {
    switch dscp {
    case 0: return "best effort"
    case 1: return "LE"
    case 44: return "VOICE-ADMIT"
    case 46: return "EF"
    case let value where value % 8 == 0: return "CS\(value / 8)"
    case 10...39 where dscp % 2 == 0: return "AF\(dscp / 8)\(dscp % 8 / 2)"
    default: return "DSCP \(dscp)"
    }
  }
}
