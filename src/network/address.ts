/**
 * Broker addresses as text: `host:port`, `192.0.2.7:9092`, `[2001:db8::7]:9092`.
 *
 * Not a resolver: no name is looked up here (tcp.ts does that, on every dial).
 *
 * Neighbours: options of the producer parse with it; messages and map keys are made with it.
 */
import { ConfigError } from '../errors.js'
import { hostFault } from '../host-fault.js'
import { cleanText } from './sasl/clean-text.js'
import type { Address } from './transport/transport.js'

const MAX_PORT = 65535
const MAX_QUOTED = 100

// 1: an IPv6 address within brackets; 2: a name or an IPv4 address; 3: the port
const HOST_AND_PORT = /^(?:\[([0-9A-Fa-f:.]+(?:%[^\]\s]+)?)\]|([^\s:/[\]]+)):(\d{1,5})$/

/**
 * Reads one bootstrap address. The port is required: Kafka has no default that one could rely on.
 * Throws ConfigError, which says what was given and how it should look, but shows nothing that may be
 * a password.
 */
export function parseAddress(text: string): Address {
  const match = HOST_AND_PORT.exec(text.trim())
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port < 1 || port > MAX_PORT || isUserAndHost(host)) {
    throw new ConfigError(`option brokers has ${misshapen(text.trim())}`)
  }
  const fault = hostFault(host)
  if (fault === undefined) return { host, port }
  throw new ConfigError(
    `option brokers has ${fault}; type it anew, for it may hold one that is not seen`,
  )
}

const isUserAndHost = (host: string): boolean => host.includes('@')

/** The first that is amiss, and its fix. */
function misshapen(text: string): string {
  if (text === '') return 'an empty address: leave out the comma or the entry that is too many'
  if (text.includes('@')) {
    const place = text.slice(text.lastIndexOf('@') + 1)
    return `the address ${quoted(`***@${place}`)} with a user or a password: give "host:port", and who logs in as option sasl`
  }
  const [scheme] = /^[a-z][a-z\d+.-]*:\/\//i.exec(text) ?? []
  if (scheme !== undefined) {
    return `an address that begins with ${quoted(scheme)}: leave that out, and give for example "localhost:9092"`
  }
  return (
    `the address ${quoted(text)}, which is not of the form "host:port" or "[ipv6]:port" ` +
    `with a port from 1 to ${MAX_PORT}; give for example "localhost:9092"`
  )
}

function quoted(text: string): string {
  return JSON.stringify(cleanText(text, MAX_QUOTED))
}

/** The inverse of `parseAddress`; equal addresses give equal text, so it serves as a map's key. */
export function formatAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}
