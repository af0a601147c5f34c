/*
 * Sends records with Kafka's own producer until a plug-in has received three pushes of its metrics
 * (TelemetryReceiver.java), for 60 s at the most:
 *
 *   java -cp <Kafka's jars> PushMetrics <bootstrap> <topic> <client id> <file of the plug-in>
 *
 * Prints the client instance id.
 */
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

public class PushMetrics {
  private static final int PUSHES = 3;
  private static final int ATTEMPTS = 600;

  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    properties.put("client.id", args[2]);
    StringSerializer strings = new StringSerializer();
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(properties, strings, strings)) {
      producer.send(new ProducerRecord<>(args[1], "first")).get();
      System.out.println(producer.clientInstanceId(Duration.ofSeconds(60)));
      for (int i = 0; i < ATTEMPTS && pushes(Path.of(args[3]), args[2]) < PUSHES; i++) {
        producer.send(new ProducerRecord<>(args[1], "another")).get();
        Thread.sleep(100);
      }
    }
  }

  private static long pushes(Path file, String clientId) throws Exception {
    if (!Files.exists(file)) return 0;
    try (var lines = Files.lines(file)) {
      return lines.filter(line -> line.startsWith(clientId + " ")).count();
    }
  }
}
