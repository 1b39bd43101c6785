/// What kernels call by numbers.
enum KernelNames {
  /// XFRM_MODE_…
  static func mode(_ mode: UInt8) -> String? {
    switch mode {
    case 0: "transport"
    case 1: "tunnel"
    case 2: "route optimization"
    case 3: "in trigger"
    case 4: "BEET"
    case 5: "IP-TFS"
    default: nil
    }
  }

  static func protocolName(_ ipProtocol: UInt8) -> String? {
    switch ipProtocol {
    case 50: "ESP"
    case 51: "AH"
    case 108: "IPComp"
    default: nil
    }
  }
}
