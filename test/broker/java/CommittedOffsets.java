/*
 * Prints what a consumer group has committed for a topic, as Kafka's own clients see it:
 *
 *   java -cp <Kafka's jars> CommittedOffsets <bootstrap> <group> <topic> stable|now
 *
 * `stable` asks as a consumer does that begins: it waits until no transaction has offsets of the group
 * undecided (KIP-447). `now` asks as an admin does, and is told what was committed before.
 *
 * One line for each partition that has a committed offset:
 *   partition offset leader-epoch|- metadata        the metadata as a URL is encoded
 *
 * Neighbour: transactions.ts starts it and reads what it prints.
 */
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class CommittedOffsets {
  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    Map<TopicPartition, OffsetAndMetadata> committed =
        args[3].equals("stable")
            ? stable(properties, args[1], args[2])
            : now(properties, args[1]);
    Map<Integer, String> lines = new TreeMap<>();
    committed.forEach(
        (partition, offset) -> {
          if (offset == null || !partition.topic().equals(args[2])) return;
          lines.put(partition.partition(), line(offset));
        });
    lines.forEach((partition, line) -> System.out.println(partition + " " + line));
  }

  private static Map<TopicPartition, OffsetAndMetadata> stable(
      Properties properties, String group, String topic) {
    properties.put("group.id", group);
    properties.put("enable.auto.commit", "false");
    properties.put("allow.auto.create.topics", "false");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      Set<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(it -> new TopicPartition(topic, it.partition()))
              .collect(Collectors.toSet());
      return new HashMap<>(consumer.committed(partitions));
    }
  }

  private static Map<TopicPartition, OffsetAndMetadata> now(Properties properties, String group)
      throws Exception {
    try (Admin admin = Admin.create(properties)) {
      return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    }
  }

  private static String line(OffsetAndMetadata committed) {
    String epoch = committed.leaderEpoch().map(String::valueOf).orElse("-");
    String metadata = URLEncoder.encode(committed.metadata(), StandardCharsets.UTF_8);
    return committed.offset() + " " + epoch + " " + metadata;
  }
}
