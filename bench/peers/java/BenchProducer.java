/*
 * Subject: Kafka's own producer with latencies from the moment a record was due, and in transactions,
 * which Kafka's ProducerPerformance does not tell. One JSON argument in, one JSON line out: see
 * ../../contract.ts.
 *
 *   java -cp <Kafka's jars> BenchProducer <task as JSON>
 *
 * Neighbours: TransactionLoop.java; ../java.ts has Kafka's tool; ../java-program.ts compiles this.
 */
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.AppInfoParser;

public class BenchProducer {
  private static final int SLICE_LENGTH = 2_000;

  /** See ../../contract.ts. */
  private static final String TRANSACTION_TIMEOUT_MS = "60000";

  private final JsonNode task;
  private final String topic;
  private final int busyPartitions;
  private final int recordsPerTransaction;
  private final List<byte[]> values = new ArrayList<>();
  private final List<byte[]> keys = new ArrayList<>();
  private final KafkaProducer<byte[], byte[]> producer;
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  private final Callback onDelivery = (metadata, error) -> note(error);
  private final ObjectMapper json = new ObjectMapper();
  private final ObjectNode report = json.createObjectNode();

  public static void main(String[] args) throws Exception {
    new BenchProducer(new ObjectMapper().readTree(args[0])).run();
    Runtime.getRuntime().halt(0);
  }

  private BenchProducer(JsonNode task) throws Exception {
    this.task = task;
    topic = task.get("topic").asText();
    busyPartitions = task.get("busyPartitions").asInt();
    recordsPerTransaction = task.path("recordsPerTransaction").asInt();
    for (String line : Files.readAllLines(Path.of(task.get("valuesFile").asText()))) {
      values.add(line.getBytes(StandardCharsets.ISO_8859_1));
    }
    for (JsonNode key : task.get("keys")) keys.add(key.asText().getBytes(StandardCharsets.UTF_8));
    if (task.get("keysAndHeaders").asBoolean()) {
      throw new IllegalArgumentException("gives no headers");
    }
    producer =
        new KafkaProducer<>(properties(), new ByteArraySerializer(), new ByteArraySerializer());
  }

