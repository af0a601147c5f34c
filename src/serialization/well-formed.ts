/**
 * Text that UTF-8 can carry.
 *
 * Neighbours: names that must stay apart, in producer/; text of protobufjs and keys of maps, in protobuf/.
 */

/** False for text with an unpaired surrogate: as UTF-8 it would be the same as other such text. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed()
}
