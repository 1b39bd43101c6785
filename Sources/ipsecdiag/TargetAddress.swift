internal import Host
internal import PacketDissector

/// The address that a target of the command line stands for, where a command asks one only.
enum TargetAddress {
  /// The first of a name's addresses, of one family where that is wanted; an address is its own.
  ///
  /// `several` is told of names with more than one: how many there are, and which it is.
  static func first(
    of target: String, isIPv6Wanted: Bool? = nil, several: (Int, IPAddress) -> Void = { _, _ in }
  ) throws(Failure) -> ResolvedAddress {
    let addresses: [ResolvedAddress]
    do throws(ResolutionError) {
      addresses = try NameResolution.addresses(
        of: target, family: .init(isIPv6Wanted: isIPv6Wanted))
    } catch {
      throw Failure("\(error)", exitCode: ExitCodes.unknown)
    }
    guard let first = addresses.first else {
      throw Failure("\(target) has no address", exitCode: ExitCodes.unknown)
    }
    if addresses.count > 1 { several(addresses.count, first.address) }
    return first
  }
}
