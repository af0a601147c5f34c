/**
 * What a user's function threw, in words. It may have thrown anything: an Error whose message is no
 * text, a getter that throws, a proxy that was revoked. Nothing here throws, so that what the caller
 * makes of it is always an error of Ottla's.
 *
 * Neighbours: every file that calls a user's function and tells what it threw.
 */

const NO_MESSAGE = 'an error without a message'

/** An Error's message; of anything else, what `describe` says of it. */
export function thrownWords(thrown: unknown, describe: (thrown: unknown) => string): string {
  try {
    if (!(thrown instanceof Error)) return describe(thrown)
    const message: unknown = thrown.message
    return typeof message === 'string' && message !== '' ? message : NO_MESSAGE
  } catch {
    return NO_MESSAGE
  }
}

/** `instanceof`; false also for what cannot be asked. */
export function isThrown<Thrown>(
  thrown: unknown,
  kind: abstract new (...args: never) => Thrown,
): thrown is Thrown {
  try {
    return thrown instanceof kind
  } catch {
    return false
  }
}

/**
 * It as the cause of an error of ours: as it is, unless what walks along causes (our own code, a logger)
 * would break on it.
 */
export function fitCause(thrown: unknown): unknown {
  if (Object(thrown) !== thrown) return thrown
  try {
    const { name, message, cause } = thrown as Error
    void [name, message, cause, thrown instanceof Error]
    return thrown
  } catch {
    return new Error(NO_MESSAGE)
  }
}

/** Without its words, which may hold a secret: `TypeError`; `null was thrown`. */
export function thrownKind(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return `${thrown === null ? 'null' : kindOf(thrown)} was thrown`
    const name: unknown = thrown.name
    return typeof name === 'string' && name !== '' ? name : 'an Error'
  } catch {
    return 'an error without a name'
  }
}

function kindOf(thrown: unknown): string {
  return thrown === undefined
    ? 'undefined'
    : `${/^o/.test(typeof thrown) ? 'an' : 'a'} ${typeof thrown}`
}
