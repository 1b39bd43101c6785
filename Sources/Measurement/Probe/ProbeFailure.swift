/// A target that could not be asked at all.
package struct ProbeFailure: Error, Equatable, Sendable {
  /// As it was given.
  package var target: String
  /// "the name has no IPv4 address"
  package var reason: String
  /// A capability or a permission is missing.
  package var isPermission: Bool

  package init(target: String, reason: String, isPermission: Bool = false) {
    self.target = target
    self.reason = reason
    self.isPermission = isPermission
  }
}
