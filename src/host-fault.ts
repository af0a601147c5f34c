/**
 * What cannot be the name or the address of a machine, whoever has given it.
 *
 * Neighbours: none; addresses, metadata and TLS names are held to it.
 */

const MAX_HOST_CHARS = 255
/** Control characters, spaces and marks that turn text around: no host has them, and logs would. */
const NO_HOST = /[\p{Cc}\p{Cf}\p{Z}]/u

/** What is wrong with a host, in words without its bytes; else undefined. */
export function hostFault(host: string): string | undefined {
  if (host.length < 1 || host.length > MAX_HOST_CHARS) {
    return `a host of ${host.length} characters, and hosts have 1 to ${MAX_HOST_CHARS}`
  }
  return NO_HOST.test(host) ? 'a host with characters that none has' : undefined
}
