/**
 * A password, a token or a key on its way to the one place that needs it.
 *
 * It prints nothing: not as text, JSON, in `util.inspect`, nor spread into another object. So an
 * error, a log line or a dump that holds one by mistake tells nobody. `reveal()` is the only way to
 * the value, and easy to search for.
 *
 * Neighbours: none; network/tls and network/sasl keep their credentials in it.
 */

const HIDDEN = '[secret]'
/** Shorter ones are in too many innocent words, and anybody guesses them. */
const LEAST_HIDDEN_CHARS = 4

/** Holds one value and shows it to nobody who does not ask by name. */
export class Secret<Value> {
  readonly #value: Value

  constructor(value: Value) {
    this.#value = value
  }

  /** The value itself. Keep it out of messages, causes and closures that live long. */
  reveal(): Value {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN
  }
}

/**
 * The words of somebody who was shown these secrets, with *** where a secret stands: a broker, or a
 * proxy before it, may repeat what it was sent. As it is, and as JSON and addresses write it. Before
 * anything is cut off: what is left of a secret would not be found.
 */
export function withoutSecrets(words: string, secrets: readonly Secret<string>[]): string {
  let text = words
  for (const shape of secrets.flatMap((secret) => shapesOf(secret.reveal()))) {
    if (shape.length >= LEAST_HIDDEN_CHARS) text = text.replaceAll(shape, '***')
  }
  return text
}

/** The longest first: it may hold the others. */
function shapesOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  const shapes = [
    json.replaceAll('/', '\\/'),
    json,
    encodeURIComponent(secret.toWellFormed()),
    secret,
  ]
  return shapes.sort((a, b) => b.length - a.length)
}
