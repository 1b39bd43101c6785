/* Counts what a program asks of the heap, and says so on standard error when it ends:
   LD_PRELOAD=count-allocations.so PROGRAM. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

/* What glibc's own functions are called beside their public names. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static unsigned long count;

void *malloc(size_t size) {
  __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
  return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
  *block = __libc_memalign(alignment, size);
  return *block == NULL ? 12 : 0;
}

__attribute__((destructor)) static void report(void) {
  fprintf(stderr, "%lu allocations\n", count);
}
