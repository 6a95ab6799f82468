/* What of libnvidia-ml.so.1 is needed to read energy: two GPUs, of which the second counts none. */
#include <string.h>
#include <time.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6 };
static int gpus[2];

int nvmlInitWithFlags(unsigned flags) { return SUCCESS; }
int nvmlInit_v2(void) { return SUCCESS; }
int nvmlShutdown(void) { return SUCCESS; }

const char *nvmlErrorString(int code) {
  return code == NOT_SUPPORTED ? "Not Supported" : code == NOT_FOUND ? "Not Found" : "Other";
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  if (index > 1) return INVALID_ARGUMENT;
  *device = &gpus[index];
  return SUCCESS;
}

int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) {
  if (strcmp(uuid, "GPU-0000") != 0) return NOT_FOUND;
  *device = &gpus[0];
  return SUCCESS;
}

int nvmlDeviceGetName(void *device, char *name, unsigned length) {
  strncpy(name, device == &gpus[0] ? "Stand-In 300" : "Stand-In Old", length);
  return SUCCESS;
}

/* 300 W since a moment long ago [mJ]. */
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *energy) {
  struct timespec now;
  if (device == &gpus[1]) return NOT_SUPPORTED;
  clock_gettime(CLOCK_MONOTONIC, &now);
  *energy = 300000ull * now.tv_sec + (unsigned long long)(now.tv_nsec * 3e-4);
  return SUCCESS;
}
