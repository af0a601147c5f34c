/**
 * node:crypto, loaded when it is first needed: loading it takes longer than the rest of Ottla, and a
 * program that logs in to nobody needs none of it.
 *
 * Neighbours: scram.ts, salted-password.ts and jwt-assertion.ts.
 */

/** The module; Node keeps it. Not a plain `require`, which no ES module has. */
export function nodeCrypto() {
  return process.getBuiltinModule('node:crypto')
}
