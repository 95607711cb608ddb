// Times OpenBLAS's sgemm: sgemm, with OPENBLAS_CORETYPE and OPENBLAS_NUM_THREADS in its environment.
// cc -O3 -DVERSION='"0.3.21"' sgemm.c -lopenblas (Debian: libopenblas-dev).
// It answers `forward|error|gradient ROWSxFANINxUNITS CALLS` with `MILLISECONDS VALUE`, where VALUE is one element of
// the product.
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern char *openblas_get_corename(void);

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e3 * now.tv_sec + 1e-6 * now.tv_nsec;
}

static float *fill(size_t floats) {
  float *m = aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64);
  for (size_t i = 0; i < floats; ++i) m[i] = 0.5f + (float)(i % 97) / 97;
  return m;
}

int main(void) {
  printf("ready OpenBLAS " VERSION " %s\n", openblas_get_corename());
  fflush(stdout);
  char form[16];
  int rows, fan_in, units, calls;
  while (scanf("%15s %dx%dx%d %d", form, &rows, &fan_in, &units, &calls) == 5) {
    float *a = fill((size_t)rows * fan_in), *w = fill((size_t)fan_in * units), *z = fill((size_t)rows * units);
    double started = 0;
    // the first call is not timed, because it is the first to touch the memory that the product uses
    for (int call = -1; call < calls; ++call) {
      if (call == 0) started = milliseconds();
      if (!strcmp(form, "forward")) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, units, fan_in, 1, a, fan_in, w, units, 0, z, units);
      } else if (!strcmp(form, "error")) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, fan_in, units, 1, z, units, w, units, 0, a, fan_in);
      } else {
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, fan_in, units, rows, 1, a, fan_in, z, units, 0, w, units);
      }
    }
    printf("%.17g %.9g\n", milliseconds() - started, strcmp(form, "forward") ? strcmp(form, "error") ? w[0] : a[0] : z[0]);
    fflush(stdout);
    free(a);
    free(w);
    free(z);
  }
  return 0;
}
