// The least that a program can do with a capture file: libpcap hands over each packet, and it is
// counted. What ipsecdiag is measured against.

#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FILE\n", argv[0]);
    return 64;
  }
  char error[PCAP_ERRBUF_SIZE];
  pcap_t *capture = pcap_open_offline(argv[1], error);
  if (!capture) {
    fprintf(stderr, "error: %s\n", error);
    return 66;
  }
  struct pcap_pkthdr *header;
  const u_char *bytes;
  unsigned long packets = 0, total = 0;
  int result;
  while ((result = pcap_next_ex(capture, &header, &bytes)) == 1) {
    packets += 1;
    total += header->caplen;
  }
  if (result != PCAP_ERROR_BREAK) {
    fprintf(stderr, "error: %s\n", pcap_geterr(capture));
    return 65;
  }
  pcap_close(capture);
  printf("%lu packets, %lu bytes\n", packets, total);
  return 0;
}
