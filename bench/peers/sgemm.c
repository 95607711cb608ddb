// Times sgemm of OpenBLAS or, with -DONEDNN, of oneDNN.
// cc -O3 -DVERSION='"0.3.21"' sgemm.c -lopenblas (Debian: libopenblas-dev), with OPENBLAS_CORETYPE and
// OPENBLAS_NUM_THREADS in its environment; cc -O3 -DONEDNN sgemm.c -ldnnl (libdnnl-dev), with OMP_NUM_THREADS.
// It answers `forward|error|gradient ROWSxFANINxUNITS CALLS` with `MILLISECONDS VALUE`, where VALUE is one element of
// the product.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// c [m x n] = a [m x k] . b [k x n], row by row. If `ta` or `tb` is 'T', that factor is stored transposed.
#ifdef ONEDNN
#include <dnnl.h>

static void multiply(char ta, char tb, int m, int n, int k, const float *a, const float *b, float *c) {
  dnnl_sgemm(ta, tb, m, n, k, 1, a, ta == 'T' ? m : k, b, tb == 'T' ? k : n, 0, c, n);
}

static void announce(void) {
  const dnnl_version_t *version = dnnl_version();
  printf("ready oneDNN %d.%d.%d\n", version->major, version->minor, version->patch);
}
#else
#include <cblas.h>

extern char *openblas_get_corename(void);

static void multiply(char ta, char tb, int m, int n, int k, const float *a, const float *b, float *c) {
  cblas_sgemm(CblasRowMajor, ta == 'T' ? CblasTrans : CblasNoTrans, tb == 'T' ? CblasTrans : CblasNoTrans, m, n, k, 1,
              a, ta == 'T' ? m : k, b, tb == 'T' ? k : n, 0, c, n);
}

static void announce(void) { printf("ready OpenBLAS " VERSION " %s\n", openblas_get_corename()); }
#endif

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
  announce();
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
        multiply('N', 'N', rows, units, fan_in, a, w, z);
      } else if (!strcmp(form, "error")) {
        multiply('N', 'T', rows, fan_in, units, z, w, a);
      } else {
        multiply('T', 'N', fan_in, units, rows, a, z, w);
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
