/*
 * Where the partitioner of Kafka's own producer puts keys:
 *
 *   java -cp <Kafka's jars> PartitionOf.java <partitions> <key> …    -> a partition on each line
 *
 * Neighbour: read-back.ts runs it.
 */
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

public class PartitionOf {
  public static void main(String[] args) {
    int partitions = Integer.parseInt(args[0]);
    for (int i = 1; i < args.length; i++) {
      byte[] key = args[i].getBytes(StandardCharsets.UTF_8);
      System.out.println(BuiltInPartitioner.partitionForKey(key, partitions));
    }
  }
}
