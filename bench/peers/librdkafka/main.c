/*
 * librdkafka in the work that its own rdkafka_performance cannot do: the task's values, codecs, named
 * partitions, keys and headers, fixed rates. Started by ../librdkafka.ts, which knows the contract:
 *
 *   librdkafka <topic> <values file> <busy partitions> <keys and headers: 0|1> <warm-up records>
 *              <records> <max seconds> <records a second, or 0> [<property>=<value> ...]
 *
 * Values are handed over without a copy; a thread of its own polls for delivery reports.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "rdkafka.h"

#define KEYS 1000
#define SLICE 2000
#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-01"

static rd_kafka_t *client;
static rd_kafka_topic_t *topic;
static char **values;
static size_t *lengths;
static long value_count;
static long busy_partitions;
static int has_keys;
static atomic_long settled;
static atomic_int failed;
static atomic_int is_over;

/* At a fixed rate: when the first record is due, and the latency of each, in ms. */
static double started;
static double rate;
static double *latencies;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static double due(long index) { return started + index / rate; }

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
  (void)rk;
  (void)opaque;
  if (message->err) {
    fprintf(stderr, "%s\n", rd_kafka_err2str(message->err));
    failed = 1;
  }
  /* Records of the warm-up carry 0, the others their number from 1 on. */
  long number = (long)message->_private;
  if (number > 0 && latencies) latencies[number - 1] = (now() - due(number - 1)) * 1000;
  settled++;
}

static void *poll_reports(void *unused) {
  (void)unused;
  while (!is_over) rd_kafka_poll(client, 100);
  return NULL;
}

static void read_values(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) die("the values file cannot be read");
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  while ((length = getline(&line, &room, file)) > 0) {
    values = realloc(values, (value_count + 1) * sizeof *values);
    lengths = realloc(lengths, (value_count + 1) * sizeof *lengths);
    values[value_count] = line;
    lengths[value_count++] = length - 1; /* without the line's end */
    line = NULL;
    room = 0;
  }
  fclose(file);
  if (value_count == 0) die("there are no values");
}

static rd_kafka_resp_err_t produce(long index, void *number) {
  char *value = values[index % value_count];
  size_t length = lengths[index % value_count];
  int32_t partition = busy_partitions > 0 ? index % busy_partitions : RD_KAFKA_PARTITION_UA;
  if (!has_keys) {
    int result = rd_kafka_produce(topic, partition, 0, value, length, NULL, 0, number);
    return result == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
  }
  char key[16];
  int key_length = snprintf(key, sizeof key, "key-%ld", index % KEYS);
  return rd_kafka_producev(client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
                           RD_KAFKA_V_VALUE(value, length), RD_KAFKA_V_KEY(key, key_length),
                           RD_KAFKA_V_HEADER("source", "bench", 5),
                           RD_KAFKA_V_HEADER("trace", TRACE, strlen(TRACE)),
                           RD_KAFKA_V_OPAQUE(number), RD_KAFKA_V_END);
}

/* Waits while the queue is full. */
static void hand(long index, void *number) {
  for (;;) {
    rd_kafka_resp_err_t error = produce(index, number);
    if (!error) return;
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(error));
    struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
  }
}

static void settle(void) {
  if (rd_kafka_flush(client, 60000)) die("not everything was delivered");
  if (failed) exit(1);
}

/* Bounded in count and time; returns how many records it was. */
static long at_full_speed(long records, double seconds) {
  double deadline = now() + seconds;
  long done = 0;
  while (done < records && now() < deadline) {
    for (int i = 0; i < SLICE && done < records; i++) hand(done++, NULL);
  }
  settle();
  return done;
}

/* Open loop: latency counts from the moment a record was due. */
static long at_rate(long records) {
  latencies = calloc(records, sizeof *latencies);
  started = now();
  for (long index = 0; index < records; index++) {
    double wait = due(index) - now();
    if (wait > 0) {
      struct timespec pause = {(time_t)wait, (long)((wait - (time_t)wait) * 1e9)};
      nanosleep(&pause, NULL);
    }
    hand(index, (void *)(index + 1));
  }
  long before = records;
  while (settled < before) nanosleep(&(struct timespec){0, 1000000}, NULL);
  return records;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double percentile(long count, double share) {
  long rank = (long)(share * count + 0.999999) - 1;
  return latencies[rank < 0 ? 0 : rank >= count ? count - 1 : rank];
}

static long cpu_micros(struct rusage *usage) {
  getrusage(RUSAGE_SELF, usage);
  return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 + usage->ru_utime.tv_usec +
         usage->ru_stime.tv_usec;
}

static void connect_client(const char *name, int count, char **properties) {
  char error[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  for (int i = 0; i < count; i++) {
    char *equals = strchr(properties[i], '=');
    if (!equals) die("a property is <name>=<value>");
    *equals = '\0';
    if (rd_kafka_conf_set(conf, properties[i], equals + 1, error, sizeof error)) die(error);
  }
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (!client) die(error);
  topic = rd_kafka_topic_new(client, name, NULL);
}

int main(int argc, char **argv) {
  if (argc < 9) die("see main.c for the arguments");
  read_values(argv[2]);
  busy_partitions = atol(argv[3]);
  has_keys = atoi(argv[4]);
  long warmup = atol(argv[5]), records = atol(argv[6]);
  double seconds = atof(argv[7]);
  rate = atof(argv[8]);
  connect_client(argv[1], argc - 9, argv + 9);
  pthread_t poller;
  pthread_create(&poller, NULL, poll_reports, NULL);

  warmup = at_full_speed(warmup, seconds);
  settled = 0;
  struct rusage usage;
  long cpu = cpu_micros(&usage);
  double from = now();
  records = rate > 0 ? at_rate(records) : at_full_speed(records, seconds);
  double took = now() - from;
  cpu = cpu_micros(&usage) - cpu;
  settle();
  is_over = 1;
  pthread_join(poller, NULL);

  printf("{\"version\":\"%s\",\"runtime\":\"C\",\"records\":%ld,\"totalRecords\":%ld,\"seconds\":%f,"
         "\"cpuMicros\":%ld,\"rssBytes\":%ld,\"loopDelayP99Ms\":null",
         rd_kafka_version_str(), records, warmup + records, took, cpu, usage.ru_maxrss * 1024);
  if (rate > 0) {
    qsort(latencies, records, sizeof *latencies, by_size);
    printf(",\"latencyMs\":{\"p50\":%f,\"p99\":%f,\"p999\":%f,\"max\":%f}", percentile(records, 0.5),
           percentile(records, 0.99), percentile(records, 0.999), percentile(records, 1));
  }
  printf("}\n");
  return 0;
}
