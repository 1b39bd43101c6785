/// The words are those of strongSwan 6.0 (proposals, esp_proposals) and libreswan 5 (ike=, esp=); what a
/// daemon was built without, it refuses.
extension TransformKnowledge {
  static let encryption: [TransformKnowledge] = [
    TransformKnowledge(1, "DES with a 64-bit IV: gone before IKEv2 began."),
    TransformKnowledge(2, strongSwan: ["des"], "56-bit keys: broken by trying them all."),
    TransformKnowledge(
      3, strongSwan: ["3des"], libreswan: ["3des", "3des_cbc"],
      """
      64-bit blocks: after some gigabytes under one key, equal blocks leak plaintext (Sweet32). Slow as \
      well.
      """),
    TransformKnowledge(6, strongSwan: ["cast128"], "64-bit blocks; nobody needs it."),
    TransformKnowledge(
      7, strongSwan: ["blowfish128", "blowfish192", "blowfish256", "blowfish"],
      "64-bit blocks; nobody needs it."),
    TransformKnowledge(
      11, strongSwan: ["null"], libreswan: ["null"],
      "No encryption, integrity only. For ESP where AH will not pass NAT; never for IKE."),
    TransformKnowledge(
      12, strongSwan: ["aes#", "aes"], libreswan: ["aes#", "aes", "aes_cbc"],
      """
      The one that all have. It needs an integrity algorithm beside it, and pads to 16 bytes. Without a \
      number the keyword means 128 bits.
      """),
    TransformKnowledge(
      13, strongSwan: ["aes#ctr"], libreswan: ["aes_ctr#", "aesctr#", "aes_ctr", "aesctr"],
      "No padding, but needs an integrity algorithm; GCM is better and faster."),
    TransformKnowledge(
      14, strongSwan: ["aes#ccm8", "aes#ccm64"], libreswan: ["aes_ccm_8_#", "aes_ccm_a#"],
      "Integrity included. 8 bytes of ICV are for small devices."),
    TransformKnowledge(
      15, strongSwan: ["aes#ccm12", "aes#ccm96"], libreswan: ["aes_ccm_12_#", "aes_ccm_b#"],
      "Integrity included; little used."),
    TransformKnowledge(
      16, strongSwan: ["aes#ccm16", "aes#ccm128", "aes#ccm"],
      libreswan: ["aes_ccm#", "aes_ccm", "aes_ccm_16_#", "aes_ccm_c#"],
      "Integrity included; for hardware without GCM."),
    TransformKnowledge(
      18, strongSwan: ["aes#gcm8", "aes#gcm64"], libreswan: ["aes_gcm_8_#", "aes_gcm_a#"],
      "A short ICV makes forgeries likelier: take the one with 16."),
    TransformKnowledge(
      19, strongSwan: ["aes#gcm12", "aes#gcm96"], libreswan: ["aes_gcm_12_#", "aes_gcm_b#"],
      "Little used: take the one with 16."),
    TransformKnowledge(
      20, strongSwan: ["aes#gcm16", "aes#gcm128", "aes#gcm"],
      libreswan: ["aes_gcm#", "aes_gcm", "aes_gcm_16_#", "aes_gcm_c#"],
      """
      Integrity included, fast on every processor of today: the usual choice for ESP. In IKE it needs a PRF \
      named in the proposal (prfsha256 in strongSwan, sha2_256 in libreswan). No nonce may come twice under \
      one key.
      """),
    TransformKnowledge(
      21, strongSwan: ["aes#gmac"], libreswan: ["aes_gmac#", "aes_gmac", "null_auth_aes_gmac"],
      "Integrity only, nothing is encrypted."),
    TransformKnowledge(
      23, strongSwan: ["camellia#", "camellia"],
      libreswan: ["camellia#", "camellia", "camellia_cbc"],
      "As good as AES-CBC, and rarer."),
    TransformKnowledge(
      24, strongSwan: ["camellia#ctr"], libreswan: ["camellia_ctr#", "camellia_ctr"]),
    TransformKnowledge(25, strongSwan: ["camellia#ccm8", "camellia#ccm64"]),
    TransformKnowledge(26, strongSwan: ["camellia#ccm12", "camellia#ccm96"]),
    TransformKnowledge(27, strongSwan: ["camellia#ccm16", "camellia#ccm128"]),
    TransformKnowledge(
      28, strongSwan: ["chacha20poly1305"], libreswan: ["chacha20_poly1305", "chacha20poly1305"],
      "Integrity included; the best without AES in hardware. One key length, so none is written."),
    TransformKnowledge(29, "As ENCR_AES_CCM_8, with the IV taken from the sequence number."),
    TransformKnowledge(
      30, "As ENCR_AES_GCM_16, with the IV taken from the sequence number: 8 bytes saved a packet."),
    TransformKnowledge(
      31, "As ENCR_CHACHA20_POLY1305, with the IV taken from the sequence number."),
  ]

