import Capture
import Glibc
import PacketDissector
import Testing

@Suite("Live capture")
struct LiveCaptureTests {
  static let isRoot = geteuid() == 0

  @Test("A datagram on the loopback interface is captured once", .enabled(if: isRoot, "needs root"))
  func loopback() throws {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    // Bound, so that the filter can name the port, and sent to itself.
    let port: UInt16 = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        var size = size
        unsafe _ = bind(socket, pointer, size)
        unsafe _ = getsockname(socket, pointer, &size)
      }
      return unsafe UInt16(bigEndian: pointer.pointee.sin_port)
    }
    try #require(port != 0)

    // The first wait sends; after two seconds the test gives up.
    var sent = false
    var polls = 0
    let capture = try LiveCapture(
      interface: "lo", filter: "udp port \(port)",
      onWait: {
        guard !sent else { return }
        sent = true
        let data: [UInt8] = [1, 2, 3]
        unsafe withUnsafePointer(to: &address) { pointer in
          unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            unsafe _ = sendto(socket, data, data.count, 0, pointer, size)
          }
        }
      },
      isStopped: {
        polls += 1
        return polls > 40
      })
    #expect(capture.linkType == .ethernet)
    #expect(capture.interfaces.first?.name == "lo")
    let header = try #require(try capture.next())
    let packet = packet(header, capture.bytes)
    #expect(packet.bytes.count == 14 + 20 + 8 + 3 && packet.bytes.suffix(3) == [1, 2, 3])
    #expect(header.originalLength == packet.bytes.count)
    #expect(header.timestamp.nanoseconds / 1_000_000_000 - Int64(time(nil)) <= 1)
    #expect(capture.statistics.received >= 1)
    #expect(capture.statistics.droppedByKernel == 0)
  }

  @Test("A stop ends the wait", .enabled(if: isRoot, "needs root"))
  func stop() throws {
    var asked = 0
    var capture = try LiveCapture(interface: "lo", filter: "udp port 1 and host 192.0.2.1") {
      asked += 1
      return asked > 2
    }
    let end = try nextPacket(&capture)
    #expect(end == nil)
    #expect(asked == 3)
    #expect(capture.bytes.byteCount == 0)
  }

  @Test("What keeps a capture from starting is told", .enabled(if: isRoot, "needs root"))
  func errors() {
    #expect(failure("nonesuch0")?.description == "there is no interface nonesuch0")
    #expect(failure("lo", filter: "prt 1")?.description.hasPrefix("bad filter 'prt 1': ") == true)
  }

  @Test("Without the capability it is named", .enabled(if: !isRoot, "needs an ordinary user"))
  func permission() {
    #expect(
      failure("lo")?.description
        == "no permission to capture on lo: it takes the capability CAP_NET_RAW")
  }

  private func failure(_ interface: String, filter: String? = nil) -> CaptureError? {
    do throws(CaptureError) {
      _ = try LiveCapture(interface: interface, filter: filter) { true }
      return nil
    } catch {
      return error
    }
  }
}
