/**
 * Ottla: a Kafka producer for Node.js. The package's main entry.
 */
export { Producer } from './producer/producer.js'
export type {
  ClientInstanceIdOptions,
  CloseOptions,
  PartitionInfo,
  SendOptions,
} from './producer/producer.js'
export type { ProducerOptions } from './producer/options/options.js'
export { TransactionalProducer } from './producer/transactional/transactional-producer.js'
export type { BeginOptions, RunOptions } from './producer/transactional/transactional-producer.js'
export { TransactionalPool } from './producer/transactional/transactional-pool.js'
export type { TransactionalPoolOptions } from './producer/transactional/transactional-pool.js'
export type { TransactionalProducerOptions } from './producer/transactional/transactional-options.js'
export type { EndOptions, Transaction } from './producer/transactional/transaction.js'
export type { TransactionStateName } from './producer/transactions/transaction-state.js'
export type {
  ConsumerGroupMetadata,
  OffsetToCommit,
} from './producer/coordinating/consumer-group.js'
export type { TlsInput, TlsOption, TlsOptions } from './tls/tls-options.js'
export type { ProducerRecord } from './producer/records/record.js'
export type { RecordWriteStream } from './producer/streams/record-write-stream.js'
export type { SendEachOptions, SendEachResult } from './producer/streams/send-each.js'
export type {
  MappedStreamOptions,
  RecordStreamOptions,
  ValueStreamOptions,
} from './producer/streams/stream-options.js'
export type { DeliveryCallback } from './producer/records/delivery-callback.js'
export type { CompressionOption } from './producer/preparing/compression-policy.js'
export type { CompressionChoice } from './producer/preparing/auto-compression.js'
export type {
  BrokerMetrics,
  ConnectionMetrics,
  MetricsHistogram,
  ProducerMetrics,
  TopicMetrics,
  TransactionMetrics,
} from './producer/metrics.js'
export type {
  HealthFailure,
  HealthStatus,
  OverduePartition,
  ProducerHealth,
} from './producer/health.js'
export type {
  InterceptedOutcome,
  Interceptor,
  SendCall,
} from './producer/intercepting/interceptor.js'
export type { SendChannelContext } from './producer/diagnostics/send-channel.js'
export type {
  AnsweredRequestMessage,
  BatchMessage,
  ConnectionMessage,
  DiagnosticsMessages,
  FailedBatchMessage,
  LostConnectionMessage,
  LostRequestMessage,
  RequestMessage,
  ThrottledMessage,
} from './producer/diagnostics/messages.js'
export type { PlainRecordMetadata, RecordMetadata } from './record-metadata.js'
export type { Partitioner, PartitionerInput } from './producer/partitioning/partitioner.js'
export { bytes, float64, int32, int64, json, string } from './serialization/basic.js'
export type { Headers, HeaderValue } from './serialization/headers.js'
export type {
  Serialized,
  Serializer,
  SerializerContext,
  Serializers,
} from './serialization/serializer.js'
export { mskIamToken } from './network/sasl/msk-iam-token.js'
export type { AwsCredentials, MskIamTokenOptions } from './network/sasl/msk-iam-token.js'
export { oidcToken } from './network/sasl/oidc-token.js'
export type { OidcAssertionOptions, OidcTokenOptions } from './network/sasl/oidc-options.js'
export type { TokenFetch, TokenRequest, TokenResponse } from './network/sasl/token-request.js'
export type { SaslAuthenticate, SaslAuthenticateContext } from './network/sasl/custom.js'
export type { SaslCredential } from './network/sasl/credentials.js'
export type { SaslToken, SaslTokenContext, SaslTokenFunction } from './network/sasl/oauth-token.js'
export type {
  SaslCustomOptions,
  SaslOptions,
  SaslPasswordOptions,
  SaslTokenOptions,
} from './network/sasl/sasl-options.js'
export type { Logger, LogMethod, NestLogger, NestLogMethod } from './logger.js'
export { crc32cImplementation } from './protocol/crc32c.js'
export type { Crc32cImplementation } from './protocol/crc32c.js'
export { VERSION } from './version.js'
export * from './errors.js'