  static let prfs: [TransformKnowledge] = [
    TransformKnowledge(1, strongSwan: ["prfmd5"], libreswan: ["md5", "hmac_md5"]),
    TransformKnowledge(
      2, strongSwan: ["prfsha1"], libreswan: ["sha1", "sha", "hmac_sha1"],
      "Not broken as a PRF, and on its way out."),
    TransformKnowledge(4, strongSwan: ["prfaesxcbc"], libreswan: ["aes_xcbc", "aes128_xcbc"]),
    TransformKnowledge(
      5, strongSwan: ["prfsha256"], libreswan: ["sha2_256", "sha256", "sha2", "hmac_sha2_256"],
      "The one that all have. strongSwan derives it from the integrity algorithm where none is named."
    ),
    TransformKnowledge(
      6, strongSwan: ["prfsha384"], libreswan: ["sha2_384", "sha384", "hmac_sha2_384"]),
    TransformKnowledge(
      7, strongSwan: ["prfsha512"], libreswan: ["sha2_512", "sha512", "hmac_sha2_512"]),
    TransformKnowledge(8, strongSwan: ["prfaescmac"]),
  ]

  static let integrity: [TransformKnowledge] = [
    TransformKnowledge(
      0, libreswan: ["none", "null"],
      """
      Right beside an AEAD cipher (GCM, CCM, ChaCha20-Poly1305), which brings its own ICV: RFC 8221 section 6 \
      says MUST there. Wrong beside any other: MUST NOT.
      """),
    TransformKnowledge(1, strongSwan: ["md5"], libreswan: ["md5", "md5_96", "hmac_md5"]),
    TransformKnowledge(
      2, strongSwan: ["sha1", "sha"], libreswan: ["sha1", "sha", "sha1_96", "hmac_sha1"],
      "Not broken as an HMAC, and on its way out."),
    TransformKnowledge(
      5, strongSwan: ["aesxcbc"], libreswan: ["aes_xcbc", "aes_xcbc_96", "aes128_xcbc"]),
    TransformKnowledge(6, strongSwan: ["md5_128"], "For Fibre Channel."),
    TransformKnowledge(7, strongSwan: ["sha1_160"], "For Fibre Channel."),
    TransformKnowledge(
      8, strongSwan: ["aescmac"], libreswan: ["aes_cmac", "aes_cmac_96"]),
    TransformKnowledge(
      9, strongSwan: ["aes128gmac"], "For AH; for ESP there is ENCR_NULL_AUTH_AES_GMAC."),
    TransformKnowledge(10, strongSwan: ["aes192gmac"], "For AH."),
    TransformKnowledge(11, strongSwan: ["aes256gmac"], "For AH."),
    TransformKnowledge(
      12, strongSwan: ["sha256", "sha2_256"],
      libreswan: ["sha2_256", "sha256", "sha2", "sha2_256_128", "hmac_sha2_256"],
      """
      The one that all have. Old drafts, Linux before 2.6.33 and some products cut the ICV to 96 bits: see \
      `ipsecdiag explain esp-icv-len sha256_96`.
      """),
    TransformKnowledge(
      13, strongSwan: ["sha384", "sha2_384"],
      libreswan: ["sha2_384", "sha384", "sha2_384_192", "hmac_sha2_384"]),
    TransformKnowledge(
      14, strongSwan: ["sha512", "sha2_512"],
      libreswan: ["sha2_512", "sha512", "sha2_512_256", "hmac_sha2_512"],
      "Faster than SHA-256 on 64-bit processors, at 32 bytes of ICV."),
    TransformKnowledge(
      1026, strongSwan: ["sha256_96", "sha2_256_96"], libreswan: ["hmac_sha2_256_truncbug"],
      """
      HMAC-SHA-256 with an ICV of 96 instead of 128 bits, for peers that follow an old draft. No number is \
      registered: this one is strongSwan's own, for a strongSwan at the other end. For other peers negotiate \
      sha256 and set sha256_96 = yes in the child (swanctl.conf) or sha2-truncbug=yes (libreswan).
      """),
  ]

