/*
 * Reads a topic from its beginning to the end offsets of the moment, with Kafka's own consumer, for
 * tests that must not trust Ottla to judge what Ottla wrote:
 *
 *   java -cp <Kafka's jars> ReadTopic <bootstrap> <topic> <isolation level> records|summary \
 *     [<partition>:<first offset>-<offset after the last> …]
 *
 * With ranges it reads these alone, each until the consumer's position is past it: at read_committed
 * that is when every transaction in it is decided. An offset that is no longer there is an error.
 *
 * `records` prints every record in binary (all numbers big-endian; a length of -1 is null):
 *   int32 partition | int64 offset | int64 timestamp | int8 timestamp type | key | value |
 *   int32 header count | per header: name, value          each of these: int32 length, bytes
 * and before each record its size in bytes as an int32.
 *
 * `summary` prints one line per partition, for topics too large to be carried over a pipe:
 *   partition count first-offset last-offset gaps crc32
 * where gaps counts the records whose offset does not follow their predecessor's, and crc32 runs
 * over the bytes of every key and value, in order.
 *
 * Neighbour: read-topic.ts starts it and reads what it prints.
 */
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class ReadTopic {
  public static void main(String[] args) throws IOException {
    DataOutputStream out =
        new DataOutputStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16));
    List<String> ranges = List.of(args).subList(4, args.length);
    Sink sink = args[3].equals("summary") ? new Summary(out) : new Records(out);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            properties(args[0], args[2], !ranges.isEmpty()),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> all = partitionsOf(consumer, args[1]);
      if (ranges.isEmpty()) readAll(consumer, all, sink);
      else readRanges(consumer, args[1], ranges, sink);
    }
    sink.end();
    out.flush();
  }

  private static Properties properties(
      String bootstrap, String isolationLevel, boolean isOfRanges) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put("isolation.level", isolationLevel);
    properties.put("enable.auto.commit", "false");
    properties.put("allow.auto.create.topics", "false");
    properties.put("max.poll.records", "10000");
    properties.put("check.crcs", "true");
    if (isOfRanges) properties.put("auto.offset.reset", "none");
    return properties;
  }

  private static List<TopicPartition> partitionsOf(
      KafkaConsumer<byte[], byte[]> consumer, String topic) {
    List<PartitionInfo> found = consumer.partitionsFor(topic);
    // Null before Kafka 4, empty since.
    if (found == null || found.isEmpty()) {
      throw new IllegalArgumentException("there is no topic '" + topic + "'");
    }
    return found.stream().map(it -> new TopicPartition(topic, it.partition())).toList();
  }

  /** The position, unlike the last record's offset, also moves past a transaction's markers. */
  private static void readAll(
      KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Sink sink)
      throws IOException {
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    readTo(consumer, consumer.endOffsets(partitions), sink);
  }

  private static void readRanges(
      KafkaConsumer<byte[], byte[]> consumer, String topic, List<String> ranges, Sink sink)
      throws IOException {
    Map<TopicPartition, Long> starts = new HashMap<>();
    Map<TopicPartition, Long> ends = new HashMap<>();
    for (String range : ranges) {
      String[] parts = range.split("[:-]");
      TopicPartition partition = new TopicPartition(topic, Integer.parseInt(parts[0]));
      starts.put(partition, Long.parseLong(parts[1]));
      ends.put(partition, Long.parseLong(parts[2]));
    }
    consumer.assign(ends.keySet());
    starts.forEach(consumer::seek);
    readTo(consumer, ends, sink);
  }

  private static void readTo(
      KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends, Sink sink)
      throws IOException {
    for (TopicPartition partition : ends.keySet()) sink.partition(partition.partition());
    while (ends.keySet().stream().anyMatch(it -> consumer.position(it) < ends.get(it))) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
        if (record.offset() < ends.get(new TopicPartition(record.topic(), record.partition()))) {
          sink.record(record);
        }
      }
    }
  }

  private interface Sink {
    /** Tells of a partition before its records; it may have none. */
    void partition(int partition);

    void record(ConsumerRecord<byte[], byte[]> record) throws IOException;

    void end() throws IOException;
  }

  private static final class Records implements Sink {
    private final DataOutputStream out;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream body = new DataOutputStream(bytes);

    Records(DataOutputStream out) {
      this.out = out;
    }

    public void partition(int partition) {}

    public void record(ConsumerRecord<byte[], byte[]> record) throws IOException {
      bytes.reset();
      body.writeInt(record.partition());
      body.writeLong(record.offset());
      body.writeLong(record.timestamp());
      body.writeByte(record.timestampType().id);
      writeBytes(record.key());
      writeBytes(record.value());
      Header[] headers = record.headers().toArray();
      body.writeInt(headers.length);
      for (Header header : headers) {
        writeBytes(header.key().getBytes(StandardCharsets.UTF_8));
        writeBytes(header.value());
      }
      out.writeInt(bytes.size());
      bytes.writeTo(out);
    }

    public void end() {}

    private void writeBytes(byte[] value) throws IOException {
      body.writeInt(value == null ? -1 : value.length);
      if (value != null) body.write(value);
    }
  }

  private static final class Summary implements Sink {
    private final DataOutputStream out;
    private final Map<Integer, Tally> tallies = new TreeMap<>();

    Summary(DataOutputStream out) {
      this.out = out;
    }

    public void partition(int partition) {
      tallies.put(partition, new Tally());
    }

    public void record(ConsumerRecord<byte[], byte[]> record) {
      tallies.get(record.partition()).add(record);
    }

    public void end() throws IOException {
      for (Map.Entry<Integer, Tally> entry : tallies.entrySet()) {
        out.writeBytes(entry.getKey() + " " + entry.getValue() + "\n");
      }
    }
  }

  private static final class Tally {
    private long count = 0;
    private long first = -1;
    private long last = -1;
    private long gaps = 0;
    private final CRC32 crc = new CRC32();

    void add(ConsumerRecord<byte[], byte[]> record) {
      if (count++ == 0) first = record.offset();
      else if (record.offset() != last + 1) gaps++;
      last = record.offset();
      if (record.key() != null) crc.update(record.key());
      if (record.value() != null) crc.update(record.value());
    }

    @Override
    public String toString() {
      return count + " " + first + " " + last + " " + gaps + " " + crc.getValue();
    }
  }
}
