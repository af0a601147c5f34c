/**
 * For functions of the user's that answer at once, and turn out to be async: a promise that rejects,
 * and that nobody listens to, ends the process.
 *
 * Neighbours: none; every room may import it.
 */

/**
 * True for a promise, and for what is like one (a thenable, a promise of another realm): its rejection is
 * heard from here on, by `onRejected` where whoever asks does not say himself what is wrong.
 */
export function isPromised(
  answer: unknown,
  onRejected: (reason: unknown) => void = () => {},
): boolean {
  const isObject = typeof answer === 'object' && answer !== null
  if (!isObject || typeof (answer as { then?: unknown }).then !== 'function') return false
  Promise.resolve(answer).catch(onRejected)
  return true
}
