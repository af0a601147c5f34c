/**
 * The package's version, as brokers see it (KIP-511).
 *
 * Neighbours: none. A test holds it equal to package.json's.
 */
export const VERSION = '0.1.0'