  static let keyExchanges: [TransformKnowledge] = [
    TransformKnowledge(
      0, strongSwan: ["none", "modpnone"], libreswan: ["none", "dh0"],
      "A Child SA rekeyed without a key exchange of its own: no forward secrecy between rekeys."),
    TransformKnowledge(1, strongSwan: ["modp768"], "Broken with means that many have."),
    TransformKnowledge(
      2, strongSwan: ["modp1024"], libreswan: ["modp1024", "dh2"],
      "Within reach of states (Logjam). Windows uses it when it rekeys, until it is told otherwise."
    ),
    TransformKnowledge(
      5, strongSwan: ["modp1536"], libreswan: ["modp1536", "dh5"], "Too small for today."),
    TransformKnowledge(
      14, strongSwan: ["modp2048"], libreswan: ["modp2048", "dh14"],
      "The one that all have. The elliptic curves are faster and smaller."),
    TransformKnowledge(15, strongSwan: ["modp3072"], libreswan: ["modp3072", "dh15"]),
    TransformKnowledge(16, strongSwan: ["modp4096"], libreswan: ["modp4096", "dh16"]),
    TransformKnowledge(17, strongSwan: ["modp6144"], libreswan: ["modp6144", "dh17"]),
    TransformKnowledge(
      18, strongSwan: ["modp8192"], libreswan: ["modp8192", "dh18"],
      "Slow, and no safer than a curve."),
    TransformKnowledge(
      19, strongSwan: ["ecp256"], libreswan: ["dh19", "ecp256", "ecp_256"], "NIST P-256."),
    TransformKnowledge(
      20, strongSwan: ["ecp384"], libreswan: ["dh20", "ecp384", "ecp_384"], "NIST P-384."),
    TransformKnowledge(
      21, strongSwan: ["ecp521"], libreswan: ["dh21", "ecp521", "ecp_521"], "NIST P-521."),
    TransformKnowledge(
      22, strongSwan: ["modp1024s160"], libreswan: ["dh22"],
      "1024 bits, and a prime of unknown origin."),
    TransformKnowledge(
      23, strongSwan: ["modp2048s224"], libreswan: ["dh23"], "A prime of unknown origin: take 14."),
    TransformKnowledge(
      24, strongSwan: ["modp2048s256"], libreswan: ["dh24"], "A prime of unknown origin: take 14."),
    TransformKnowledge(25, strongSwan: ["ecp192"], "Too small for today."),
    TransformKnowledge(26, strongSwan: ["ecp224"]),
    TransformKnowledge(27, strongSwan: ["ecp224bp"]),
    TransformKnowledge(28, strongSwan: ["ecp256bp"]),
    TransformKnowledge(29, strongSwan: ["ecp384bp"]),
    TransformKnowledge(30, strongSwan: ["ecp512bp"]),
    TransformKnowledge(
      31, strongSwan: ["x25519", "curve25519"], libreswan: ["dh31", "curve25519"],
      "Fast, small and well kept: RFC 8031, later than the RFC that grades."),
    TransformKnowledge(32, strongSwan: ["x448", "curve448"]),
    TransformKnowledge(
      35, strongSwan: ["mlkem512"], libreswan: ["ml_kem_512"],
      "Withstands quantum computers. Use it beside a curve: \"x25519-ke1_mlkem512\" in strongSwan."),
    TransformKnowledge(
      36, strongSwan: ["mlkem768"], libreswan: ["ml_kem_768"],
      """
      Withstands quantum computers. Use it beside a curve, as additional key exchange through \
      IKE_INTERMEDIATE (RFC 9370): \"x25519-ke1_mlkem768\" in strongSwan. Alone it makes an IKE_SA_INIT of \
      1,420 bytes, which fits 1500 and not 1280.
      """),
    TransformKnowledge(
      37, strongSwan: ["mlkem1024"], libreswan: ["ml_kem_1024"],
      """
      Withstands quantum computers. Alone it makes an IKE_SA_INIT of 1,804 bytes, which leaves as IP \
      fragments: use it through IKE_INTERMEDIATE (RFC 9370), \"x25519-ke1_mlkem1024\" in strongSwan.
      """),
    TransformKnowledge(1024, strongSwan: ["modpnull"], "For tests: no secret at all."),
    TransformKnowledge(1083, strongSwan: ["frodoa1"]),
    TransformKnowledge(1084, strongSwan: ["frodoa3"]),
    TransformKnowledge(1085, strongSwan: ["frodoa5"]),
    TransformKnowledge(1086, strongSwan: ["frodos1"]),
    TransformKnowledge(1087, strongSwan: ["frodos3"]),
    TransformKnowledge(1088, strongSwan: ["frodos5"]),
  ]

  static let sequenceNumbers: [TransformKnowledge] = [
    TransformKnowledge(
      0, strongSwan: ["noesn"],
      """
      2^32 - 1 packets a Child SA: 71.6 minutes at 1 million packets a second. Called No Extended Sequence \
      Numbers before RFC 9827; libreswan has esn=no.
      """),
    TransformKnowledge(
      1, strongSwan: ["esn"],
      """
      64 bits, of which the lower 32 are sent; the upper half goes into the ICV, so both sides must agree. \
      Linux receives it only with a replay window above 0. Called Extended Sequence Numbers (ESN) before \
      RFC 9827; libreswan has esn=yes. Mandatory as the transform type itself is, in ESP and AH: very old \
      stacks leave it out, which others read as 32-bit numbers or refuse.
      """),
    TransformKnowledge(
      2, "For groups with several senders (RFC 9838): no replay check is possible."),
  ]
}
