/*
 * Logs in with Kafka's own producer, once for each file of settings, and writes one record each:
 *
 *   java -cp <Kafka's jars> LogIn <topic> <file.properties> …
 *
 * Prints a line for each, in order: `ok`, or the class of the exception and its message. A setting
 * whose name begins with `system.` is made a property of the JVM, without that.
 *
 * Neighbour: secured/java-client.ts starts it and reads what it prints.
 */
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

public class LogIn {
  private static final String SYSTEM = "system.";

  public static void main(String[] args) throws Exception {
    for (int i = 1; i < args.length; i++) {
      System.out.println(outcome(args[0], properties(Path.of(args[i]))).replace('\n', ' '));
    }
  }

  private static Properties properties(Path file) throws Exception {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
    }
    for (String name : properties.stringPropertyNames()) {
      if (!name.startsWith(SYSTEM)) continue;
      System.setProperty(name.substring(SYSTEM.length()), properties.getProperty(name));
      properties.remove(name);
    }
    return properties;
  }

  private static String outcome(String topic, Properties properties) {
    StringSerializer strings = new StringSerializer();
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(properties, strings, strings)) {
      String key = properties.getProperty("client.id");
      producer.send(new ProducerRecord<>(topic, key, "0")).get(30, TimeUnit.SECONDS);
      return "ok";
    } catch (ExecutionException error) {
      return said(error.getCause());
    } catch (Exception error) {
      return said(error);
    }
  }

  private static String said(Throwable error) {
    return error.getClass().getSimpleName() + ": " + error.getMessage();
  }
}
