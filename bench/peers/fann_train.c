// FANN: fann_train JOB INPUTS HIDDEN OUTPUTS LEARNING_RATE. It trains incrementally (online SGD), with the quadratic
// cost and sigmoid units.
// cc -O3 -DVERSION='"2.2.0"' fann_train.c -lfann -lm (Debian: libfann-dev).
#include <fann.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static float *read_floats(const char *directory, const char *name, long *count) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  const long bytes = ftell(file);
  rewind(file);
  float *floats = malloc(bytes);
  if (fread(floats, 1, bytes, file) != (size_t)bytes) exit(1);
  fclose(file);
  if (count) *count = bytes / (long)sizeof(float);
  return floats;
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e3 * now.tv_sec + 1e-6 * now.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "fann_train JOB INPUTS HIDDEN OUTPUTS LEARNING_RATE\n");
    return 1;
  }
  const int sizes[3] = {atoi(argv[2]), atoi(argv[3]), atoi(argv[4])};
  float *x = read_floats(argv[1], "x.bin", NULL);
  float *y = read_floats(argv[1], "y.bin", NULL);
  float *start = read_floats(argv[1], "parameters.bin", NULL);

  struct fann *net = fann_create_standard(3, sizes[0], sizes[1], sizes[2]);
  fann_set_training_algorithm(net, FANN_TRAIN_INCREMENTAL);
  fann_set_train_error_function(net, FANN_ERRORFUNC_LINEAR);
  fann_set_activation_function_hidden(net, FANN_SIGMOID);
  fann_set_activation_function_output(net, FANN_SIGMOID);
  // FANN's sigmoid is 1 / (1 + exp(-2 s z))
  fann_set_activation_steepness_hidden(net, 0.5f);
  fann_set_activation_steepness_output(net, 0.5f);
  fann_set_learning_momentum(net, 0);
  fann_set_learning_rate(net, (float)atof(argv[5]));

  printf("ready FANN " VERSION "\n");
  fflush(stdout);
  char order[16];
  long samples, argument;
  while (scanf("%15s %ld %ld", order, &samples, &argument) == 3) {
    // each unit has a weight for each input, and its bias after them
    float *from = start, *to = net->weights;
    for (int l = 1; l < 3; ++l) {
      const float *biases = from + sizes[l] * sizes[l - 1];
      for (int j = 0; j < sizes[l]; ++j) {
        memcpy(to, from, sizes[l - 1] * sizeof(float));
        to += sizes[l - 1];
        from += sizes[l - 1];
        *to++ = *biases++;
      }
      from += sizes[l];
    }
    double value = 0;
    const double started = milliseconds();
    if (!strcmp(order, "train")) {
      for (long epoch = 0; epoch < argument; ++epoch) {
        fann_reset_MSE(net);
        for (long i = 0; i < samples; ++i) fann_train(net, x + i * sizes[0], y + i * sizes[2]);
      }
      // FANN's MSE is the mean over the outputs of (y - a)^2
      value = 0.5 * sizes[2] * fann_get_MSE(net);
    } else {
      for (long i = 0; i < samples; ++i) {
        const fann_type *a = fann_run(net, x + i * sizes[0]);
        for (int j = 0; j < sizes[2]; ++j) value += (j + 1) * a[j];
      }
    }
    printf("%.17g %.17g\n", milliseconds() - started, value);
    fflush(stdout);
  }
  fann_destroy(net);
  return 0;
}
