// Writes a capture as a busy IPsec gateway would see it: the same bytes for the same count.
//
//   generate FILE [COUNT [TUNNELS]]
//
// 256 tunnels if not told otherwise, two SAs each. Half of the tunnels send plain ESP and IKE on port 500; half sit behind
// a NAT and send both in UDP on port 4500. A tenth of them run over IPv6. One packet in 200 is IKE:
// each tunnel sets its SA up (IKE_SA_INIT, IKE_AUTH) and then checks liveness (INFORMATIONAL). ESP
// packets lose and swap a few sequence numbers.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  ethernetSize = 14,
  frameLimit = 2048,
  noiseSize = 1 << 16,
};

// Randomness: xorshift64*, always from the same seed.

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t randomBits(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1d;
}

static uint32_t randomBelow(uint32_t bound) { return (uint32_t)((randomBits() >> 32) * bound >> 32); }

static uint8_t noise[noiseSize];

// A frame under construction.

static uint8_t frame[frameLimit];
static size_t length;

static void u8(unsigned value) { frame[length++] = (uint8_t)value; }

static void u16(unsigned value) {
  u8(value >> 8);
  u8(value);
}

static void u32(uint32_t value) {
  u16(value >> 16);
  u16(value & 0xffff);
}

static void u64(uint64_t value) {
  u32((uint32_t)(value >> 32));
  u32((uint32_t)value);
}

static void bytes(const void *source, size_t count) {
  memcpy(frame + length, source, count);
  length += count;
}

static void randomBytes(size_t count) { bytes(noise + randomBelow(noiseSize - frameLimit), count); }

static void patch16(size_t at, unsigned value) {
  frame[at] = (uint8_t)(value >> 8);
  frame[at + 1] = (uint8_t)value;
}

static void patch32(size_t at, uint32_t value) {
  patch16(at, value >> 16);
  patch16(at + 2, value & 0xffff);
}

static uint32_t sum(const uint8_t *start, size_t count) {
  uint32_t total = 0;
  for (size_t i = 0; i + 1 < count; i += 2) total += (uint32_t)start[i] << 8 | start[i + 1];
  return count % 2 ? total + ((uint32_t)start[count - 1] << 8) : total;
}

static unsigned checksum(uint32_t total) {
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return ~total & 0xffff;
}

// Tunnels.

struct direction {
  uint32_t spi;
  uint32_t sequence;
  uint32_t delayed;  // a sequence number that its successor has overtaken, or 0
};

struct tunnel {
  int ipv6, encapsulated;
  unsigned natPort;         // the initiator's port 4500 as the NAT shows it
  uint8_t address[2][16];   // the initiator's and the responder's
  uint64_t ikeSPI[2];
  unsigned ikeStep;         // counts messages: request, response, request, ...
  struct direction direction[2];
};

static struct tunnel *tunnels;
static unsigned tunnelCount = 256;

static void makeTunnels(void) {
  tunnels = calloc(tunnelCount, sizeof *tunnels);
  if (!tunnels) abort();
  for (unsigned i = 0; i < tunnelCount; i++) {
    struct tunnel *tunnel = &tunnels[i];
    tunnel->ipv6 = i / 2 % 10 == 3;
    tunnel->encapsulated = i % 2;
    tunnel->natPort = i % 4 == 1 ? 4500 : 32768 + randomBelow(28000);
    for (unsigned end = 0; end < 2; end++) {
      uint8_t *address = tunnel->address[end];
      if (tunnel->ipv6) {
        memcpy(address, "\x20\x01\x0d\xb8", 4);  // the documentation prefix, RFC 3849
        address[5] = (uint8_t)(end + 1);
        address[14] = (uint8_t)(i >> 8);
        address[15] = (uint8_t)i;
      } else {
        memcpy(address, end ? "\xc6\x33\x64" : "\xcb\x00\x71", 3);  // RFC 5737
        address[3] = (uint8_t)(end ? 1 + i % 4 : i);
      if (!end) address[2] = (uint8_t)(address[2] + (i >> 8));
      }
      tunnel->ikeSPI[end] = randomBits();
      tunnel->direction[end].spi = 0xc0000000 | (uint32_t)(randomBits() >> 34);
      tunnel->direction[end].sequence = randomBelow(100000);
    }
  }
}

// Layers below IPsec. Lengths and checksums are filled in by `finish`.

static size_t ipAt, udpAt;

