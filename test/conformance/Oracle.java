/*
 * Kafka's own codec behind a pipe, for tests that must not trust Ottla to judge its own bytes:
 *
 *   java -cp <Kafka's jars> Oracle.java
 *
 * Every line of stdin is a question, a JSON object with `op` and its arguments; every line of stdout
 * is the answer to the next question, `{"answer": …}`, or `{"error": "<exception>"}` where Kafka
 * refuses. Bytes travel as base64. Numbers are answered as strings: JavaScript's JSON has no int64.
 *
 *   encode          name version json [readVersion] [unknownTag]   -> bytes
 *   decode          name version bytes                             -> json
 *   headerVersions  apiKey version                                 -> request, response
 *   buildBatch      the fields of `buildBatch` below, records      -> bytes
 *   endMarker       the fields of `endMarker` below                -> bytes of a control batch
 *   parseBatches    bytes                                          -> batches with their records
 *   partitions      keys partitionCount                            -> murmur2 and partition of each
 *   errors                                                         -> every error code
 *
 * `name` is Kafka's, such as ProduceRequest. Written for the jars of Kafka 4.3.
 * Neighbours: oracle-process.ts starts it, oracle.ts gives the questions their types.
 */
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.compress.GzipCompression;
import org.apache.kafka.common.compress.Lz4Compression;
import org.apache.kafka.common.compress.ZstdCompression;
import org.apache.kafka.common.errors.InvalidMetadataException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.Readable;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.CloseableIterator;
import org.apache.kafka.common.utils.Utils;

public class Oracle {
  // Escaped, so that no text can break a line or fail to be UTF-8.
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(JsonWriteFeature.WRITE_NUMBERS_AS_STRINGS, JsonWriteFeature.ESCAPE_NON_ASCII)
          .build();

