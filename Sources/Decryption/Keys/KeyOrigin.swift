/// Where a key was read, to name it in a report.
package struct KeyOrigin: Hashable, Sendable {
  package let file: String
  /// Counted from 1; of a form that takes several lines, the first; of the live kernel, the SA's
  /// place in what it told.
  package let line: Int
  package let form: KeyForm

  package init(file: String, line: Int, form: KeyForm) {
    self.file = file
    self.line = line
    self.form = form
  }
}

/// The forms that keys are read from.
package enum KeyForm: String, CaseIterable, Sendable {
  case espTable = "Wireshark esp_sa"
  case ahTable = "AH key table"
  case ikev2Table = "Wireshark ikev2_decryption_table"
  case ikev1Table = "Wireshark ikev1_decryption_table"
  case kernelState = "ip xfrm state"
  case setkeyDump = "setkey -D"
  case plutoLog = "pluto log"
  /// Not a file: the SAs of the kernel this runs on.
  case kernel = "the kernel"
}

/// A line of a key file that gives no key, or an odd one, and why. It holds no key material.
package struct KeyProblem: Hashable, Sendable {
  package let file: String
  /// Counted from 1; nil if the whole file is meant.
  package let line: Int?
  package let reason: String

  package init(file: String, line: Int?, reason: String) {
    self.file = file
    self.line = line
    self.reason = reason
  }
}

extension KeyProblem: CustomStringConvertible {
  package var description: String {
    line.map { "\(file), line \($0): \(reason)" } ?? "\(file): \(reason)"
  }
}

/// What is wrong with a line; it becomes a ``KeyProblem`` where the line's number is known.
package struct KeyFault: Error, Equatable {
  package let reason: String

  package init(_ reason: String) {
    self.reason = reason
  }
}
