/*
 * The chaos run's program for Kafka's own producer, at its defaults but for what the task says:
 *
 *   java -cp <Kafka's jars> ChaosProducer <task file>
 *
 * Neighbour: ../peers/program.ts says what such a program does, and draws the lines it writes.
 */
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.FileWriter;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class ChaosProducer {
  public static void main(String[] args) throws Exception {
    JsonNode task = new ObjectMapper().readTree(new File(args[0]));
    String topic = task.get("topic").asText();
    int partitions = task.get("partitions").asInt();
    int rate = task.get("recordsPerSecond").asInt();
    int total = (int) (task.get("durationMs").asLong() * rate / 1000);
    int valueBytes = task.get("valueBytes").asInt();
    CountDownLatch open = new CountDownLatch(total);
    BufferedWriter out = new BufferedWriter(new FileWriter(task.get("outputFile").asText()));
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties(task), new ByteArraySerializer(), new ByteArraySerializer());
    producer.partitionsFor(topic);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    System.out.println("ready");
    String line = in.readLine();
    while (line != null && !line.equals("go")) line = in.readLine();
    if (line == null) System.exit(1);
    Thread watch = new Thread(() -> endWith(in));
    watch.setDaemon(true);
    watch.start();
    long start = System.currentTimeMillis();
    for (int number = 0; number < total; number++) {
      long due = start + number * 1000L / rate;
      long wait = due - System.currentTimeMillis();
      if (wait > 0) Thread.sleep(wait);
      send(producer, topic, number, number % partitions, valueBytes, due, out, open);
    }
    open.await(task.get("deliveryTimeoutMs").asLong() + 15_000, TimeUnit.MILLISECONDS);
    synchronized (out) {
      out.flush();
    }
    System.out.println("done");
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private static void endWith(BufferedReader in) {
    try {
      while (in.readLine() != null) continue;
    } catch (java.io.IOException error) {
      // whoever started us is gone
    }
    Runtime.getRuntime().halt(1);
  }

  private static Properties properties(JsonNode task) {
    Properties properties = new Properties();
    String bootstrap =
        StreamSupport.stream(task.get("bootstrap").spliterator(), false)
            .map(JsonNode::asText)
            .collect(Collectors.joining(","));
    properties.put("bootstrap.servers", bootstrap);
    properties.put("acks", "all");
    properties.put("enable.idempotence", task.get("idempotence").asText());
    properties.put("delivery.timeout.ms", task.get("deliveryTimeoutMs").asText());
    if (task.hasNonNull("login")) secure(properties, task.get("login"));
    return properties;
  }

  private static void secure(Properties properties, JsonNode login) {
    properties.put("security.protocol", "SASL_SSL");
    properties.put("ssl.truststore.type", "PEM");
    properties.put("ssl.truststore.location", login.get("caFile").asText());
    properties.put("sasl.mechanism", login.get("mechanism").asText());
    properties.put(
        "sasl.jaas.config",
        String.format(
            "org.apache.kafka.common.security.scram.ScramLoginModule required"
                + " username=\"%s\" password=\"%s\";",
            login.get("username").asText(), login.get("password").asText()));
  }

  private static void send(
      KafkaProducer<byte[], byte[]> producer, String topic, int number, int partition,
      int valueBytes, long due, BufferedWriter out, CountDownLatch open) {
    byte[] value = new byte[valueBytes];
    Arrays.fill(value, (byte) '.');
    byte[] digits = String.format("%010d", number).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(digits, 0, value, 0, digits.length);
    producer.send(
        new ProducerRecord<>(topic, partition, null, value),
        (metadata, error) -> {
          String what =
              error == null
                  ? "ok " + metadata.partition() + " " + metadata.offset()
                  : "failed - " + error.getClass().getSimpleName();
          try {
            synchronized (out) {
              out.write(number + " " + due + " " + System.currentTimeMillis() + " " + what + "\n");
            }
          } catch (java.io.IOException ignored) {
            Runtime.getRuntime().halt(2);
          }
          open.countDown();
        });
  }
}
