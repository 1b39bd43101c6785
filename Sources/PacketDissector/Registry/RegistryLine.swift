/// A line of a registry as `Registries/*.csv` have it, for those who ask what a number is. The lines are
/// generated; a number that two parties chose for themselves has two.
package struct RegistryLine: Sendable {
  package let value: UInt16
  package let name: String
  /// RFCs, drafts or products, with semicolons between.
  package let reference: String
  package let note: String
  /// What the registry states of keys and packets, in octets or bits as its column has it.
  package let sizes: [String: String]

  init(
    _ value: UInt16, _ name: String, _ reference: String, _ note: String,
    _ sizes: [String: String] = [:]
  ) {
    self.value = value
    self.name = name
    self.reference = reference
    self.note = note
    self.sizes = sizes
  }

  /// A number that a product took for itself and no table has.
  package init(
    unregistered value: UInt16, _ name: String, by product: String, sizes: [String: String]
  ) {
    self.init(value, name, product, "", sizes)
  }
}
