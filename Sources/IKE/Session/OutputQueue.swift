/// What a machine wants done, in its order; taken one by one, without moving the rest.
struct OutputQueue<Output> {
  private var items: [Output] = []
  private var taken = 0

  mutating func append(_ output: Output) { items.append(output) }

  mutating func next() -> Output? {
    guard taken < items.count else {
      items.removeAll(keepingCapacity: true)
      taken = 0
      return nil
    }
    defer { taken += 1 }
    return items[taken]
  }
}
