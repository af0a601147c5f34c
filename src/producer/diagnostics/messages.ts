/**
 * What a producer publishes on diagnostics channels of batches, requests and connections. These names
 * and fields are public: docs/tracing.md has them.
 *
 * Neighbours: channels.ts has the channels, diagnostics-observer.ts publishes; send-channel.ts tells of
 * sends.
 */
import type { OttlaError } from '../../errors.js'

/** A batch: the records of one partition that travel, and are answered, together. */
export interface BatchMessage {
  /** The producer's. */
  readonly clientId: string
  readonly topic: string
  readonly partition: number
  /** Node id of the partition's leader; -1 while it has none. */
  readonly leader: number
  readonly recordCount: number
  /** As it travels: compressed, with its header. */
  readonly sizeBytes: number
  /** How often it was sent. */
  readonly attempts: number
  /** Since it was made for its first record; by a clock that stands still while the program keeps the loop busy. */
  readonly latencyMs: number
}

/** A batch of which no record is acknowledged. */
export interface FailedBatchMessage extends BatchMessage {
  /** Of its first record; the others differ at most in the text. */
  readonly error: OttlaError
}

/** A Produce request. */
export interface RequestMessage {
  readonly clientId: string
  /** Node id of the broker. */
  readonly nodeId: number
  /** Of the Produce API. */
  readonly version: number
  readonly batchCount: number
  readonly recordCount: number
  /** Of its batches. */
  readonly sizeBytes: number
}

/** A Produce request whose answer has come. */
export interface AnsweredRequestMessage extends RequestMessage {
  /** From sending to answer. */
  readonly latencyMs: number
}

/** A Produce request whose answer will never come. */
export interface LostRequestMessage extends RequestMessage {
  /** A ConnectionError, as a rule: what happened to its connection. */
  readonly error: OttlaError
}

/** A broker asks for a pause, because of a quota (KIP-219). */
export interface ThrottledMessage {
  readonly clientId: string
  readonly nodeId: number
  readonly pauseMs: number
}

/** A connection for producing. */
export interface ConnectionMessage {
  readonly clientId: string
  readonly nodeId: number
}

/** A connection that was lost, or could not be opened. */
export interface LostConnectionMessage extends ConnectionMessage {
  readonly error: OttlaError
}

/** What is published on each channel, by its name. */
export interface DiagnosticsMessages {
  /** Every record of the batch is in the log. */
  'ottla:batch:acknowledged': BatchMessage
  /** No record of the batch is acknowledged. */
  'ottla:batch:failed': FailedBatchMessage
  /** The broker found the batch too large: smaller ones take its place. */
  'ottla:batch:split': BatchMessage
  /** The request was handed to its connection. */
  'ottla:request:sent': RequestMessage
  'ottla:request:answered': AnsweredRequestMessage
  'ottla:request:lost': LostRequestMessage
  'ottla:request:throttled': ThrottledMessage
  'ottla:connection:opened': ConnectionMessage
  'ottla:connection:lost': LostConnectionMessage
}
