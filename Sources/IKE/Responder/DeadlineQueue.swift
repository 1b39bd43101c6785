/// Which of many sessions is due next: a binary heap of deadlines, in which one that has changed stays
/// until its time has come, and is then found to be no longer true.
struct DeadlineQueue {
  private struct Entry {
    let deadline: Instant
    let session: Int
  }

  private var heap: [Entry] = []
  private var current: [Int: Instant] = [:]

  /// Sets, or with nil removes, a session's deadline.
  mutating func set(_ deadline: Instant?, for session: Int) {
    guard current[session] != deadline else { return }
    current[session] = deadline
    guard let deadline else { return }
    heap.append(Entry(deadline: deadline, session: session))
    rise(from: heap.count - 1)
    // Deadlines that are no longer true make up most of the heap: build it anew.
    if heap.count > 2 * current.count + 64 { rebuild() }
  }

  /// The next deadline of all.
  mutating func next() -> Instant? {
    dropStale()
    return heap.first?.deadline
  }

  /// A session that is due, without its deadline from now on; nil if none is.
  mutating func popDue(at now: Instant) -> Int? {
    dropStale()
    guard let first = heap.first, first.deadline <= now else { return nil }
    removeFirst()
    current[first.session] = nil
    return first.session
  }

  private mutating func dropStale() {
    while let first = heap.first, current[first.session] != first.deadline { removeFirst() }
  }

  private mutating func rebuild() {
    heap = current.map { Entry(deadline: $0.value, session: $0.key) }
      .sorted { $0.deadline < $1.deadline }
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var index = 0
    while true {
      let children = [2 * index + 1, 2 * index + 2].filter { $0 < heap.count }
      guard let smaller = children.min(by: { heap[$0].deadline < heap[$1].deadline }),
        heap[smaller].deadline < heap[index].deadline
      else { return }
      heap.swapAt(index, smaller)
      index = smaller
    }
  }

  private mutating func rise(from start: Int) {
    var index = start
    while index > 0, heap[index].deadline < heap[(index - 1) / 2].deadline {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }
}
