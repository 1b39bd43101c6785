internal import ArgumentParser
internal import Diagnosis

/// A time of the command line, in seconds, where it has no unit.
struct Seconds: ExpressibleByArgument {
  let value: Double

  init(_ value: Double) { self.value = value }

  init?(argument: String) {
    guard let seconds = ConfigurationDuration.seconds(argument) else { return nil }
    value = seconds
  }

  var duration: Duration { .nanoseconds(Int64(min(value, 9e9) * 1e9)) }

  var defaultValueDescription: String { "\(value) s" }
}
