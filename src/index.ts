/**
 * Ottla: a Kafka producer for Node.js. The only public door.
 */
export { Producer } from './producer/producer.js'
export type { CloseOptions, PartitionInfo, SendOptions } from './producer/producer.js'
export type { ProducerOptions } from './producer/options.js'
export type { Headers, HeaderValue, ProducerRecord } from './producer/record.js'
export type { DeliveryCallback } from './producer/batch.js'
export type { RecordMetadata } from './producer/record-metadata.js'
export type { Partitioner, PartitionerInput } from './producer/partitioner.js'
export { bytes, float64, int32, int64, json, string } from './serialization/basic.js'
export type { Serialized, Serializer, Serializers } from './serialization/serializer.js'
export type { Logger, LogMethod } from './logger.js'
export { crc32cImplementation } from './protocol/crc32c.js'
export type { Crc32cImplementation } from './protocol/crc32c.js'
export { VERSION } from './version.js'
export * from './errors.js'
