/**
 * The channels of `node:diagnostics_channel` on which a producer tells of batches, requests and
 * connections, by their names: the one table of them.
 *
 * Neighbours: messages.ts has what is published, diagnostics-observer.ts publishes.
 */
import { channel, type Channel } from 'node:diagnostics_channel'
import type { DiagnosticsMessages } from './messages.js'

/** A channel with the type of its messages. */
type TypedChannel<Message> = Pick<Channel, 'hasSubscribers'> & { publish(message: Message): void }

type Channels = {
  readonly [Name in keyof DiagnosticsMessages]: TypedChannel<DiagnosticsMessages[Name]>
}

export const CHANNELS: Channels = {
  'ottla:batch:acknowledged': channel('ottla:batch:acknowledged'),
  'ottla:batch:failed': channel('ottla:batch:failed'),
  'ottla:batch:split': channel('ottla:batch:split'),
  'ottla:request:sent': channel('ottla:request:sent'),
  'ottla:request:answered': channel('ottla:request:answered'),
  'ottla:request:lost': channel('ottla:request:lost'),
  'ottla:request:throttled': channel('ottla:request:throttled'),
  'ottla:connection:opened': channel('ottla:connection:opened'),
  'ottla:connection:lost': channel('ottla:connection:lost'),
}
