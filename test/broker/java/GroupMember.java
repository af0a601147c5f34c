/*
 * A member of a consumer group, with Kafka's own consumer:
 *
 *   java -cp <Kafka's jars> GroupMember <bootstrap> <group> <topic> classic|consumer
 *
 * It joins, prints `<generation or member epoch> <member id>` once it has all of the topic's partitions,
 * and stays a member until its input ends.
 *
 * Neighbour: group-member.ts starts it.
 */
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class GroupMember {
  public static void main(String[] args) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    properties.put("group.id", args[1]);
    properties.put("enable.auto.commit", "false");
    if (args[3].equals("consumer")) properties.put("group.protocol", "consumer");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      int partitions = consumer.partitionsFor(args[2]).size();
      consumer.subscribe(List.of(args[2]));
      // Told to leave, or whoever started us is gone.
      Thread leaving = new Thread(() -> untilEnd(consumer), "until the input ends");
      leaving.setDaemon(true);
      leaving.start();
      stay(consumer, partitions);
    } catch (WakeupException leave) {
      // closed by now, which leaves the group
    }
  }

  private static void untilEnd(KafkaConsumer<byte[], byte[]> consumer) {
    try {
      while (System.in.read() >= 0) {}
    } catch (IOException ended) {
      // likewise
    }
    consumer.wakeup();
  }

  private static void stay(KafkaConsumer<byte[], byte[]> consumer, int partitions) {
    for (boolean isTold = false; ; ) {
      consumer.poll(Duration.ofMillis(100));
      if (isTold || consumer.assignment().size() < partitions) continue;
      ConsumerGroupMetadata metadata = consumer.groupMetadata();
      System.out.println(metadata.generationId() + " " + metadata.memberId());
      isTold = true;
    }
  }
}
