/**
 * Broker addresses as text: `host:port`, `192.0.2.7:9092`, `[2001:db8::7]:9092`.
 *
 * Not a resolver: no name is looked up here (tcp.ts does that, on every dial).
 *
 * Neighbours: options of the producer parse with it; messages and map keys are made with it.
 */
import { ConfigError } from '../errors.js'
import type { Address } from './transport/transport.js'

const MAX_PORT = 65535

// 1: an IPv6 address within brackets; 2: a name or an IPv4 address; 3: the port
const HOST_AND_PORT = /^(?:\[([0-9A-Fa-f:.]+(?:%[^\]\s]+)?)\]|([^\s:/[\]]+)):(\d{1,5})$/

/**
 * Reads one bootstrap address. The port is required: Kafka has no default that one could rely on.
 * Throws ConfigError, which says what was given and how it should look.
 */
export function parseAddress(text: string): Address {
  const match = HOST_AND_PORT.exec(text.trim())
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port < 1 || port > MAX_PORT) {
    throw new ConfigError(
      `broker address ${JSON.stringify(text)} is not of the form "host:port" or "[ipv6]:port" ` +
        `with a port from 1 to ${MAX_PORT}; give for example "localhost:9092"`,
    )
  }
  return { host, port }
}

/** The inverse of `parseAddress`; equal addresses give equal text, so it serves as a map's key. */
export function formatAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}
