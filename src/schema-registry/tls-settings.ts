/**
 * TLS settings as Node's Agent takes them, checked once: a certificate that cannot be read is an error
 * of the constructor, not of the first record.
 *
 * Neighbours: resolve-registry-options.ts asks; http-channel.ts uses them.
 */
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { isBytes } from '../any-bytes.js'
import { ConfigError } from '../errors.js'
import { checkNames, isObject } from './option-checks.js'
import type { RegistryTlsOptions } from './registry-options.js'

/** By Node's names. */
export interface TlsSettings extends SecureContextOptions {
  servername?: string
  rejectUnauthorized?: boolean
}

const NAMES = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'servername',
  'rejectUnauthorized',
] as const

/** @throws ConfigError; no message shows a value, for it may be a secret in the wrong place */
export function tlsSettings(options: RegistryTlsOptions | undefined): TlsSettings {
  if (options === undefined) return {}
  if (!isObject(options)) throw new ConfigError('option tls: give an object, e.g. { ca: pem }')
  checkNames('option tls', options, NAMES)
  const settings: Record<string, unknown> = {}
  for (const name of NAMES) {
    const value = options[name]
    if (value === undefined) continue
    settings[name] = Array.isArray(value) ? value.map((it) => bytesOf(name, it)) : bytesOf(name, value) // prettier-ignore
  }
  try {
    createSecureContext(settings)
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown'
    throw new ConfigError(`option tls: its certificates or keys cannot be used: ${why}`)
  }
  return settings
}

function bytesOf(name: string, value: unknown): unknown {
  if (name === 'rejectUnauthorized') {
    if (typeof value === 'boolean') return value
  } else if (typeof value === 'string' && value !== '') return value
  else if (isBytes(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  const takes = name === 'rejectUnauthorized' ? 'true or false' : 'text or bytes (the content, not a path)' // prettier-ignore
  throw new ConfigError(`option tls.${name}: give ${takes}`)
}