static void beginFrame(const struct tunnel *tunnel, unsigned from, unsigned protocol) {
  static uint16_t identification;
  const uint8_t *source = tunnel->address[from], *destination = tunnel->address[1 - from];
  length = 0;
  bytes(from ? "\x02\0\0\0\0\x01\x02\0\0\0\0\x02" : "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
  u16(tunnel->ipv6 ? 0x86dd : 0x0800);
  ipAt = length;
  udpAt = 0;
  if (tunnel->ipv6) {
    u32(0x60000000);
    u16(0);
    u8(protocol);
    u8(64);
    bytes(source, 16);
    bytes(destination, 16);
  } else {
    u16(0x4500);
    u16(0);
    u16(identification++);
    u16(0x4000);
    u8(63);
    u8(protocol);
    u16(0);
    bytes(source, 4);
    bytes(destination, 4);
  }
}

static void beginUDP(const struct tunnel *tunnel, unsigned from, unsigned port) {
  beginFrame(tunnel, from, 17);
  unsigned initiatorPort = port == 4500 ? tunnel->natPort : port;
  udpAt = length;
  u16(from ? port : initiatorPort);
  u16(from ? initiatorPort : port);
  u16(0);
  u16(0);
}

static void finish(const struct tunnel *tunnel) {
  size_t ipSize = tunnel->ipv6 ? 40 : 20;
  if (tunnel->ipv6) {
    patch16(ipAt + 4, (unsigned)(length - ipAt - ipSize));
  } else {
    patch16(ipAt + 2, (unsigned)(length - ipAt));
    patch16(ipAt + 10, checksum(sum(frame + ipAt, ipSize)));
  }
  if (!udpAt) return;
  size_t count = length - udpAt;
  patch16(udpAt + 4, (unsigned)count);
  size_t addresses = tunnel->ipv6 ? 32 : 8;
  uint32_t pseudoHeader = sum(frame + udpAt - addresses, addresses) + 17 + (uint32_t)count;
  unsigned value = checksum(pseudoHeader + sum(frame + udpAt, count));
  patch16(udpAt + 6, value ? value : 0xffff);
}

// ESP, in sizes like those of the simple Internet mix: 7 small packets, 4 middle ones, 1 large.

static uint32_t nextSequence(struct direction *direction) {
  if (direction->delayed) {
    uint32_t delayed = direction->delayed;
    direction->delayed = 0;
    return delayed;
  }
  uint32_t chance = randomBelow(1000);
  if (chance < 1) direction->sequence += 1 + randomBelow(3);  // lost
  if (chance >= 998) direction->delayed = ++direction->sequence;
  return ++direction->sequence;
}

static unsigned espSize(void) {
  unsigned pick = randomBelow(12);
  if (pick < 7) return 84 + 4 * randomBelow(12);
  if (pick < 11) return 540 + 4 * randomBelow(32);
  return 1300 + 4 * randomBelow(26);
}

static void writeESP(struct tunnel *tunnel, unsigned from) {
  struct direction *direction = &tunnel->direction[from];
  if (tunnel->encapsulated) {
    beginUDP(tunnel, from, 4500);
  } else {
    beginFrame(tunnel, from, 50);
  }
  unsigned size = espSize();
  u32(direction->spi);
  u32(nextSequence(direction));
  randomBytes(size - 8);
  finish(tunnel);
}

// IKEv2.

static size_t payloadAt;

/// Starts a payload; `next` is the type of the one that will follow.
static void beginPayload(unsigned next) {
  payloadAt = length;
  u8(next);
  u8(0);
  u16(0);
}

static void endPayload(void) { patch16(payloadAt + 2, (unsigned)(length - payloadAt)); }

static void notify(unsigned type, size_t dataSize, unsigned next) {
  beginPayload(next);
  u16(0);
  u16(type);
  randomBytes(dataSize);
  endPayload();
}

static void transform(unsigned more, unsigned type, unsigned identifier, unsigned keyBits) {
  u16(more << 8);
  u16(keyBits ? 12 : 8);
  u16(type << 8);
  u16(identifier);
  if (keyBits) u32(0x800e0000 | keyBits);
}

static void saInit(unsigned isResponse) {
  enum { ke = 34, nonce = 40, notification = 41 };
  beginPayload(ke);
  size_t proposalAt = length;
  u32(0);
  u32(isResponse ? 0x01010003 : 0x01010004);
  transform(3, 1, 20, 256);             // ENCR_AES_GCM_16
  transform(3, 2, 5, 0);                // PRF_HMAC_SHA2_256
  if (!isResponse) transform(3, 4, 19, 0);  // 256-bit random ECP group
  transform(0, 4, 31, 0);               // Curve25519
  patch32(proposalAt, (uint32_t)(length - proposalAt));
  endPayload();
  beginPayload(nonce);
  u32(31 << 16);
  randomBytes(32);
  endPayload();
  beginPayload(notification);
  randomBytes(32);
  endPayload();
  notify(16388, 20, notification);  // NAT_DETECTION_SOURCE_IP
  notify(16389, 20, notification);  // NAT_DETECTION_DESTINATION_IP
  notify(16430, 0, notification);   // IKEV2_FRAGMENTATION_SUPPORTED
  beginPayload(isResponse ? notification : 0);
  u32(16431);  // SIGNATURE_HASH_ALGORITHMS
  u32(0x00020003);
  u16(4);
  endPayload();
  if (isResponse) notify(16418, 0, 0);  // CHILDLESS_IKEV2_SUPPORTED
}

static void encrypted(unsigned firstInside, size_t size) {
  beginPayload(firstInside);
  randomBytes(8 + size + 16);  // IV, ciphertext, ICV
  endPayload();
}

static void writeIKE(struct tunnel *tunnel) {
  enum { ikeSAInit = 34, ikeAuth = 35, informational = 37 };
  enum { sa = 33, initiatorID = 35, responderID = 36, sk = 46 };
  unsigned step = tunnel->ikeStep++, isResponse = step % 2, messageID = step / 2;
  unsigned exchange = messageID == 0 ? ikeSAInit : messageID == 1 ? ikeAuth : informational;
  // A NAT moves everything after IKE_SA_INIT to port 4500, behind the non-ESP marker.
  if (tunnel->encapsulated && messageID > 0) {
    beginUDP(tunnel, isResponse, 4500);
    u32(0);
  } else {
    beginUDP(tunnel, isResponse, 500);
  }
  size_t headerAt = length;
  u64(tunnel->ikeSPI[0]);
  u64(step == 0 ? 0 : tunnel->ikeSPI[1]);
  u8(messageID == 0 ? sa : sk);
  u8(0x20);
  u8(exchange);
  u8(isResponse ? 0x20 : 0x08);
  u32(messageID);
  u32(0);
  if (messageID == 0) {
    saInit(isResponse);
  } else if (messageID == 1) {
    encrypted(isResponse ? responderID : initiatorID, isResponse ? 180 : 224);
  } else {
    encrypted(0, 1);
  }
  patch32(headerAt + 24, (uint32_t)(length - headerAt));
  finish(tunnel);
}

// The file.

struct fileHeader {
  uint32_t magic;
  uint16_t major, minor;
  uint32_t zone, accuracy, snapLength, linkType;
};

struct recordHeader {
  uint32_t seconds, microseconds, captured, original;
};

int main(int argc, char **argv) {
  unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
  if (argc > 3) tunnelCount = (unsigned)strtoul(argv[3], NULL, 10);
  if (argc < 2 || argc > 4 || count == 0 || tunnelCount == 0) {
    fprintf(stderr, "usage: %s FILE [COUNT [TUNNELS]]\n", argv[0]);
    return 64;
  }
  FILE *file = fopen(argv[1], "wb");
  if (!file) {
    perror(argv[1]);
    return 73;
  }
  setvbuf(file, NULL, _IOFBF, 1 << 20);
  for (size_t i = 0; i < noiseSize; i += 8) {
    uint64_t bits = randomBits();
    memcpy(noise + i, &bits, 8);
  }
  makeTunnels();
  struct fileHeader header = {0xa1b2c3d4, 2, 4, 0, 0, 65535, 1};
  fwrite(&header, sizeof header, 1, file);
  uint64_t microseconds = 1767225600ull * 1000000;  // 2026-01-01
  for (unsigned long i = 0; i < count; i++) {
    struct tunnel *tunnel = &tunnels[randomBelow(tunnelCount)];
    if (randomBelow(200) == 0) {
      writeIKE(tunnel);
    } else {
      writeESP(tunnel, randomBelow(2));
    }
    microseconds += 1 + randomBelow(19);
    struct recordHeader record = {
        (uint32_t)(microseconds / 1000000), (uint32_t)(microseconds % 1000000),
        (uint32_t)length, (uint32_t)length};
    fwrite(&record, sizeof record, 1, file);
    fwrite(frame, length, 1, file);
  }
  int failed = ferror(file);
  if (fclose(file) != 0 || failed) {
    perror(argv[1]);
    return 74;
  }
  return 0;
}
