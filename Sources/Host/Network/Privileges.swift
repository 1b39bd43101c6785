internal import CLinux
internal import Glibc

/// What a process gives up for good once it has its sockets.
package enum Privileges {
  /// The kernel's own number for nobody (user_namespaces(7), overflowuid).
  private static let nobody: UInt32 = 65_534

  /// Becomes nobody where it is root, and gives up every capability; no program that it starts gets any back.
  /// To be called while there is one thread.
  ///
  /// - Parameter owner: Who to become instead, for files that are to be made in a folder of theirs. Root stays
  ///   root then without capabilities: what belongs to root it may still write.
  /// - Throws: What the kernel refused; some of it may be given up by then.
  package static func drop(
    becoming owner: (user: UInt32, group: UInt32)? = nil
  ) throws(SocketError) {
    if geteuid() == 0 {
      let (user, group) = owner ?? (nobody, nobody)
      let question = owner == nil ? "become nobody" : "become user \(user)"
      if knows(group: group) {
        try check(setgroups(0, nil), "give up its groups")
        try check(setgid(group), question)
        try check(setuid(user), question)
      }
    }
    // PR_SET_NO_NEW_PRIVS takes 1 and three zeros (prctl(2)).
    try check(change_process(38, 1, 0, 0, 0), "give up new privileges")
    // Version 3 has two words for each set (capget(2)); both pointers are to whole values.
    var header = __user_cap_header_struct(version: 0x2008_0522, pid: 0)
    let none = [__user_cap_data_struct(), __user_cap_data_struct()]
    try check(unsafe set_capabilities(&header, none), "give up its capabilities")
  }

  /// In a user namespace that knows no other user, root is somebody ordinary outside it, and stays so. Tells
  /// by becoming the group for a moment: EINVAL is for one that has no place there (user_namespaces(7)).
  private static func knows(group: UInt32) -> Bool {
    let before = getegid()
    guard setegid(group) == 0 else { return errno != EINVAL }
    return setegid(before) == 0
  }

  private static func check(_ result: Int32, _ question: String) throws(SocketError) {
    guard result == 0 else { throw SocketError(.ask(question), code: errno) }
  }
}
