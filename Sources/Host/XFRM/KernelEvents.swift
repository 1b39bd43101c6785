internal import CLinux
internal import Glibc
internal import PacketDissector

/// Listens to what happens to the SAs and policies of this network namespace. It takes the capability
/// CAP_NET_ADMIN, and changes nothing.
package struct KernelEvents: ~Copyable {
  private var socket: NetlinkSocket
  /// How often the kernel had to throw events away because they were not read in time; how many, it does not
  /// say.
  package private(set) var losses = 0
  /// Events in a form that is not known.
  package private(set) var unreadable = 0

  package init() throws(KernelError) {
    let groups: [xfrm_nlgroups] = [
      XFRMNLGRP_ACQUIRE, XFRMNLGRP_EXPIRE, XFRMNLGRP_SA, XFRMNLGRP_POLICY,
    ]
    socket = try NetlinkSocket(
      protocol: NETLINK_XFRM, groups: groups.reduce(0) { $0 | 1 << ($1.rawValue - 1) })
  }

  /// For ``SocketPoll``: it is ready for reading where there are events, and has an error where some were lost.
  package var descriptor: Int32 { socket.number }

  /// What has happened since the last call, in order, and at most `limit` messages of it. Never waits.
  package mutating func read(limit: Int = 1024) throws(KernelError) -> [KernelEvent] {
    var events: [KernelEvent] = []
    for _ in 0..<max(0, limit) {
      do throws(KernelError) {
        var unreadable = 0
        let isThere: Void? = try socket.receiveNow { datagram in
          Self.read(datagram, into: &events, &unreadable)
        }
        self.unreadable += unreadable
        if isThere == nil { break }
      } catch .failed(_, ENOBUFS) {
        losses += 1
      }
    }
    return events
  }

  /// Takes the messages of a datagram: the kernel puts one into each, and nothing else is relied on but that
  /// each says its length.
  static func read(
    _ datagram: RawSpan, into events: inout [KernelEvent], _ unreadable: inout Int
  ) {
    var reader = ByteReader(datagram)
    while !reader.isAtEnd {
      guard let (header, payload) = try? reader.netlinkMessage() else {
        unreadable += 1
        return
      }
      do throws(DissectionError) {
        if let event = try KernelEvent(header.type, datagram.extracting(payload)) {
          events.append(event)
        }
      } catch {
        unreadable += 1
      }
    }
  }
}
