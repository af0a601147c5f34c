/**
 * node:crypto and node:tls, loaded when they are first needed: loading them takes as long as the rest
 * of Ottla, and a program without TLS and logins needs neither.
 *
 * Neighbours: tls/, network/tls/ and network/sasl/.
 */

/** The module; Node keeps it. Not a plain `require`, which no ES module has. */
export function nodeCrypto() {
  return process.getBuiltinModule('node:crypto')
}

/** The same. */
export function nodeTls() {
  return process.getBuiltinModule('node:tls')
}
