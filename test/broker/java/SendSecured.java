/*
 * Sends records with Kafka's own producer under several sets of settings, one after the other, and
 * prints a line for each: the name of the set and "sent", or the class and message of what was thrown.
 *
 *   java -cp <Kafka's jars> SendSecured <topic> <records> <pause in ms between them> <settings> …
 *
 * Settings are files of properties; the name of a set is its file's.
 *
 * Neighbour: test/testing/java-logs-in.broker.test.ts starts it against the test cluster.
 */
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

public class SendSecured {
  public static void main(String[] args) throws Exception {
    int count = Integer.parseInt(args[1]);
    long pauseMs = Long.parseLong(args[2]);
    for (int i = 3; i < args.length; i++) {
      Path file = Path.of(args[i]);
      System.out.println(file.getFileName() + " " + outcomeOf(file, args[0], count, pauseMs));
    }
  }

  private static String outcomeOf(Path file, String topic, int count, long pauseMs)
      throws Exception {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    }
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
      for (int i = 0; i < count; i++) {
        producer.send(new ProducerRecord<>(topic, file.getFileName() + "-" + i)).get();
        Thread.sleep(pauseMs);
      }
      return "sent";
    } catch (ExecutionException error) {
      Throwable cause = error.getCause();
      return cause.getClass().getSimpleName() + ": " + cause.getMessage();
    }
  }
}
