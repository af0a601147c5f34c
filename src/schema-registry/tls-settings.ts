/**
 * TLS to a registry, checked once as the producer's is: what is wrong with keys and certificates is an
 * error of the constructor, not of the first record. Files are read then, and not again.
 *
 * Neighbours: resolve-registry-options.ts asks; http-channel.ts uses them; tls/ checks.
 */
import type { SecureContext } from 'node:tls'
import { loadContext } from '../tls/key-material.js'
import { checkTlsShape } from '../tls/tls-options.js'
import type { RegistryTlsOptions } from './registry-options.js'

/** By Node's names. */
export interface TlsSettings {
  /** Left out: Node's own authorities, and no certificate of ours. */
  readonly secureContext?: SecureContext
  readonly servername?: string
  /** Always said: else NODE_TLS_REJECT_UNAUTHORIZED would decide for the whole process. */
  readonly rejectUnauthorized: boolean
}

/** @throws ConfigError; no message shows a value, for it may be a secret in the wrong place */
export function tlsSettings(options: RegistryTlsOptions | undefined): TlsSettings {
  if (options === undefined) return { rejectUnauthorized: true }
  checkTlsShape(options, 'option tls of the registry', ['checkServerIdentity'])
  const { servername, rejectUnauthorized = true } = options
  const { context: secureContext } = loadContext(options)
  return { secureContext, rejectUnauthorized, ...(servername !== undefined && { servername }) }
}
