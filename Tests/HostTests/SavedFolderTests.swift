import Glibc
import PacketDissector
import Testing

@testable import Host

@Suite("A folder with what somebody has saved of a machine")
struct SavedFolderTests {
  /// A folder that goes with the test.
  private final class Folder {
    let path: String

    init() throws {
      var name = Array("/tmp/saved-XXXXXX".utf8CString)
      // The array ends with the zero that mkdtemp looks for, and is changed within its length.
      let isMade = unsafe mkdtemp(&name) != nil
      try #require(isMade)
      path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { _ = unsafe system("rm -r '\(path)'") }

    func add(_ fixture: String, as name: String, age seconds: Int) {
      _ = unsafe system(
        "mkdir -p \"$(dirname '\(path)/\(name)')\"; cp '\(SavedTextTests.folder)/\(fixture)' '\(path)/\(name)';"
          + "touch -d '\(seconds) seconds ago' '\(path)/\(name)'")
    }
  }

  @Test("Files are told by what they hold, under any name, and two folders deep")
  func content() throws {
    let folder = try Folder()
    folder.add("saved-host/state.txt", as: "a", age: 10)
    folder.add("saved-host/policy.txt", as: "x/output-17", age: 20)
    folder.add("saved-host/stat.txt", as: "proc/net/xfrm_stat", age: 5)
    folder.add("saved-host/addr.txt", as: "b.log", age: 5)
    folder.add("saved-host/route.txt", as: "c", age: 5)
    let snapshot = try #require(HostSnapshot(savedIn: folder.path))
    #expect(snapshot.sas.count == 10 && snapshot.policies.count == 2)
    #expect(snapshot.dropCounters?.entries.count == 28)
    #expect(snapshot.addresses.count == 5 && snapshot.network.routes.count == 4)
    #expect(snapshot.missing.map(\.part) == [.daemon])
    #expect(snapshot.problems.isEmpty)
    #expect(snapshot.origin == .saved(folder: folder.path))
    let age = Timestamp.now.nanoseconds - snapshot.time.nanoseconds
    #expect((4_000_000_000...60_000_000_000).contains(age))
  }

  @Test("Of readings at different times the newest counts, and that is said")
  func newest() throws {
    let folder = try Folder()
    folder.add("saved-host/state.txt", as: "old", age: 100)
    folder.add("saved-forms/state-one-line.txt", as: "new", age: 50)
    // It tells less than `ip`.
    folder.add("saved-forms/setkey.txt", as: "setkey", age: 10)
    let snapshot = try #require(HostSnapshot(savedIn: folder.path))
    #expect(snapshot.sas.count == 10)
    #expect(snapshot.problems == ["other SAs, in 2 more files, are left out"])
    #expect(Set(snapshot.missing.map(\.part)).contains(.policies))
    #expect(
      snapshot.missing.first { $0.part == .dropCounters }?.reason.contains("/proc/net/xfrm_stat")
        == true)
  }

  @Test("What is no folder is nothing; an empty one has everything missing")
  func nothing() throws {
    #expect(HostSnapshot(savedIn: "/nonexistent") == nil)
    #expect(HostSnapshot(savedIn: "\(SavedTextTests.folder)/saved-host/state.txt") == nil)
    let folder = try Folder()
    let snapshot = try #require(HostSnapshot(savedIn: folder.path))
    #expect(snapshot.missing.count == HostSnapshot.Part.allCases.count)
  }

  @Test("A bundle is for its owner alone, tells what is missing, and overwrites nothing")
  func bundle() throws {
    let folder = try Folder()
    folder.add("saved-host/state.txt", as: "in/state", age: 0)
    folder.add("saved-host/addr.txt", as: "in/addr", age: 0)
    var snapshot = try #require(HostSnapshot(savedIn: "\(folder.path)/in"))
    snapshot.time = Timestamp(nanoseconds: 1_800_000_000_000_000_000)
    snapshot.missing = [.init(.policies, "somebody forbids it", isPermission: true)]
    let bundle = SavedBundle(snapshot, daemon: "all is well\n", toolVersion: "1.2.3")
    let path = "\(folder.path)/out"
    try bundle.write(to: path)
    var status = stat()
    #expect(unsafe stat(path, &status) == 0 && status.st_mode & 0o777 == 0o700)
    #expect(throws: SavedBundle.Failure.folder(EEXIST)) { try bundle.write(to: path) }
    let again = try #require(HostSnapshot(savedIn: path))
    #expect(again.time == snapshot.time)
    #expect(
      again.sas.map { StateText.write($0, []) } == snapshot.sas.map { StateText.write($0, []) })
    #expect(again.missing.first { $0.part == .policies }?.reason == "somebody forbids it")
    #expect(bundle.files.contains { $0.name == "daemon.txt" })
  }
}