  public static void main(String[] args) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 16);
    OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.write(MAPPER.writeValueAsBytes(answer(line)));
      out.write('\n');
      if (!in.ready()) out.flush();
    }
    out.flush();
  }

  /** Whatever goes wrong is an answer too: the next question must find this process alive. */
  private static ObjectNode answer(String line) {
    ObjectNode reply = MAPPER.createObjectNode();
    try {
      return reply.set("answer", dispatch(MAPPER.readTree(line)));
    } catch (InvocationTargetException e) {
      return reply.put("error", e.getCause().toString());
    } catch (Throwable e) {
      return reply.put("error", e.toString());
    }
  }

  private static JsonNode dispatch(JsonNode question) throws Exception {
    String op = question.path("op").asText();
    return switch (op) {
      case "encode" -> encode(question);
      case "decode" -> decode(question);
      case "headerVersions" -> headerVersions(question);
      case "buildBatch" -> buildBatch(question);
      case "endMarker" -> endMarker(question);
      case "parseBatches" -> parseBatches(question);
      case "partitions" -> partitions(question);
      case "errors" -> errors();
      default -> throw new IllegalArgumentException("no such op: " + op);
    };
  }

  // Messages

  /** Reads the JSON as `readVersion` has it (default: the same) and writes it in `version`. */
  private static JsonNode encode(JsonNode question) throws Exception {
    short version = version(question);
    short readVersion = (short) question.path("readVersion").asInt(version);
    Message message =
        (Message)
            converterOf(question)
                .getMethod("read", JsonNode.class, short.class)
                .invoke(null, question.get("json"), readVersion);
    if (question.has("unknownTag")) {
      addToEveryStruct(message, new RawTaggedField(1000, bytes(question, "unknownTag")));
    }
    ObjectSerializationCache cache = new ObjectSerializationCache();
    ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
    message.write(new ByteBufferAccessor(buffer), cache, version);
    if (buffer.hasRemaining()) throw new IllegalStateException("size() and write() disagree");
    return BinaryNode.valueOf(buffer.array());
  }

  private static JsonNode decode(JsonNode question) throws Exception {
    short version = version(question);
    ByteBuffer buffer = ByteBuffer.wrap(bytes(question, "bytes"));
    Class<?> data = Class.forName(dataName(question));
    Object message =
        data.getConstructor(Readable.class, short.class)
            .newInstance(new ByteBufferAccessor(buffer), version);
    if (buffer.hasRemaining()) {
      throw new IllegalArgumentException(buffer.remaining() + " bytes are left over");
    }
    JsonNode json =
        (JsonNode)
            converterOf(question)
                .getMethod("write", data, short.class)
                .invoke(null, message, version);
    if (message instanceof ProduceRequestData request) addRecords(request, json);
    return json;
  }

  /** Kafka's JSON leaves the records' bytes out, and says only how many they are. */
  private static void addRecords(ProduceRequestData request, JsonNode json) {
    Iterator<JsonNode> topics = json.get("topicData").elements();
    for (ProduceRequestData.TopicProduceData topic : request.topicData()) {
      Iterator<JsonNode> partitions = topics.next().get("partitionData").elements();
      for (ProduceRequestData.PartitionProduceData partition : topic.partitionData()) {
        ObjectNode node = (ObjectNode) partitions.next();
        node.remove("recordsSizeInBytes");
        MemoryRecords records = (MemoryRecords) partition.records();
        node.put("records", records == null ? null : Utils.toArray(records.buffer()));
      }
    }
  }

  private static String dataName(JsonNode question) {
    return "org.apache.kafka.common.message." + question.get("name").asText() + "Data";
  }

  private static Class<?> converterOf(JsonNode question) throws ClassNotFoundException {
    return Class.forName(dataName(question) + "JsonConverter");
  }

  /** What a later version might say: a tagged field that nobody knows, in every struct. */
  private static void addToEveryStruct(Object value, RawTaggedField field) throws Exception {
    if (value instanceof Iterable<?> items) {
      for (Object item : items) addToEveryStruct(item, field);
    }
    if (!(value instanceof Message message)) return;
    message.unknownTaggedFields().add(field);
    for (Field member : value.getClass().getDeclaredFields()) {
      if (Modifier.isStatic(member.getModifiers())) continue;
      member.setAccessible(true);
      if (!isDefault(member.get(value))) addToEveryStruct(member.get(value), field);
    }
  }

  /** A tagged struct at its default is not written; with a field in it, it would be. */
  private static boolean isDefault(Object value) throws ReflectiveOperationException {
    return value instanceof Message
        && value.equals(value.getClass().getConstructor().newInstance());
  }

  private static JsonNode headerVersions(JsonNode question) {
    ApiKeys api = ApiKeys.forId(question.get("apiKey").asInt());
    short version = version(question);
    return MAPPER
        .createObjectNode()
        .put("request", api.requestHeaderVersion(version))
        .put("response", api.responseHeaderVersion(version));
  }

  // Record batches

  private static JsonNode buildBatch(JsonNode question) {
    TimestampType timestampType =
        question.has("logAppendTime") ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME;
    MemoryRecordsBuilder builder =
        MemoryRecords.builder(
            ByteBuffer.allocate(1024), // it grows
            RecordBatch.MAGIC_VALUE_V2,
            compressionOf(question),
            timestampType,
            question.path("baseOffset").asLong(0),
            question.path("logAppendTime").asLong(RecordBatch.NO_TIMESTAMP),
            question.path("producerId").asLong(RecordBatch.NO_PRODUCER_ID),
            (short) question.path("producerEpoch").asInt(RecordBatch.NO_PRODUCER_EPOCH),
            question.path("baseSequence").asInt(RecordBatch.NO_SEQUENCE),
            question.path("isTransactional").asBoolean(),
            false, // not a control batch
            question.path("partitionLeaderEpoch").asInt(RecordBatch.NO_PARTITION_LEADER_EPOCH));
    for (JsonNode record : question.get("records")) {
      builder.append(
          record.get("timestamp").asLong(),
          bytes(record, "key"),
          bytes(record, "value"),
          headersOf(record));
    }
    return BinaryNode.valueOf(Utils.toArray(builder.build().buffer()));
  }

  /** What the leader of a partition writes when a transaction ends. */
  private static JsonNode endMarker(JsonNode question) {
    ControlRecordType type =
        question.get("isCommit").asBoolean() ? ControlRecordType.COMMIT : ControlRecordType.ABORT;
    MemoryRecords records =
        MemoryRecords.withEndTransactionMarker(
            question.get("baseOffset").asLong(),
            question.get("timestamp").asLong(),
            question.get("partitionLeaderEpoch").asInt(),
            question.get("producerId").asLong(),
            (short) question.get("producerEpoch").asInt(),
            new EndTransactionMarker(type, question.get("coordinatorEpoch").asInt()));
    return BinaryNode.valueOf(Utils.toArray(records.buffer()));
  }

  private static Header[] headersOf(JsonNode record) {
    ArrayNode list = (ArrayNode) record.get("headers");
    Header[] headers = new Header[list.size()];
    for (int i = 0; i < headers.length; i++) {
      JsonNode header = list.get(i);
      headers[i] = new RecordHeader(header.get("name").asText(), bytes(header, "value"));
    }
    return headers;
  }

  private static Compression compressionOf(JsonNode question) {
    String name = question.path("compression").asText("none");
    if (!question.has("level")) return Compression.of(name).build();
    int level = question.get("level").asInt();
    Compression.Builder<?> builder = Compression.of(name);
    if (builder instanceof GzipCompression.Builder gzip) return gzip.level(level).build();
    if (builder instanceof Lz4Compression.Builder lz4) return lz4.level(level).build();
    if (builder instanceof ZstdCompression.Builder zstd) return zstd.level(level).build();
    throw new IllegalArgumentException(name + " has no level");
  }

  /** Checks every batch as a broker does (lengths, magic, CRC, counts) and reads its records. */
  private static JsonNode parseBatches(JsonNode question) {
    byte[] bytes = bytes(question, "bytes");
    ArrayNode batches = MAPPER.createArrayNode();
    int sizeBytes = 0;
    for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches()) {
      batch.ensureValid();
      batches.add(jsonOf((DefaultRecordBatch) batch));
      sizeBytes += batch.sizeInBytes();
    }
    if (sizeBytes != bytes.length) {
      throw new IllegalArgumentException("whole batches take " + sizeBytes + " of " + bytes.length);
    }
    return batches;
  }

  private static ObjectNode jsonOf(DefaultRecordBatch batch) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("baseOffset", batch.baseOffset());
    json.put("partitionLeaderEpoch", batch.partitionLeaderEpoch());
    json.put("codecId", batch.compressionType().id);
    json.put("hasLogAppendTime", batch.timestampType() == TimestampType.LOG_APPEND_TIME);
    json.put("isTransactional", batch.isTransactional());
    json.put("isControl", batch.isControlBatch());
    json.put("lastOffsetDelta", (int) (batch.lastOffset() - batch.baseOffset()));
    json.put("baseTimestamp", batch.baseTimestamp());
    json.put("maxTimestamp", batch.maxTimestamp());
    json.put("producerId", batch.producerId());
    json.put("producerEpoch", batch.producerEpoch());
    json.put("baseSequence", batch.baseSequence());
    json.put("recordCount", batch.countOrNull());
    json.put("sizeBytes", batch.sizeInBytes());
    ArrayNode records = json.putArray("records");
    try (CloseableIterator<Record> it = batch.streamingIterator(BufferSupplier.NO_CACHING)) {
      while (it.hasNext()) records.add(jsonOf(it.next()));
    }
    return json;
  }

  private static ObjectNode jsonOf(Record record) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("offset", record.offset());
    json.put("timestamp", record.timestamp());
    json.put("key", record.hasKey() ? Utils.toArray(record.key()) : null);
    json.put("value", record.hasValue() ? Utils.toArray(record.value()) : null);
    ArrayNode headers = json.putArray("headers");
    for (Header header : record.headers()) {
      headers.addObject().put("name", header.key()).put("value", header.value());
    }
    return json;
  }

  // Keys

  private static JsonNode partitions(JsonNode question) throws IOException {
    int partitionCount = question.get("partitionCount").asInt();
    ArrayNode answer = MAPPER.createArrayNode();
    for (JsonNode node : question.get("keys")) {
      byte[] key = node.binaryValue();
      answer
          .addObject()
          .put("murmur2", Utils.murmur2(key))
          .put("partition", BuiltInPartitioner.partitionForKey(key, partitionCount));
    }
    return answer;
  }

  // Errors

  private static JsonNode errors() {
    ArrayNode answer = MAPPER.createArrayNode();
    for (Errors error : Errors.values()) {
      answer
          .addObject()
          .put("code", error.code())
          .put("name", error.name())
          .put("retriable", error.exception() instanceof RetriableException)
          .put("refreshesMetadata", error.exception() instanceof InvalidMetadataException);
    }
    return answer;
  }

  // Arguments

  private static short version(JsonNode question) {
    return (short) question.get("version").asInt();
  }

  private static byte[] bytes(JsonNode object, String field) {
    try {
      return object.get(field).isNull() ? null : object.get(field).binaryValue();
    } catch (IOException e) {
      throw new IllegalArgumentException(field + " is not base64", e);
    }
  }
}