  private Properties properties() {
    JsonNode settings = task.get("settings");
    Properties properties = new Properties();
    properties.put("bootstrap.servers", join(task.get("brokers")));
    String caFile = task.get("caFile").asText();
    if (!caFile.isEmpty()) {
      properties.put("security.protocol", "SSL");
      properties.put("ssl.truststore.type", "PEM");
      properties.put("ssl.truststore.location", caFile);
    }
    properties.put("acks", settings.get("acks").asText());
    properties.put("enable.idempotence", settings.get("idempotence").asText());
    properties.put("compression.type", settings.get("compression").asText());
    if (recordsPerTransaction > 0) {
      properties.put("transactional.id", "java-bench-" + ProcessHandle.current().pid());
      properties.put("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS);
    }
    if (task.get("recommended").asBoolean()) return properties;
    properties.put("linger.ms", settings.get("lingerMs").asText());
    properties.put("batch.size", settings.get("batchSizeBytes").asText());
    properties.put("max.in.flight.requests.per.connection", settings.get("maxInFlight").asText());
    return properties;
  }

  private static String join(JsonNode texts) {
    return StreamSupport.stream(texts.spliterator(), false)
        .map(JsonNode::asText)
        .collect(Collectors.joining(","));
  }

  private void run() throws Exception {
    int before = phase(task.get("warmupRecords").asLong(), task.get("maxSeconds").asDouble());
    int warmup = measured();
    if (failure.get() != null) throw failure.get();
    report.put("version", AppInfoParser.getVersion());
    report.put("runtime", "java " + System.getProperty("java.version"));
    report.put("totalRecords", before + warmup + report.get("records").asInt());
    report.put("rssBytes", peakBytes());
    report.putNull("loopDelayP99Ms");
    System.out.println(json.writeValueAsString(report));
    System.out.flush();
  }

  /** Reports the measured phase; returns how many records warmed up right before it. */
  private int measured() {
    if (recordsPerTransaction > 0) return inTransactions();
    return task.get("ratePerSecond").asDouble() > 0 ? atRate() : atFullSpeed();
  }

  private int inTransactions() {
    TransactionLoop loop = new TransactionLoop(producer, recordsPerTransaction, this::record);
    int warmup = loop.run(Long.MAX_VALUE, task.get("warmupSeconds").asDouble()).length;
    long cpu = cpuMicros();
    long started = System.nanoTime();
    double[] latencies =
        loop.run(task.get("records").asLong(), task.get("maxSeconds").asDouble());
    tell(latencies.length * recordsPerTransaction, started, cpu);
    tellLatencies(latencies);
    report.putObject("figures").put("transactions", latencies.length);
    return warmup * recordsPerTransaction;
  }

  /** Bounded in count and time; returns how many records it was. `send` waits for room. */
  private int phase(long records, double seconds) {
    long deadline = System.nanoTime() + (long) (seconds * 1e9);
    int done = 0;
    while (done < records && System.nanoTime() < deadline) {
      long next = Math.min(done + SLICE_LENGTH, records);
      for (; done < next; done++) producer.send(record(done), onDelivery);
    }
    producer.flush();
    return done;
  }

  private int atFullSpeed() {
    int warmup = phase(Long.MAX_VALUE, task.get("warmupSeconds").asDouble());
    long cpu = cpuMicros();
    long started = System.nanoTime();
    int records = phase(task.get("records").asLong(), task.get("maxSeconds").asDouble());
    tell(records, started, cpu);
    return warmup;
  }

  /** Open loop: latency counts from the moment a record was due. Returns the warm-up's records. */
  private int atRate() {
    double rate = task.get("ratePerSecond").asDouble();
    int warmup = (int) Math.ceil(task.get("warmupSeconds").asDouble() * rate);
    long wanted = (long) Math.ceil(task.get("maxSeconds").asDouble() * rate);
    int records = (int) Math.min(task.get("records").asLong(), wanted);
    double[] latencies = new double[records];
    long cpu = 0;
    long measuredFrom = 0;
    long started = System.nanoTime();
    for (int number = 0; number < warmup + records; number++) {
      long due = started + (long) (number / rate * 1e9);
      for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
        LockSupport.parkNanos(wait);
      }
      if (number == warmup) {
        cpu = cpuMicros();
        measuredFrom = due;
      }
      int place = number - warmup;
      producer.send(
          record(number),
          (metadata, error) -> {
            if (place >= 0) latencies[place] = (System.nanoTime() - due) / 1e6;
            note(error);
          });
    }
    producer.flush();
    tell(records, measuredFrom, cpu);
    tellLatencies(latencies);
    return warmup;
  }

  private void tellLatencies(double[] latencies) {
    Arrays.sort(latencies);
    ObjectNode latency = report.putObject("latencyMs");
    latency.put("p50", at(latencies, 0.5));
    latency.put("p99", at(latencies, 0.99));
    latency.put("p999", at(latencies, 0.999));
    latency.put("max", at(latencies, 1));
  }

  private ProducerRecord<byte[], byte[]> record(int number) {
    byte[] key = keys.isEmpty() ? null : keys.get(number % keys.size());
    Integer partition = busyPartitions > 0 ? number % busyPartitions : null;
    return new ProducerRecord<>(topic, partition, key, values.get(number % values.size()));
  }

  private void note(Exception error) {
    if (error != null) failure.compareAndSet(null, error);
  }

  private void tell(int records, long startedNanos, long cpuBefore) {
    report.put("records", records);
    report.put("seconds", (System.nanoTime() - startedNanos) / 1e9);
    report.put("cpuMicros", cpuMicros() - cpuBefore);
  }

  private static double at(double[] sorted, double share) {
    return sorted[Math.min((int) (share * sorted.length), sorted.length - 1)];
  }

  private static long cpuMicros() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime()
        / 1_000;
  }

  /** The peak of the process's life, from /proc: on Linux only. */
  private static long peakBytes() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
    }
    return 0;
  }
}
