/// A number from a protocol registry: any value may arrive, some have names.
///
/// The types that conform are generated from `Registries/*.csv` by `scripts/generate-registries`.
package protocol RegistryValue:
  RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible
where RawValue: FixedWidthInteger & UnsignedInteger & Sendable {
  init(rawValue: RawValue)
  /// The registry's name for `rawValue`; nil where it has none.
  static func name(of rawValue: RawValue) -> String?
}

extension RegistryValue {
  package init(integerLiteral value: RawValue) {
    self.init(rawValue: value)
  }

  /// The registered name; nil for a value that no registry names.
  package var name: String? { Self.name(of: rawValue) }

  /// The registered name, or "unknown(60000)".
  package var description: String { name ?? "unknown(\(rawValue))" }
}
