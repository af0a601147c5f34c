/*
 * Transactions of one size with Kafka's own producer, one after the other on one thread, as the
 * documentation of KafkaProducer has it: without callbacks, for commitTransaction throws where a
 * record failed.
 *
 * Neighbour: BenchProducer.java makes the producer and reports.
 */
import java.util.Arrays;
import java.util.function.IntFunction;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

final class TransactionLoop {
  private final KafkaProducer<byte[], byte[]> producer;
  private final int size;
  private final IntFunction<ProducerRecord<byte[], byte[]>> recordOf;

  /** The producer has a transactional id and is not initialized. */
  TransactionLoop(
      KafkaProducer<byte[], byte[]> producer,
      int size,
      IntFunction<ProducerRecord<byte[], byte[]>> recordOf) {
    this.producer = producer;
    this.size = size;
    this.recordOf = recordOf;
    producer.initTransactions();
  }

  /** Bounded in records and time; returns each transaction's latency, begin to commit, in ms. */
  double[] run(long records, double seconds) {
    long deadline = System.nanoTime() + (long) (seconds * 1e9);
    double[] latencies = new double[1024];
    int count = 0;
    for (int from = 0; from < records && System.nanoTime() < deadline; from += size) {
      if (count == latencies.length) latencies = Arrays.copyOf(latencies, 2 * count);
      latencies[count++] = transact(from);
    }
    return Arrays.copyOf(latencies, count);
  }

  private double transact(int from) {
    long begun = System.nanoTime();
    producer.beginTransaction();
    for (int number = from; number < from + size; number++) producer.send(recordOf.apply(number));
    producer.commitTransaction();
    return (System.nanoTime() - begun) / 1e6;
  }
}
