import Decryption
import Glibc
import IPsecCrypto
import PacketDissector
import Testing

/// Key files of every form, with keys made up.
enum Sample {
  static let ikev2 = """
    # a comment
    0102030405060708,a1a2a3a4a5a6a7a8,\(hex(16, 0x10)),\(hex(16, 0x20)),"AES-CBC-128 [RFC3602]",\
    \(hex(32, 0x30)),\(hex(32, 0x50)),"HMAC_SHA2_256_128 [RFC4868]"
    0102030405060708,a1a2a3a4a5a6a7a8,0x\(hex(36, 0x10)),0x\(hex(36, 0x60)),\
    "AES-GCM-256 with 16 octet ICV [RFC5282]",,,"NONE [RFC4306]"

    """

  static let ikev1 = "0102030405060708,\(hex(16, 0x10))\n"

  static let esp = """
    "IPv4","10.0.0.1","10.0.0.2","0x00001001","AES-CBC [RFC3602]","0x\(hex(16, 1))",\
    "HMAC-SHA-1-96 [RFC2404]","0x\(hex(20, 0x40))"
    "IPv6","2001:db8::1","*","*","TripleDes-CBC [RFC2451]","0x\(hex(24, 1))","HMAC-MD5-96 [RFC2403]",\
    "0x\(hex(16, 0x40))"
    "IPv4","10.0.*.*","10.0.0.0/8","4097","AES-GCM [RFC4106]","0x\(hex(20, 1))",\
    "ANY 128 bit authentication [no checking]","0x"

    """

  static let ah = """
    "IPv4","10.0.0.1","224.0.0.18","*","HMAC-MD5-96 [RFC2403]","0x0a0b0c0d0e0f"

    """

  static let kernel = """
    src 10.0.0.1 dst 10.0.0.2
    \tproto esp spi 0xc0000001 reqid 1 mode tunnel
    \treplay-window 0 flag af-unspec esn
    \tauth-trunc hmac(sha256) 0x\(hex(32, 0x40)) 96
    \tenc cbc(aes) 0x\(hex(16, 1))
    \tencap type espinudp sport 4500 dport 4501 addr 0.0.0.0
    \tanti-replay esn context:
    \t seq-hi 0x0, seq 0x1d, oseq-hi 0x0, oseq 0x0
    \t replay_window 128, bitmap-length 4
    \t 00000000 00000000 00000000 1fffffff
    \tsel src 0.0.0.0/0 dst 0.0.0.0/0
    src 10.0.0.2 dst 10.0.0.1
    \tproto esp spi 0xc0000002(3221225474) reqid 1(0x00000001) mode transport
    \treplay-window 32 seq 0x00000000 flag  (0x00000000)
    \taead rfc4106(gcm(aes)) 0x\(hex(36, 1)) (288 bits) 64
    src fd00::1 dst fd00::2
    \tproto ah spi 0xc0000003 reqid 2 mode transport
    \treplay-window 0
    \tauth hmac(sha256) 0x\(hex(32, 0x40))
    src 10.0.0.1 dst 10.0.0.2
    \tproto comp spi 0x00001234 reqid 1 mode tunnel
    \treplay-window 0 flag af-unspec
    \tcomp deflate 0x

    """

  static let setkey = """
    10.0.0.1 10.0.0.2
    \tesp mode=tunnel spi=4097(0x00001001) reqid=0(0x00000000)
    \tE: aes-cbc  \(grouped(16, 1))
    \tA: hmac-sha512  \(grouped(32, 0x40))
     \(grouped(32, 0x60))
    \tseq=0x00000000 replay=4 flags=0x00000000 state=mature
    \tcreated: Jan  1 10:00:00 2024\tcurrent: Jan  1 10:01:00 2024
    10.0.0.2[4500] 10.0.0.1[4501]
    \tesp-udp mode=transport spi=4098(0x00001002) reqid=0(0x00000000)
    \tE: 3des-cbc  \(grouped(24, 1))
    \tA: hmac-md5  \(grouped(16, 0x40))
    \tseq=0x00000000 replay=4 flags=0x00000000 state=mature
    fd00::1 fd00::2
    \tah mode=any spi=4099(0x00001003) reqid=0(0x00000000)
    \tA: aes-xcbc-mac  \(grouped(16, 0x40))

    """

  static let pluto = """
    | ICOOKIE:  01 02 03 04  05 06 07 08
    | RCOOKIE:  a1 a2 a3 a4  a5 a6 a7 a8
    | state found
    | SK_d:  \(dumped(20, 0x70))
    | SK_ai:  \(dumped(16, 0x30))
    |   \(dumped(4, 0x40))
    | SK_ar:  \(dumped(16, 0x50))
    |   \(dumped(4, 0x60))
    | SK_ei:  \(dumped(16, 0x10))
    | SK_er:  \(dumped(16, 0x20))
    | SK_pi:  \(dumped(16, 0x70))
    Jan  1 10:00:00.123456: | ESP enckey:
    Jan  1 10:00:00.123457: |   \(dumped(16, 0x80))   ................
    Jan  1 10:00:00.123457: |   \(dumped(4, 0x90))                                       ....
    Jan  1 10:00:00.123457: | ESP authkey:
    Jan  1 10:00:00.123457: | setup_half_ipsec_sa

    """

  static let all = [ikev2, ikev1, esp, ah, kernel, setkey, pluto]

  /// `count` bytes that count up from `start`.
  static func hex(_ count: Int, _ start: Int) -> String {
    (0..<count).map { digits((start + $0) & 0xFF) }.joined()
  }

  static func grouped(_ count: Int, _ start: Int) -> String {
    stride(from: 0, to: count, by: 4).map { hex(min(4, count - $0), start + $0) }
      .joined(separator: " ")
  }

  static func dumped(_ count: Int, _ start: Int) -> String {
    stride(from: 0, to: count, by: 4).map { group in
      (group..<min(group + 4, count)).map { digits((start + $0) & 0xFF) }.joined(separator: " ")
    }.joined(separator: "  ")
  }

  private static func digits(_ byte: Int) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}

func parse(_ text: String) -> KeyFile {
  KeyFile.parse(Array(text.utf8), name: "keys")
}

func address(_ text: String) throws -> IPAddress {
  try #require(IPAddress(text: text))
}

/// The files of a directory whose names end so.
func files(in directory: String, endings: [String]) -> [String] {
  guard let handle = unsafe opendir(directory) else { return [] }
  defer { unsafe closedir(handle) }
  var names: [String] = []
  while let entry = unsafe readdir(handle) {
    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if endings.contains(where: name.hasSuffix) { names.append("\(directory)/\(name)") }
  }
  return names.sorted()
}

let packageRoot = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

func text(of path: String) throws -> String {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  try #require(descriptor >= 0, "cannot open \(path)")
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 65536)
  while true {
    // read() writes at most the count of bytes that the block has.
    let count = unsafe Glibc.read(descriptor, &block, block.count)
    if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
    bytes += block[..<count]
  }
}

func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }
