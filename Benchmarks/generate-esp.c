// Writes a capture of ESP in tunnel mode with AES-128-GCM, and the keys that open it: the same bytes
// for the same count.
//
//   generate-esp CAPTURE KEYS [COUNT]
//
// 32 SAs in 16 tunnels between IPv4 gateways. Each packet holds an IPv4 packet with UDP, and in one
// of 16 an ICMP echo request; the inner packets have eight sizes from 84 to 1400 bytes, each as often
// as the others. The keys are lines of Wireshark's esp_sa. With `--sizes` in place of a capture it
// prints the ciphertext's sizes, for `openssl speed`.

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  saCount = 32,
  sizeCount = 8,
  ethernetSize = 14,
  ipSize = 20,
  espSize = 16,  // SPI, sequence number, IV
  icvSize = 16,
  keySize = 16,
  saltSize = 4,
};

static const unsigned sizes[sizeCount] = {84, 128, 256, 400, 576, 800, 1200, 1400};

/// With padding, pad length and next header, to a multiple of four.
static unsigned ciphertextSize(unsigned inner) { return (inner + 2 + 3) / 4 * 4; }

// Randomness: xorshift64*, always from the same seed.

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t randomBits(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1d;
}

static void put16(uint8_t *at, unsigned value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value & 0xffff);
}

static unsigned checksum(const uint8_t *start, size_t count, uint32_t total) {
  for (size_t i = 0; i + 1 < count; i += 2) total += (uint32_t)start[i] << 8 | start[i + 1];
  if (count % 2) total += (uint32_t)start[count - 1] << 8;
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return ~total & 0xffff;
}

static void die(const char *what) {
  fprintf(stderr, "error: %s\n", what);
  exit(1);
}

// Security associations: two for each tunnel, one a direction.

struct sa {
  uint32_t spi, sequence;
  uint8_t source[4], destination[4], key[keySize + saltSize];
  EVP_CIPHER_CTX *context;
};

static struct sa sas[saCount];

static void makeSAs(FILE *keys) {
  for (unsigned i = 0; i < saCount; i++) {
    struct sa *sa = &sas[i];
    uint8_t left[4] = {203, 0, 113, (uint8_t)(1 + i / 2)}, right[4] = {198, 51, 100, 1};  // RFC 5737
    memcpy(sa->source, i % 2 ? right : left, 4);
    memcpy(sa->destination, i % 2 ? left : right, 4);
    sa->spi = 0xc0000000 | (uint32_t)(randomBits() >> 34);
    for (unsigned byte = 0; byte < sizeof sa->key; byte++) {
      sa->key[byte] = (uint8_t)(randomBits() >> 56);
    }
    sa->context = EVP_CIPHER_CTX_new();
    if (!sa->context
        || !EVP_EncryptInit_ex(sa->context, EVP_aes_128_gcm(), NULL, sa->key, NULL)) {
      die("OpenSSL has no AES-128-GCM");
    }
    const uint8_t *s = sa->source, *d = sa->destination;
    fprintf(keys, "\"IPv4\",\"%u.%u.%u.%u\",\"%u.%u.%u.%u\",\"0x%08x\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x",
            s[0], s[1], s[2], s[3], d[0], d[1], d[2], d[3], sa->spi);
    for (unsigned byte = 0; byte < sizeof sa->key; byte++) fprintf(keys, "%02x", sa->key[byte]);
    fprintf(keys, "\",\"NULL\",\"\"\n");
  }
}

// Packets.

static void putIPv4(uint8_t *at, unsigned total, unsigned protocol, const uint8_t *source,
                    const uint8_t *destination) {
  memset(at, 0, ipSize);
  at[0] = 0x45;
  put16(at + 2, total);
  at[8] = 64;
  at[9] = (uint8_t)protocol;
  memcpy(at + 12, source, 4);
  memcpy(at + 16, destination, 4);
  put16(at + 10, checksum(at, ipSize, 0));
}

static void putInner(uint8_t *at, unsigned size, unsigned number, unsigned direction) {
  uint8_t client[4] = {10, 98, 0, (uint8_t)(1 + number % 200)}, server[4] = {10, 99, 0, 1};
  const uint8_t *source = direction ? server : client, *destination = direction ? client : server;
  unsigned isEcho = number % 16 == 0, protocol = isEcho ? 1 : 17, payload = size - ipSize;
  putIPv4(at, size, protocol, source, destination);
  uint8_t *body = at + ipSize;
  for (unsigned i = 8; i < payload; i++) body[i] = (uint8_t)(i + number);
  if (isEcho) {
    memset(body, 0, 8);
    body[0] = 8;
    put16(body + 6, number & 0xffff);
    put16(body + 2, checksum(body, payload, 0));
    return;
  }
  put16(body, 5001);
  put16(body + 2, 5002);
  put16(body + 4, payload);
  put16(body + 6, 0);
  put16(body + 6, checksum(body, payload, (checksum(at + 12, 8, 17 + payload) ^ 0xffff)));
}

static unsigned putESP(uint8_t *at, struct sa *sa, const uint8_t *inner, unsigned size) {
  uint8_t plain[2048], nonce[12], iv[8];
  unsigned total = ciphertextSize(size), padding = total - 2 - size;
  memcpy(plain, inner, size);
  for (unsigned i = 0; i < padding; i++) plain[size + i] = (uint8_t)(i + 1);
  plain[total - 2] = (uint8_t)padding;
  plain[total - 1] = 4;  // IPv4
  put32(at, sa->spi);
  put32(at + 4, ++sa->sequence);
  memset(iv, 0, 4);
  put32(iv + 4, sa->sequence);
  memcpy(at + 8, iv, 8);
  memcpy(nonce, sa->key + keySize, saltSize);
  memcpy(nonce + saltSize, iv, 8);
  int written;
  if (!EVP_EncryptInit_ex(sa->context, NULL, NULL, NULL, nonce)
      || !EVP_EncryptUpdate(sa->context, NULL, &written, at, 8)
      || !EVP_EncryptUpdate(sa->context, at + espSize, &written, plain, (int)total)
      || !EVP_EncryptFinal_ex(sa->context, at + espSize + total, &written)
      || !EVP_CIPHER_CTX_ctrl(sa->context, EVP_CTRL_AEAD_GET_TAG, icvSize, at + espSize + total)) {
    die("OpenSSL does not encrypt");
  }
  return espSize + total + icvSize;
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

static void writePacket(FILE *file, unsigned number) {
  static uint8_t frame[2048] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
  uint8_t inner[1500];
  unsigned index = (unsigned)(randomBits() >> 59) % saCount, size = sizes[number % sizeCount];
  struct sa *sa = &sas[index];
  putInner(inner, size, number, index % 2);
  unsigned esp = putESP(frame + ethernetSize + ipSize, sa, inner, size);
  putIPv4(frame + ethernetSize, ipSize + esp, 50, sa->source, sa->destination);
  unsigned length = ethernetSize + ipSize + esp;
  struct recordHeader header = {1767225600 + number / 50000, number % 50000 * 20, length, length};
  if (fwrite(&header, sizeof header, 1, file) != 1 || fwrite(frame, length, 1, file) != 1) {
    die("cannot write the capture");
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--sizes") == 0) {
    for (unsigned i = 0; i < sizeCount; i++) printf("%u\n", ciphertextSize(sizes[i]));
    return 0;
  }
  if (argc < 3) {
    fprintf(stderr, "usage: %s CAPTURE KEYS [COUNT]\n       %s --sizes\n", argv[0], argv[0]);
    return 64;
  }
  unsigned count = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 500000;
  FILE *file = fopen(argv[1], "wb"), *keys = fopen(argv[2], "w");
  if (!file || !keys) die("cannot open the files");
  makeSAs(keys);
  struct fileHeader header = {0xa1b2c3d4, 2, 4, 0, 0, 65535, 1};
  if (fwrite(&header, sizeof header, 1, file) != 1) die("cannot write the capture");
  for (unsigned number = 0; number < count; number++) writePacket(file, number);
  if (fclose(file) || fclose(keys)) die("cannot write the files");
  return 0;
}
