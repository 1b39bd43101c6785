import PacketDissector
import Testing

@Suite("Field trees of IKEv2 payloads")
struct IKEv2FieldTests {
  @Test("An IKE_AUTH request's SK content")
  func authentication() {
    // Held against what tshark shows of the same frame.
    let recorded = RecordedChain.all[0]
    let shown = lines(chain(recorded.first, recorded.bytes).fields)
      .filter { !$0.hasPrefix("  next payload") && !$0.hasPrefix("  critical") }
    #expect(
      shown.joined(separator: "\n") == """
        payload 35 Identification - Initiator (IDi) @0..<22
          length 22 @2..<4
          ID type 2 ID_FQDN @4..<5
          identification "cl.example.org" @8..<22
        payload 41 Notify (N) @22..<30
          length 8 @24..<26
          protocol 0 @26..<27
          SPI size 0 @27..<28
          type 16384 INITIAL_CONTACT @28..<30
        payload 38 Certificate Request (CERTREQ) @30..<55
          length 25 @32..<34
          encoding 4 X.509 Certificate - Signature @34..<35
          authority 20 bytes @35..<55
        payload 36 Identification - Responder (IDr) @55..<77
          length 22 @57..<59
          ID type 2 ID_FQDN @59..<60
          identification "gw.example.org" @63..<77
        payload 33 Security Association (SA) @77..<113
          length 36 @79..<81
          proposal @81..<113
            number 1 @85..<86
            protocol 3 ESP @86..<87
            SPI 0x6c78e9d6 @89..<93
            transform @93..<105
              type 1 Encryption Algorithm (ENCR) @97..<98
              ID 20 ENCR_AES_GCM_16 @99..<101
              key length 128 @101..<105
            transform @105..<113
              type 5 Sequence Numbers (SN) @109..<110
              ID 0 32-bit Sequential Numbers @111..<113
        payload 44 Traffic Selector - Initiator (TSi) @113..<137
          length 24 @115..<117
          number of traffic selectors 1 @117..<118
          traffic selector @121..<137
            type 7 TS_IPV4_ADDR_RANGE @121..<122
            IP protocol 0 any @122..<123
            start port 0 @125..<127
            end port 65535 @127..<129
            start address 10.98.0.0 @129..<133
            end address 10.98.0.255 @133..<137
        payload 45 Traffic Selector - Responder (TSr) @137..<161
          length 24 @139..<141
          number of traffic selectors 1 @141..<142
          traffic selector @145..<161
            type 7 TS_IPV4_ADDR_RANGE @145..<146
            IP protocol 0 any @146..<147
            start port 0 @149..<151
            end port 65535 @151..<153
            start address 10.99.0.0 @153..<157
            end address 10.99.0.255 @157..<161
        payload 41 Notify (N) @161..<169
          length 8 @163..<165
          protocol 0 @165..<166
          SPI size 0 @166..<167
          type 16396 MOBIKE_SUPPORTED @167..<169
        payload 41 Notify (N) @169..<193
          length 24 @171..<173
          protocol 0 @173..<174
          SPI size 0 @174..<175
          type 16398 ADDITIONAL_IP6_ADDRESS @175..<177
          address fd01::2 @177..<193
        payload 41 Notify (N) @193..<201
          length 8 @195..<197
          protocol 0 @197..<198
          SPI size 0 @198..<199
          type 16404 MULTIPLE_AUTH_SUPPORTED @199..<201
        payload 41 Notify (N) @201..<209
          length 8 @203..<205
          protocol 0 @205..<206
          SPI size 0 @206..<207
          type 16417 EAP_ONLY_AUTHENTICATION @207..<209
        payload 41 Notify (N) @209..<217
          length 8 @211..<213
          protocol 0 @213..<214
          SPI size 0 @214..<215
          type 16420 IKEV2_MESSAGE_ID_SYNC_SUPPORTED @215..<217
        """)
  }

  @Test("Notification data")
  func notifications() {
    let payloads = IKEPayloadRoundTripTests.notifications.map { IKEPayload(.notify, .notify($0)) }
    let decoded = chain(.notify, encoded(PayloadChain(payloads: payloads)))
    // Without what all notifications have: next payload, critical, length, protocol, SPI size.
    let shown = decoded.fields.flatMap { lines(Array($0.children.dropFirst(5))) }
    #expect(
      shown.joined(separator: "\n") == """
        type 16384 INITIAL_CONTACT @6..<8
        type 16393 REKEY_SA @14..<16
        SPI 0x01020304 @16..<20
        type 1 UNSUPPORTED_CRITICAL_PAYLOAD @26..<28
        payload type 54 Puzzle Solution (PS) @28..<29
        type 9 INVALID_MESSAGE_ID @35..<37
        message ID 4294967295 @37..<41
        type 11 INVALID_SPI @47..<49
        SPI 0x01020304 @49..<53
        type 17 INVALID_KE_PAYLOAD @59..<61
        method 36 ml-kem-768 @61..<63
        type 39 INVALID_SELECTORS @69..<71
        data 2 bytes @71..<73
        type 16385 SET_WINDOW_SIZE @79..<81
        window size 5 @81..<85
        type 16387 IPCOMP_SUPPORTED @91..<93
        CPI 0x1234 @93..<95
        transform 2 IPCOMP_DEFLATE @95..<96
        type 16388 NAT_DETECTION_SOURCE_IP @102..<104
        data 20 bytes @104..<124
        type 16390 COOKIE @130..<132
        data 1 bytes @132..<133
        type 16401 COOKIE2 @139..<141
        data 64 bytes @141..<205
        type 16397 ADDITIONAL_IP4_ADDRESS @211..<213
        address 192.0.2.1 @213..<217
        type 16398 ADDITIONAL_IP6_ADDRESS @223..<225
        address 2001:db8::7 @225..<241
        type 16402 NO_NATS_ALLOWED @247..<249
        source address 192.0.2.1 @249..<253
        destination address 192.0.2.1 @253..<257
        source port 500 @257..<259
        destination port 4500 @259..<261
        type 16402 NO_NATS_ALLOWED @267..<269
        source address 2001:db8::7 @269..<285
        destination address 2001:db8::7 @285..<301
        source port 500 @301..<303
        destination port 4500 @303..<305
        type 16403 AUTH_LIFETIME @311..<313
        lifetime in seconds 3600 @313..<317
        type 16407 REDIRECT @323..<325
        gateway type 1 IPv4 address of the VPN gateway @325..<326
        gateway 192.0.2.1 @327..<331
        nonce 3 bytes @331..<334
        type 16408 REDIRECTED_FROM @340..<342
        gateway type 3 FQDN of the VPN gateway @342..<343
        gateway "a" @344..<345
        type 16409 TICKET_LT_OPAQUE @351..<353
        lifetime in seconds 9 @353..<357
        ticket 2 bytes @357..<359
        type 16413 TICKET_OPAQUE @365..<367
        data 2 bytes @367..<369
        type 16414 LINK_ID @375..<377
        data 1 bytes @377..<378
        type 16416 ROHC_SUPPORTED @384..<386
        attribute 1 MAX_CID @386..<390
          value 15 @388..<390
        attribute 2 ROHC_PROFILE @390..<396
          value 2 bytes @394..<396
        type 16419 QUICK_CRASH_DETECTION @402..<404
        data 16 bytes @404..<420
        type 16422 IKEV2_MESSAGE_ID_SYNC @426..<428
        nonce 0x00000001 @428..<432
        expected send message ID 2 @432..<436
        expected receive message ID 3 @436..<440
        type 16423 IPSEC_REPLAY_COUNTER_SYNC @446..<448
        value 4294967296 @448..<456
        type 16423 IPSEC_REPLAY_COUNTER_SYNC @462..<464
        value 256 @464..<468
        type 16429 GROUP_SENDER @474..<476
        value 3 @476..<478
        type 16424 SECURE_PASSWORD_METHODS @484..<486
        method 1 PACE @486..<488
        method 3 Secure PSK Authentication @488..<490
        type 16425 PSK_PERSIST @496..<498
        data 1 bytes @498..<499
        type 16431 SIGNATURE_HASH_ALGORITHMS @505..<507
        hash algorithm 2 SHA2-256 @507..<509
        hash algorithm 5 Identity @509..<511
        hash algorithm 60000 @511..<513
        type 16434 PUZZLE @519..<521
        PRF 5 PRF_HMAC_SHA2_256 @521..<523
        difficulty 18 @523..<524
        type 16436 PPK_IDENTITY @530..<532
        type 16436 PPK_IDENTITY @538..<540
        PPK ID type 2 PPK_ID_FIXED @540..<541
        PPK ID 1 bytes @541..<542
        type 16446 PPK_IDENTITY_KEY @548..<550
        PPK ID type 1 PPK_ID_OPAQUE @550..<551
        PPK ID 0 bytes @551..<551
        confirmation 8 bytes @551..<559
        type 16437 NO_PPK_AUTH @565..<567
        data 1 bytes @567..<568
        type 16441 ADDITIONAL_KEY_EXCHANGE @574..<576
        data 2 bytes @576..<578
        type 16442 USE_AGGFRAG @584..<586
        flags 3 don't fragment,congestion control @586..<587
        type 16443 SUPPORTED_AUTH_METHODS @593..<595
        announcement @595..<597
          method 2 Shared Key Message Integrity Code @596..<597
        announcement @597..<600
          method 1 RSA Digital Signature @598..<599
          certificate link 3 @599..<600
        announcement @600..<616
          method 14 Digital Signature @601..<602
          certificate link 0 @602..<603
          algorithm "ML-DSA-65" @603..<616
        type 16443 SUPPORTED_AUTH_METHODS @622..<624
        type 16444 SA_RESOURCE_INFO @630..<632
        type 60000 @638..<640
        data 3 bytes @640..<643
        type 50800 REPLAY_PROT_AND_ESN_STATUS @649..<651
        replay protection "on for what the sender receives" @651..<652
        flags 192 replay protection on,can follow ESN without it @651..<652
        type 50799 ANTI_REPLAY_STATUS @658..<660
        replay protection "off for what the sender receives" @660..<661
        flags 1  @660..<661
        without meaning 2 bytes @661..<663
        type 50800 REPLAY_PROT_AND_ESN_STATUS @669..<671
        replay protection "off for what the sender receives" @671..<671
        """)
  }

  @Test("The anti-replay status: its bits, none at all, and octets without meaning behind them")
  func replayStatus() {
    let data: [[UInt8]] = [[0x80], [0x40], [0xC1, 7], []]
    let payloads = data.map {
      IKEPayload(.notify, .notify(.init(.replayProtectionStatus, .data($0))))
    }
    let decoded = chain(.notify, encoded(PayloadChain(payloads: payloads)))
    #expect(decoded.payloads.allSatisfy { $0.stop == nil })
    let shown = decoded.fields.flatMap { lines(Array($0.children.dropFirst(6))) }
    #expect(
      shown.joined(separator: "\n") == """
        replay protection "on for what the sender receives" @8..<9
        flags 128 replay protection on @8..<9
        replay protection "off for what the sender receives" @17..<18
        flags 64 can follow ESN without it @17..<18
        replay protection "on for what the sender receives" @26..<27
        flags 193 replay protection on,can follow ESN without it @26..<27
        without meaning 1 bytes @27..<28
        replay protection "off for what the sender receives" @36..<36
        """)
  }

  @Test("A proposal for ESP or AH without sequence numbers says so, one for IKE does not")
  func missingNumbers() {
    let proposals = [ProtocolID.ike, .esp, .ah].map {
      Proposal(number: 1, protocolID: $0, transforms: [Transform(.integrity, id: 12)])
    }
    let decoded = chain(
      .securityAssociation,
      encoded(
        PayloadChain(payloads: [
          IKEPayload(
            .securityAssociation,
            .securityAssociation(SecurityAssociationPayload(proposals: proposals)))
        ])))
    let missing = decoded.fields.flatMap(\.children).filter { $0.name == "proposal" }
      .map { $0.children.contains { $0.name == "missing" } }
    #expect(missing == [false, true, true])
  }

  @Test("All other payloads")
  func payloads() {
    let payloads = IKEPayloadRoundTripTests.bodies.map { IKEPayload($0.0, $0.1) }
    let decoded = chain(payloads[0].type, encoded(PayloadChain(payloads: payloads)))
    let shown = decoded.fields.flatMap {
      lines([Field($0.name, $0.value, at: $0.range)])
        + lines(Array($0.children.dropFirst(3)), indent: 1)
    }
    #expect(
      shown.joined(separator: "\n") == """
        payload 33 Security Association (SA) @0..<91
          proposal @4..<59
            number 1 @8..<9
            protocol 3 ESP @9..<10
            SPI 0x01020304 @12..<16
            transform @16..<28
              type 1 Encryption Algorithm (ENCR) @20..<21
              ID 20 ENCR_AES_GCM_16 @22..<24
              key length 256 @24..<28
            transform @28..<51
              type 1 Encryption Algorithm (ENCR) @32..<33
              ID 12 ENCR_AES_CBC @34..<36
              key length 128 @36..<40
              attribute 18 Signature Algorithm Identifier @40..<47
                value 3 bytes @44..<47
              attribute 32767 @47..<51
                value 0 bytes @51..<51
            transform @51..<59
              type 5 Sequence Numbers (SN) @55..<56
              ID 1 Partially Transmitted 64-bit Sequential Numbers @57..<59
          proposal @59..<75
            number 2 @63..<64
            protocol 1 IKE @64..<65
            SPI 0x0102030405060708 @67..<75
          proposal @75..<91
            number 3 @79..<80
            protocol 2 AH @80..<81
            transform @83..<91
              type 241 @87..<88
              ID 65535 @89..<91
            missing "transform type 5 (SN), mandatory here" @91..<91
        payload 33 Security Association (SA) @91..<95
        payload 34 Key Exchange (KE) @95..<106
          method 31 Curve25519 @99..<101
          data 3 bytes @103..<106
        payload 35 Identification - Initiator (IDi) @106..<115
          ID type 2 ID_FQDN @110..<111
          identification "a" @114..<115
        payload 36 Identification - Responder (IDr) @115..<139
          ID type 5 ID_IPV6_ADDR @119..<120
          identification 2001:db8::7 @123..<139
        payload 50 Group Identification (IDg) @139..<147
          ID type 11 ID_KEY_ID @143..<144
          identification 0 bytes @147..<147
        payload 37 Certificate (CERT) @147..<154
          encoding 4 X.509 Certificate - Signature @151..<152
          certificate 2 bytes @152..<154
        payload 37 Certificate (CERT) @154..<188
          encoding 12 Hash and URL of X.509 certificate @158..<159
          hash 20 bytes @159..<179
          URL "http://a/" @179..<188
        payload 38 Certificate Request (CERTREQ) @188..<233
          encoding 4 X.509 Certificate - Signature @192..<193
          authority 20 bytes @193..<213
          authority 20 bytes @213..<233
        payload 38 Certificate Request (CERTREQ) @233..<238
          encoding 15 Raw Public Key @237..<238
          authority 0 bytes @238..<238
        payload 39 Authentication (AUTH) @238..<248
          method 2 Shared Key Message Integrity Code @242..<243
          data 2 bytes @246..<248
        payload 39 Authentication (AUTH) @248..<266
          method 14 Digital Signature @252..<253
          algorithm "Ed25519" @257..<264
            AlgorithmIdentifier 7 bytes @257..<264
          signature 2 bytes @264..<266
        payload 40 Nonce (Ni/Nr) @266..<302
          nonce 32 bytes @270..<302
        payload 42 Delete (D) @302..<318
          protocol 3 ESP @306..<307
          SPI size 4 @307..<308
          number of SPIs 2 @308..<310
          SPI 0x01020304 @310..<314
          SPI 0x05060708 @314..<318
        payload 42 Delete (D) @318..<326
          protocol 1 IKE @322..<323
          SPI size 0 @323..<324
          number of SPIs 0 @324..<326
        payload 43 Vendor ID (V) @326..<333
          vendor ID 3 bytes @330..<333
        payload 44 Traffic Selector - Initiator (TSi) @333..<414
          number of traffic selectors 5 @337..<338
          traffic selector @341..<357
            type 7 TS_IPV4_ADDR_RANGE @341..<342
            IP protocol 6 TCP @342..<343
            start port 80 @345..<347
            end port 443 @347..<349
            start address 192.0.2.1 @349..<353
            end address 192.0.2.1 @353..<357
          traffic selector @357..<397
            type 8 TS_IPV6_ADDR_RANGE @357..<358
            IP protocol 0 any @358..<359
            start port 65535 @361..<363
            end port 0 @363..<365
            start address 2001:db8::7 @365..<381
            end address 2001:db8::7 @381..<397
          traffic selector @397..<403
            type 10 TS_SECLABEL @397..<398
            security label 2 bytes @401..<403
          traffic selector @403..<410
            type 9 TS_FC_ADDR_RANGE @403..<404
            data 3 bytes @407..<410
          traffic selector @410..<414
            type 250 @410..<411
            data 0 bytes @414..<414
        payload 45 Traffic Selector - Responder (TSr) @414..<422
          number of traffic selectors 0 @418..<419
        payload 47 Configuration (CP) @422..<490
          type 2 CFG_REPLY @426..<427
          attribute 1 INTERNAL_IP4_ADDRESS @430..<438
            address 192.0.2.1 @434..<438
          attribute 8 INTERNAL_IP6_ADDRESS @438..<459
            address 2001:db8::7 @442..<458
            prefix length 64 @458..<459
          attribute 13 INTERNAL_IP4_SUBNET @459..<471
            address 192.0.2.1 @463..<467
            netmask 255.255.255.0 @467..<471
          attribute 7 APPLICATION_VERSION @471..<478
            text "x 1" @475..<478
          attribute 14 SUPPORTED_ATTRIBUTES @478..<486
            attribute 1 INTERNAL_IP4_ADDRESS @482..<484
            attribute 8 INTERNAL_IP6_ADDRESS @484..<486
          attribute 10 INTERNAL_IP6_DNS @486..<490
        payload 48 Extensible Authentication (EAP) @490..<501
          code 1 Request @494..<495
          identifier 3 @495..<496
          type 1 Identity @498..<499
          identity "ab" @499..<501
        payload 48 Extensible Authentication (EAP) @501..<518
          code 2 Response @505..<506
          identifier 4 @506..<507
          type 254 Expanded Type @509..<510
          vendor ID 14122 @510..<513
          vendor type 2 @513..<517
          data 1 bytes @517..<518
        payload 48 Extensible Authentication (EAP) @518..<526
          code 3 Success @522..<523
          identifier 5 @523..<524
        payload 49 Generic Secure Password Method (GSPM) @526..<532
          data 2 bytes @530..<532
        payload 54 Puzzle Solution (PS) @532..<537
          data 1 bytes @536..<537
        payload 51 Group Security Association (GSA) @537..<664
          group SA policy @541..<656
            protocol 3 ESP @541..<542
            SPI 0x01020304 @545..<549
            traffic selector @549..<565
              type 7 TS_IPV4_ADDR_RANGE @549..<550
              IP protocol 6 TCP @550..<551
              start port 80 @553..<555
              end port 443 @555..<557
              start address 192.0.2.1 @557..<561
              end address 192.0.2.1 @561..<565
            traffic selector @565..<605
              type 8 TS_IPV6_ADDR_RANGE @565..<566
              IP protocol 0 any @566..<567
              start port 65535 @569..<571
              end port 0 @571..<573
              start address 2001:db8::7 @573..<589
              end address 2001:db8::7 @589..<605
            transform @605..<617
              type 1 Encryption Algorithm (ENCR) @609..<610
              ID 20 ENCR_AES_GCM_16 @611..<613
              key length 256 @613..<617
            transform @617..<640
              type 1 Encryption Algorithm (ENCR) @621..<622
              ID 12 ENCR_AES_CBC @623..<625
              key length 128 @625..<629
              attribute 18 Signature Algorithm Identifier @629..<636
                value 3 bytes @633..<636
              attribute 32767 @636..<640
                value 0 bytes @640..<640
            transform @640..<648
              type 5 Sequence Numbers (SN) @644..<645
              ID 1 Partially Transmitted 64-bit Sequential Numbers @646..<648
            attribute 1 GSA_KEY_LIFETIME @648..<656
              value 4 bytes @652..<656
          group-wide policy @656..<664
            protocol 0 @656..<657
            attribute 3 GWP_SENDER_ID_BITS @660..<664
              value 8 @662..<664
        payload 52 Key Download (KD) @664..<690
          group key bag @668..<682
            protocol 3 ESP @668..<669
            SPI 0x01020304 @672..<676
            attribute 1 SA_KEY @676..<682
              value 2 bytes @680..<682
          member key bag @682..<690
            protocol 0 @682..<683
            attribute 3 GM_SENDER_ID @686..<690
              value 2 @688..<690
        payload 200 @690..<697
          data 3 bytes @694..<697
        """)
  }
}
