/*
 * A telemetry plug-in for brokers (KIP-714): writes each push to a file, a line each:
 *
 *   <client id> <client instance id> <true where it is the last> <content type> <base64 of the metrics>
 *
 * Settings of the broker: metric.reporters=TelemetryReceiver, ottla.telemetry.file=<path>.
 *
 * Neighbours: telemetry.ts compiles it, and reads the file.
 */
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricsReporter;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.telemetry.ClientTelemetry;
import org.apache.kafka.server.telemetry.ClientTelemetryPayload;
import org.apache.kafka.server.telemetry.ClientTelemetryReceiver;

public class TelemetryReceiver implements MetricsReporter, ClientTelemetry, ClientTelemetryReceiver {
  private Path file;

  @Override
  public void configure(Map<String, ?> settings) {
    file = Path.of(String.valueOf(settings.get("ottla.telemetry.file")));
  }

  @Override
  public ClientTelemetryReceiver clientReceiver() {
    return this;
  }

  @Override
  public synchronized void exportMetrics(
      AuthorizableRequestContext context, ClientTelemetryPayload payload) {
    ByteBuffer data = payload.data();
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    String line =
        String.join(
                " ",
                context.clientId(),
                payload.clientInstanceId().toString(),
                String.valueOf(payload.isTerminating()),
                payload.contentType(),
                Base64.getEncoder().encodeToString(bytes))
            + "\n";
    try {
      Files.write(
          file,
          line.getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  @Override
  public void init(List<KafkaMetric> metrics) {}

  @Override
  public void metricChange(KafkaMetric metric) {}

  @Override
  public void metricRemoval(KafkaMetric metric) {}

  @Override
  public void close() {}
}
